//! The run: its repeats, and the exchanges of each.
//!
//! ```text
//! run ─► transfer (one per repeat) ─► exchange (one per hop or retry) ─► perform
//! ```

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::time::{Duration, Instant, sleep, timeout};

use super::cookies::seconds_since_1970;
use super::exchange::{ExchangeOutcome, SessionSlot, TransferState, perform_exchange};
use super::exchange_context::ExchangeContext;
use super::request::{OutgoingRequest, RequestHop};
use super::time_limits::with_paired_clocks;
use super::tls_loader::TlsLoader;
use super::{PhaseFailure, Recorder, RemoteObserver, Spec, control};
use crate::trace::{DelayReason, EventKind, ExchangeCause};
use crate::units::Moment;

/// Time allowed for closing a connection gracefully.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);

/// Runs `spec` and emits everything that happens as events, including failures. Only the end of the
/// run is left to the caller. The future may be dropped at any time.
pub async fn run(spec: Spec, recorder: Recorder, observer: Arc<dyn RemoteObserver>) {
    let prepared = PreparedRun::start(&spec);
    run_prepared(prepared, spec, recorder, observer).await;
}

/// Inputs of a run that take time to load. Loading starts before other work of the program, so that
/// they are there when the run needs them.
pub struct PreparedRun(TlsLoader);

impl PreparedRun {
    /// Starts loading what the run will need on another thread; nothing for a URL without TLS.
    pub fn start(spec: &Spec) -> Self {
        let mut tls_loader = TlsLoader::default();
        if spec.url.scheme() == "https" {
            tls_loader.start(&spec.tls);
        }
        Self(tls_loader)
    }
}

impl From<TlsLoader> for PreparedRun {
    fn from(loaded: TlsLoader) -> Self {
        Self(loaded)
    }
}

/// Like [`run`], with the inputs prepared for this very spec.
pub async fn run_prepared(
    prepared: PreparedRun,
    spec: Spec,
    recorder: Recorder,
    observer: Arc<dyn RemoteObserver>,
) {
    let mut run = ProbeRun {
        spec,
        recorder,
        observer,
        tls_loader: prepared.0,
        reached: Vec::new(),
    };
    for round in 0..run.spec.repeat.max(1) {
        if round > 0 {
            run.wait_for_interval().await;
        }
        run.transfer(if round == 0 {
            ExchangeCause::Asked
        } else {
            ExchangeCause::Repeat
        })
        .await;
    }
    if run.spec.control {
        Box::pin(control::measure_control(
            &run.spec,
            &run.recorder,
            &run.reached,
            &mut run.tls_loader,
        ))
        .await;
    }
}

struct ProbeRun {
    spec: Spec,
    recorder: Recorder,
    observer: Arc<dyn RemoteObserver>,
    tls_loader: TlsLoader,
    /// Hosts that were reached, with their addresses.
    reached: Vec<(String, SocketAddr)>,
}

impl ProbeRun {
    /// Waits between two repeats.
    async fn wait_for_interval(&self) {
        let interval = self.spec.interval;
        if !interval.is_zero() {
            self.recorder.emit(EventKind::Delayed {
                reason: DelayReason::Interval,
                length: interval.into(),
            });
        }
        sleep(interval).await;
    }

    /// Performs one request with all its redirects. Each transfer starts afresh: no connection and
    /// no cookie is kept from the previous one.
    async fn transfer(&mut self, mut cause: ExchangeCause) {
        let mut transfer = TransferState {
            hop: RequestHop::first(&self.spec),
            redirects_followed: 0,
            cookies: self.spec.cookies.store.clone(),
            slot: SessionSlot::default(),
            deadline: self.spec.max_time.map(|limit| Instant::now() + limit),
            redirected_by: None,
        };
        loop {
            let outcome = self.exchange(cause, &mut transfer).await;
            cause = match outcome {
                Some(ExchangeOutcome::Redirected(redirect)) => {
                    transfer.hop = redirect.hop;
                    transfer.redirects_followed += 1;
                    ExchangeCause::Redirect
                }
                Some(ExchangeOutcome::Stale) => ExchangeCause::Retry,
                Some(ExchangeOutcome::Complete) | None => break,
            };
        }
    }

