//! One exchange: from obtaining a connection to the last byte of the response.

use tokio::time::Instant;
use url::Url;

use super::PhaseFailure;
use super::body::BodyReceiver;
use super::cookies::{CookieStore, seconds_since_1970};
use super::exchange_context::ExchangeContext;
use super::redirect::{Redirect, RedirectSender};
use super::request::{OutgoingRequest, RequestHop};
use super::response_head::{BodyFrame, FinalResponseHead};
use super::session::{ConnectionInfo, HttpSession};
use super::time_limits::{TimeSlice, within_deadline};
use super::tls_loader::TlsLoader;
use crate::trace::{EventKind, FailureCode, Phase};
use crate::units::{Bytes, Nanos, Untrusted};

/// Slot for the session that requests of a transfer go over. The connection's data outlive a
/// session that could not be opened.
#[derive(Default)]
pub(super) struct SessionSlot {
    pub(super) connection: Option<ConnectionInfo>,
    pub(super) session: Option<HttpSession>,
    pub(super) is_reused: bool,
}

/// Result of an exchange that did not fail.
pub(super) enum ExchangeOutcome {
    /// The response is complete.
    Complete,
    /// The response is complete and redirects to another URL.
    Redirected(Box<Redirect>),
    /// The reused connection turned out to be closed before any of the response came: the request
    /// has to be repeated.
    Stale,
}

/// State of a transfer (one request with all its redirects) that is carried from exchange to
/// exchange.
pub(super) struct TransferState {
    pub(super) hop: RequestHop,
    pub(super) redirects_followed: u32,
    pub(super) cookies: Option<CookieStore>,
    pub(super) slot: SessionSlot,
    pub(super) deadline: Option<Instant>,
    /// Sender of the redirect that led to the current hop, if one did.
    pub(super) redirected_by: Option<RedirectSender>,
}

/// Performs the exchange for the transfer's current hop.
pub(super) async fn perform_exchange(
    step: &ExchangeContext<'_>,
    request: OutgoingRequest,
    transfer: &mut TransferState,
    trust: &mut TlsLoader,
) -> Result<ExchangeOutcome, PhaseFailure> {
    let TransferState {
        hop,
        redirects_followed: followed,
        cookies,
        slot: carrier,
        ..
    } = transfer;
    carrier.obtain_session(step, hop, trust).await?;
    let SessionSlot {
        connection: Some(wire),
        session: Some(link),
        is_reused: reused,
    } = carrier
    else {
        return Err(no_session_failure());
    };
    // Only an idempotent request may be repeated: the server may have processed it before it closed
    // the connection (RFC 9110 §9.2.2).
    let may_repeat = *reused && request.method.is_idempotent() && request.body.is_none();
    let answer = match within_deadline(step.deadline, link.send(step, wire, request)).await {
        None => return Err(response_timeout_failure(step, link)),
        Some(Err(failed))
            if may_repeat
                && link.has_no_response()
                && is_connection_closed(failed.failure.code) =>
        {
            link.finish();
            return Ok(ExchangeOutcome::Stale);
        }
        Some(answer) => answer?,
    };
    store_cookies(step, cookies, &answer, &hop.url);
    let redirect = Redirect::from_response(step.spec, hop, &answer, *followed);
    receive_body(step, link, &answer, matches!(redirect, Ok(None))).await?;
    let redirect = redirect?;
    match redirect {
        Some(redirect) => Ok(ExchangeOutcome::Redirected(Box::new(redirect))),
        None => check_status(step, &answer).map(|()| ExchangeOutcome::Complete),
    }
}

impl SessionSlot {
    /// Provides a session for the hop: the present one if it fits, else a new one.
    async fn obtain_session(
        &mut self,
        step: &ExchangeContext<'_>,
        hop: &RequestHop,
        trust: &mut TlsLoader,
    ) -> Result<(), PhaseFailure> {
        if let (Some(wire), Some(link)) = (&self.connection, &self.session)
            && link.serves(hop)
        {
            self.is_reused = true;
            let exchange = step.exchange;
            let connection = wire.id;
            let local = wire.local.clone();
            let remote = wire.remote.clone();
            step.recorder.emit(EventKind::Connected {
                exchange,
                connection,
                local,
                remote,
                reused: true,
            });
            return Ok(());
        }
        self.is_reused = false;
        self.session = Some(HttpSession::open(step, hop, trust, &mut self.connection).await?);
        Ok(())
    }
}

const fn is_connection_closed(code: FailureCode) -> bool {
    matches!(code, FailureCode::SendClosed | FailureCode::WaitClosed)
}

