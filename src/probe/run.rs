//! The run: repeats, and the exchanges of each.
//!
//! ```text
//! run ─► transfer (one per repeat) ─► exchange (one per hop or retry) ─► perform
//! ```

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::time::{Duration, Instant, sleep, timeout};

use super::cookies::seconds_since_1970;
use super::exchange::{Carrier, Outcome, Transfer, perform};
use super::limit::with_paired_clocks;
use super::request::{Hop, Request};
use super::step::Step;
use super::trust_loader::TrustLoader;
use super::{Failed, Recorder, Spec, Watcher, control};
use crate::trace::{Cause, Code, What};
use crate::units::Moment;

/// How long a connection may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(100);

/// Does what `spec` asks for and tells everything as events; a failure is an event too. All that
/// remains to be told afterwards is that the run has ended. It may be dropped at any time.
pub async fn run(spec: Spec, recorder: Recorder, watcher: Arc<dyn Watcher>) {
    let prepared = Prepared::start(&spec);
    run_prepared(prepared, spec, recorder, watcher).await;
}

/// What takes a while to load. Started before other work of the program's, it is there when the run
/// needs it.
pub struct Prepared(TrustLoader);

impl Prepared {
    /// Begins to load what the run will need, on another thread: nothing for a URL without TLS.
    pub fn start(spec: &Spec) -> Self {
        let mut trust = TrustLoader::default();
        if spec.url.scheme() == "https" {
            trust.start(&spec.tls);
        }
        Self(trust)
    }
}

impl From<TrustLoader> for Prepared {
    fn from(loaded: TrustLoader) -> Self {
        Self(loaded)
    }
}

/// The same as [`run`] with what was prepared for this very spec.
pub async fn run_prepared(
    prepared: Prepared,
    spec: Spec,
    recorder: Recorder,
    watcher: Arc<dyn Watcher>,
) {
    let mut run = Run {
        spec,
        recorder,
        watcher,
        trust: prepared.0,
        reached: Vec::new(),
    };
    for round in 0..run.spec.repeat.max(1) {
        if round > 0 {
            sleep(run.spec.interval).await;
        }
        run.transfer(if round == 0 {
            Cause::Asked
        } else {
            Cause::Repeat
        })
        .await;
    }
    if run.spec.control {
        Box::pin(control::measure(
            &run.spec,
            &run.recorder,
            &run.reached,
            &mut run.trust,
        ))
        .await;
    }
}

struct Run {
    spec: Spec,
    recorder: Recorder,
    watcher: Arc<dyn Watcher>,
    trust: TrustLoader,
    /// The hosts that were reached, and where.
    reached: Vec<(String, SocketAddr)>,
}

impl Run {
    /// One request with all its redirects. Every transfer begins afresh: no connection and no
    /// cookie is kept from the one before.
    async fn transfer(&mut self, mut cause: Cause) {
        let mut transfer = Transfer {
            hop: Hop::first(&self.spec),
            followed: 0,
            cookies: self.spec.cookies.jar.clone(),
            carrier: Carrier::default(),
            done_by: self.spec.max_time.map(|limit| Instant::now() + limit),
            redirected_by: None,
        };
        loop {
            let outcome = self.exchange(cause, &mut transfer).await;
            cause = match outcome {
                Some(Outcome::Leads(redirect)) => {
                    transfer.hop = redirect.hop;
                    transfer.followed += 1;
                    Cause::Redirect
                }
                Some(Outcome::Stale) => Cause::Retry,
                Some(Outcome::Complete) | None => break,
            };
        }
    }

