//! One exchange: from obtaining a connection to the last byte of the response.

use tokio::time::Instant;
use url::Url;

use super::PhaseFailure;
use super::body::BodyReceiver;
use super::connection_info::ConnectionInfo;
use super::cookies::{CookieStore, seconds_since_1970};
use super::exchange_context::ExchangeContext;
use super::redirect::{Redirect, RedirectSender};
use super::request::{OutgoingRequest, RequestHop};
use super::response_head::{BodyFrame, FinalResponseHead};
use super::session::HttpSession;
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
    context: &ExchangeContext<'_>,
    request: OutgoingRequest,
    transfer: &mut TransferState,
    tls_loader: &mut TlsLoader,
) -> Result<ExchangeOutcome, PhaseFailure> {
    let TransferState {
        hop,
        redirects_followed,
        cookies,
        slot,
        ..
    } = transfer;
    slot.obtain_session(context, hop, tls_loader).await?;
    let SessionSlot {
        connection: Some(info),
        session: Some(session),
        is_reused,
    } = slot
    else {
        return Err(no_session_failure());
    };
    // Only an idempotent request may be repeated: the server may have processed it before it closed
    // the connection (RFC 9110 §9.2.2).
    let may_repeat = *is_reused && request.method.is_idempotent() && request.body.is_none();
    let response =
        match within_deadline(context.deadline, session.send(context, info, request)).await {
            None => return Err(response_timeout_failure(context, session)),
            Some(Err(failed))
                if may_repeat && session.has_no_response() && failed.is_connection_closed() =>
            {
                session.finish();
                return Ok(ExchangeOutcome::Stale);
            }
            Some(response) => response?,
        };
    store_cookies(context, cookies, &response, &hop.url);
    let redirect = Redirect::from_response(context.spec, hop, &response, *redirects_followed);
    receive_body(context, session, &response, matches!(redirect, Ok(None))).await?;
    let redirect = redirect?;
    match redirect {
        Some(redirect) => Ok(ExchangeOutcome::Redirected(Box::new(redirect))),
        None => check_status(context, &response).map(|()| ExchangeOutcome::Complete),
    }
}

impl SessionSlot {
    /// Provides a session for the hop: the present one if it fits, else a new one.
    async fn obtain_session(
        &mut self,
        context: &ExchangeContext<'_>,
        hop: &RequestHop,
        tls_loader: &mut TlsLoader,
    ) -> Result<(), PhaseFailure> {
        if let (Some(info), Some(session)) = (&self.connection, &self.session)
            && session.serves(hop)
        {
            self.is_reused = true;
            let exchange = context.exchange;
            let connection = info.id;
            let local = info.local.clone();
            let remote = info.remote.clone();
            context.recorder.emit(EventKind::Connected {
                exchange,
                connection,
                local,
                remote,
                reused: true,
            });
            return Ok(());
        }
        self.is_reused = false;
        self.session =
            Some(HttpSession::open(context, hop, tls_loader, &mut self.connection).await?);
        Ok(())
    }
}

/// Stores the cookies of a response, whatever its status (RFC 6265bis §5.3), and notes which were
/// rejected and why.
fn store_cookies(
    context: &ExchangeContext<'_>,
    cookies: &mut Option<CookieStore>,
    response: &FinalResponseHead,
    url: &Url,
) {
    const MAX_NOTED: usize = 5;
    let Some(store) = cookies else { return };
    let now = seconds_since_1970();
    let mut refused = 0;
    for text in &response.set_cookies {
        if let Some(persistent) = &context.spec.cookies.persistent {
            persistent.set(text, url, now);
        }
        if let Err(rejection) = store.set(text, url, now) {
            refused += 1;
            if refused <= MAX_NOTED {
                context
                    .recorder
                    .note(context.exchange, rejection.describe(text));
            }
        }
    }
    if refused > MAX_NOTED {
        context.recorder.note(
            context.exchange,
            format!("{} more cookies were rejected", refused - MAX_NOTED),
        );
    }
}

/// Reads the body to its end. It is written to the user's output only if this is the final
/// response.
async fn receive_body(
    context: &ExchangeContext<'_>,
    session: &mut HttpSession,
    response: &FinalResponseHead,
    is_final: bool,
) -> Result<(), PhaseFailure> {
    let refused = context.spec.fail_on_status && response.status >= 400;
    let output = context
        .spec
        .output
        .as_ref()
        .filter(|_| is_final && !refused);
    let mut receiver = BodyReceiver::new(context, response, output)?;
    let read = within_deadline(
        context.deadline,
        read_to_end(context, session, &mut receiver),
    )
    .await;
    let result = read.unwrap_or_else(|| Err(body_timeout_failure(context, &receiver)));
    if result.is_ok() {
        session.finish();
    }
    receiver.stop_and_report();
    result
}

async fn read_to_end(
    context: &ExchangeContext<'_>,
    session: &mut HttpSession,
    receiver: &mut BodyReceiver<'_>,
) -> Result<(), PhaseFailure> {
    let mut time_slice = TimeSlice::start();
    loop {
        let frame = tokio::select! {
            biased;
            frame = session.next_frame() => frame?,
            // Decoding or writing has failed, and the server may never send anything more.
            failed = receiver.wait_for_failure() => return Err(failed),
        };
        match frame {
            Some(BodyFrame::Data(data)) => receiver.receive(&data).await?,
            Some(BodyFrame::Trailers(headers)) => context.recorder.emit(EventKind::Trailers {
                exchange: context.exchange,
                headers,
            }),
            None => break,
        }
        time_slice.yield_if_over().await;
    }
    receiver.finish().await
}

fn check_status(
    context: &ExchangeContext<'_>,
    response: &FinalResponseHead,
) -> Result<(), PhaseFailure> {
    if !context.spec.fail_on_status || response.status < 400 {
        return Ok(());
    }
    let hint = if response.status < 500 {
        "a 4xx status means that the server found a fault in the request"
    } else {
        "a 5xx status means that the server failed to process the request"
    };
    let message = format!(
        "the server answered with status {}, which counts as a failure (--fail)",
        response.status
    );
    Err(PhaseFailure::new(
        Phase::Receive,
        FailureCode::HttpStatus,
        message,
        hint,
    ))
}

fn limit_suffix(context: &ExchangeContext<'_>) -> String {
    context.spec.max_time.map_or_else(String::new, |limit| {
        format!("; the limit was --max-time ({})", Nanos::from(limit))
    })
}

fn response_timeout_failure(context: &ExchangeContext<'_>, session: &HttpSession) -> PhaseFailure {
    let (written, partial) = session.progress();
    if session.phase() == Phase::Send {
        let message = format!(
            "the request could not be sent in time: {} of it had been sent{}",
            Bytes(written),
            limit_suffix(context)
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
        limit_suffix(context)
    );
    PhaseFailure::new(
        session.phase(),
        FailureCode::WaitTimeout,
        message,
        "the request was sent; check what the server does with it, or allow more time with -m",
    )
}

fn body_timeout_failure(
    context: &ExchangeContext<'_>,
    receiver: &BodyReceiver<'_>,
) -> PhaseFailure {
    let message = format!(
        "the body did not end in time: {} had arrived{}",
        receiver.describe_progress(),
        limit_suffix(context)
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