/// Stores the cookies of a response, whatever its status (RFC 6265bis §5.3), and notes which were
/// rejected and why.
fn store_cookies(
    step: &ExchangeContext<'_>,
    cookies: &mut Option<CookieStore>,
    answer: &FinalResponseHead,
    url: &Url,
) {
    const MAX_NOTED: usize = 5;
    let Some(jar) = cookies else { return };
    let now = seconds_since_1970();
    let mut refused = 0;
    for text in &answer.set_cookies {
        if let Some(kept) = &step.spec.cookies.persistent {
            kept.set(text, url, now);
        }
        if let Err(refusal) = jar.set(text, url, now) {
            refused += 1;
            if refused <= MAX_NOTED {
                step.recorder.note(step.exchange, refusal.describe(text));
            }
        }
    }
    if refused > MAX_NOTED {
        step.recorder.note(
            step.exchange,
            format!("{} more cookies were rejected", refused - MAX_NOTED),
        );
    }
}

/// Reads the body to its end. It is written to the user's output only if this is the final
/// response.
async fn receive_body(
    step: &ExchangeContext<'_>,
    link: &mut HttpSession,
    answer: &FinalResponseHead,
    is_final: bool,
) -> Result<(), PhaseFailure> {
    let refused = step.spec.fail_on_status && answer.status >= 400;
    let output = step.spec.output.as_ref().filter(|_| is_final && !refused);
    let mut receiver = BodyReceiver::new(step, answer, output)?;
    let read = within_deadline(step.deadline, read_to_end(step, link, &mut receiver)).await;
    let result = read.unwrap_or_else(|| Err(body_timeout_failure(step, &receiver)));
    if result.is_ok() {
        link.finish();
    }
    receiver.stop_and_report();
    result
}

async fn read_to_end(
    step: &ExchangeContext<'_>,
    link: &mut HttpSession,
    receiver: &mut BodyReceiver<'_>,
) -> Result<(), PhaseFailure> {
    let mut turn = TimeSlice::start();
    loop {
        let piece = tokio::select! {
            biased;
            piece = link.next_frame() => piece?,
            // Decoding or writing has failed, and the server may never send anything more.
            failed = receiver.wait_for_failure() => return Err(failed),
        };
        match piece {
            Some(BodyFrame::Data(data)) => receiver.receive(&data).await?,
            Some(BodyFrame::Trailers(headers)) => step.recorder.emit(EventKind::Trailers {
                exchange: step.exchange,
                headers,
            }),
            None => break,
        }
        turn.yield_if_over().await;
    }
    receiver.finish().await
}

fn check_status(
    step: &ExchangeContext<'_>,
    answer: &FinalResponseHead,
) -> Result<(), PhaseFailure> {
    if !step.spec.fail_on_status || answer.status < 400 {
        return Ok(());
    }
    let whose = if answer.status < 500 {
        "the request"
    } else {
        "the server"
    };
    let message = format!(
        "the server answered with status {}, which counts as a failure (--fail)",
        answer.status
    );
    Err(PhaseFailure::new(
        Phase::Receive,
        FailureCode::HttpStatus,
        message,
        format!("a status of this class says that the fault is with {whose}"),
    ))
}

fn limit_suffix(step: &ExchangeContext<'_>) -> String {
    step.spec.max_time.map_or_else(String::new, |limit| {
        format!("; the limit was --max-time ({})", Nanos::from(limit))
    })
}

fn response_timeout_failure(step: &ExchangeContext<'_>, link: &HttpSession) -> PhaseFailure {
    let (written, partial) = link.progress();
    if link.phase() == Phase::Send {
        let message = format!(
            "the request could not be sent in time: {} of it had been sent{}",
            Bytes(written),
            limit_suffix(step)
        );
        return PhaseFailure::new(
            Phase::Send,
            FailureCode::SendTimeout,
            message,
            "the server or the network accepts data too slowly; allow more time with -m",
        );
    }
    let so_far = if partial.is_empty() {
        "nothing had arrived".to_owned()
    } else {
        let begin: Vec<u8> = partial.iter().copied().take(120).collect();
        format!(
            "{} of its head had arrived: \"{}\"",
            Bytes(partial.len() as u64),
            Untrusted::from_bytes(&begin).raw()
        )
    };
    let message = format!(
        "the response did not arrive in time: {so_far}{}",
        limit_suffix(step)
    );
    PhaseFailure::new(
        link.phase(),
        FailureCode::WaitTimeout,
        message,
        "the request was sent; check what the server does with it, or allow more time with -m",
    )
}

fn body_timeout_failure(step: &ExchangeContext<'_>, receiver: &BodyReceiver<'_>) -> PhaseFailure {
    let message = format!(
        "the body did not end in time: {} had arrived{}",
        receiver.describe_progress(),
        limit_suffix(step)
    );
    PhaseFailure::new(
        Phase::Receive,
        FailureCode::BodyTimeout,
        message,
        "an endless stream always ends like this; otherwise the connection is slow: allow more \
            time with -m",
    )
}

fn no_session_failure() -> PhaseFailure {
    PhaseFailure::new(
        Phase::Send,
        FailureCode::Internal,
        "there is no connection for the request",
        "please report this as a bug",
    )
}