    /// One exchange, told from its start to its end; `None` where it failed.
    async fn exchange(&mut self, cause: Cause, transfer: &mut Transfer) -> Option<Outcome> {
        let (recorder, exchange) = (self.recorder.clone(), self.recorder.next_exchange());
        let now = Instant::now();
        let connect_by = now
            .checked_add(self.spec.connect_timeout)
            .unwrap_or(now + Duration::from_secs(86_400));
        let connect_by = transfer
            .done_by
            .map_or(connect_by, |done_by| done_by.min(connect_by));
        let (spec, watcher) = (&self.spec, self.watcher.as_ref());
        let (redirected_by, done_by) = (transfer.redirected_by, transfer.done_by);
        let step = Step {
            spec,
            recorder: &recorder,
            watcher,
            exchange,
            redirected_by,
            connect_by,
            done_by,
        };
        let cookies = transfer
            .cookies
            .as_mut()
            .and_then(|jar| jar.cookie_string(&transfer.hop.url, seconds_since_1970()));
        let request = Request::build(step.spec, &transfer.hop, cookies);
        let (method, url) = (transfer.hop.method.clone(), transfer.hop.bare_url());
        recorder.emit(What::ExchangeStarted {
            exchange,
            cause,
            method,
            url: url.as_str().into(),
        });
        if cause == Cause::Asked {
            self.spec
                .cookies
                .notes
                .iter()
                .for_each(|note| recorder.note(exchange, note.as_str()));
        }
        let unbegun = request.is_err();
        let result = match request {
            Ok(request) => {
                with_paired_clocks(
                    &recorder,
                    Box::pin(perform(&step, request, transfer, &mut self.trust)),
                )
                .await
            }
            Err(failed) => Err(failed),
        };
        // What follows is this program's book-keeping: a complete exchange ended with its last
        // byte.
        let ended = if unbegun || is_settled(&result) {
            recorder.edge(exchange)
        } else {
            recorder.now()
        };
        tell(&step, &transfer.hop, &result, ended);
        if let Some(line) = &mut transfer.carrier.line {
            line.tell_layers();
            line.check_certificates(&self.spec, &mut self.trust).await;
            line.measured()
                .into_iter()
                .for_each(|measured| recorder.emit(measured));
            if let (Some(host), Some(address)) = (transfer.hop.url.host_str(), line.remote.ip())
                && !self.reached.iter().any(|(known, _)| known == host)
            {
                self.reached.push((host.to_owned(), address));
            }
        }
        recorder.emit_at(ended, What::ExchangeEnded { exchange });
        recorder.pair_clocks();
        let outcome = result.ok();
        if let (Some(Outcome::Leads(_)), Some(line)) = (&outcome, &transfer.carrier.line) {
            transfer.redirected_by = Some(line.sender(&self.spec, &transfer.hop.url));
        }
        dispose(&recorder, &mut transfer.carrier, outcome.as_ref()).await;
        outcome
    }
}

/// Whether no phase is left open: the whole response was read, whatever is held against it.
const fn is_settled(result: &Result<Outcome, Failed>) -> bool {
    match result {
        Ok(_) => true,
        Err(failed) => matches!(
            failed.failure.code,
            Code::HttpStatus
                | Code::TooManyRedirects
                | Code::BadRedirect
                | Code::RedirectWantsBody
                | Code::RedirectLosesTls
        ),
    }
}

/// Tells how an exchange came out.
fn tell(step: &Step<'_>, hop: &Hop, result: &Result<Outcome, Failed>, ended: Moment) {
    let (recorder, exchange) = (step.recorder, step.exchange);
    match result {
        Ok(Outcome::Complete) => {}
        Ok(Outcome::Leads(redirect)) => {
            if redirect.loses_tls(&hop.url) {
                recorder.note(
                    exchange,
                    "the redirect leads from https to http: what follows is not protected",
                );
            }
            if let Some(others) = redirect.other_locations() {
                recorder.note(exchange, others);
            }
            recorder.emit(redirect.event(exchange));
        }
        Ok(Outcome::Stale) => recorder.note(
            exchange,
            "the server had closed the kept connection; the request is sent again on a new one",
        ),
        Err(Failed { phase, failure }) => {
            recorder.emit_at(
                ended,
                What::Failed {
                    exchange,
                    phase: *phase,
                    failure: failure.clone(),
                },
            );
        }
    }
}

/// Keeps a connection that the next hop can use, and closes any other.
async fn dispose(recorder: &Recorder, carrier: &mut Carrier, outcome: Option<&Outcome>) {
    if let (Some(Outcome::Leads(redirect)), Some(link)) = (outcome, &mut carrier.link)
        && link.fits(&redirect.hop)
        && link.is_reusable().await
    {
        return;
    }
    let Carrier { line, link, .. } = std::mem::take(carrier);
    if let Some(link) = link
        && outcome.is_some()
    {
        // A peer that does not let go is let go.
        let _ = timeout(GOODBYE, link.close()).await;
    }
    if let Some(line) = line {
        let connection = line.connection;
        line.end_layers();
        drop(line);
        recorder.emit(What::Disconnected { connection });
    }
}