    /// Performs one exchange and emits its events from start to end; `None` if it failed.
    async fn exchange(
        &mut self,
        cause: ExchangeCause,
        transfer: &mut TransferState,
    ) -> Option<ExchangeOutcome> {
        let recorder = self.recorder.clone();
        let exchange = self.recorder.next_exchange();
        let now = Instant::now();
        let connect_deadline = now
            .checked_add(self.spec.connect_timeout)
            .unwrap_or(now + Duration::from_secs(86_400));
        let connect_deadline = transfer
            .deadline
            .map_or(connect_deadline, |deadline| deadline.min(connect_deadline));
        let spec = &self.spec;
        let observer = self.observer.as_ref();
        let redirected_by = transfer.redirected_by;
        let deadline = transfer.deadline;
        let context = ExchangeContext {
            spec,
            recorder: &recorder,
            observer,
            exchange,
            redirected_by,
            connect_deadline,
            deadline,
        };
        let cookies = transfer
            .cookies
            .as_mut()
            .and_then(|store| store.cookie_string(&transfer.hop.url, seconds_since_1970()));
        let request = OutgoingRequest::build(context.spec, &transfer.hop, cookies);
        let method = transfer.hop.method.clone();
        let url = transfer.hop.bare_url();
        recorder.emit(EventKind::ExchangeStarted {
            exchange,
            cause,
            method,
            url: url.as_str().into(),
        });
        if cause == ExchangeCause::Asked {
            self.spec
                .cookies
                .notes
                .iter()
                .for_each(|note| recorder.note(exchange, note.as_str()));
        }
        let is_invalid = request.is_err();
        let result = match request {
            Ok(request) => {
                with_paired_clocks(
                    &recorder,
                    Box::pin(perform_exchange(
                        &context,
                        request,
                        transfer,
                        &mut self.tls_loader,
                    )),
                )
                .await
            }
            Err(failed) => Err(failed),
        };
        // What follows is bookkeeping of this program: a complete exchange ended with its last
        // byte.
        let ended = if is_invalid
            || result
                .as_ref()
                .map_or_else(PhaseFailure::is_after_response, |_| true)
        {
            recorder.last_boundary(exchange)
        } else {
            recorder.now()
        };
        emit_outcome(&context, &transfer.hop, &result, ended);
        if let Some(info) = &mut transfer.slot.connection {
            info.emit_layers();
            info.verify_deferred_certificates(&self.spec, &mut self.tls_loader)
                .await;
            info.tcp_info_event()
                .into_iter()
                .for_each(|measured| recorder.emit(measured));
            if let (Some(host), Some(address)) = (transfer.hop.url.host_str(), info.remote.ip())
                && !self.reached.iter().any(|(known, _)| known == host)
            {
                self.reached.push((host.to_owned(), address));
            }
        }
        recorder.emit_at(ended, EventKind::ExchangeEnded { exchange });
        recorder.pair_clocks();
        let outcome = result.ok();
        if let (Some(ExchangeOutcome::Redirected(_)), Some(info)) =
            (&outcome, &transfer.slot.connection)
        {
            transfer.redirected_by = Some(info.redirect_sender(&self.spec, &transfer.hop.url));
        }
        keep_or_close(&recorder, &mut transfer.slot, outcome.as_ref()).await;
        outcome
    }
}

/// Emits how an exchange ended.
fn emit_outcome(
    context: &ExchangeContext<'_>,
    hop: &RequestHop,
    result: &Result<ExchangeOutcome, PhaseFailure>,
    ended: Moment,
) {
    let recorder = context.recorder;
    let exchange = context.exchange;
    match result {
        Ok(ExchangeOutcome::Complete) => {}
        Ok(ExchangeOutcome::Redirected(redirect)) => {
            if redirect.is_tls_downgrade_from(&hop.url) {
                recorder.note(
                    exchange,
                    "the redirect leads from https to http: what follows is not encrypted",
                );
            }
            if let Some(others) = redirect.other_locations() {
                recorder.note(exchange, others);
            }
            recorder.emit(redirect.event(exchange));
        }
        Ok(ExchangeOutcome::Stale) => recorder.note(
            exchange,
            "the server had closed the reused connection; the request is sent again on a new one",
        ),
        Err(PhaseFailure { phase, failure }) => {
            recorder.emit_at(
                ended,
                EventKind::Failed {
                    exchange,
                    phase: *phase,
                    failure: failure.clone(),
                },
            );
        }
    }
}

/// Keeps a connection that the next hop can use and closes any other.
async fn keep_or_close(
    recorder: &Recorder,
    slot: &mut SessionSlot,
    outcome: Option<&ExchangeOutcome>,
) {
    if let (Some(ExchangeOutcome::Redirected(redirect)), Some(session)) =
        (outcome, &mut slot.session)
        && session.serves(&redirect.hop)
        && session.is_reusable().await
    {
        return;
    }
    let SessionSlot {
        connection: info,
        session,
        ..
    } = std::mem::take(slot);
    if let Some(session) = session
        && outcome.is_some()
    {
        // A peer that does not close in time is dropped.
        let _ = timeout(CLOSE_TIMEOUT, session.close()).await;
    }
    if let Some(info) = info {
        let connection = info.id;
        info.finish_layers();
        drop(info);
        recorder.emit(EventKind::Disconnected { connection });
    }
}
