//! Failures of an HTTP/1 exchange, with their messages.

use std::error::Error;
use std::io;

use super::inbound::{head_too_large_failure, malformed_head_failure};
use super::watch::{Http1ExchangeState, Http1Monitor};
use crate::probe::PhaseFailure;
use crate::probe::request::invalid_request;
use crate::probe::tls::{alert_failure_in, record_flood_failure_in};
use crate::trace::{FailureCode, Phase};
use crate::units::{Bytes, Untrusted};

/// Returns the failure of an exchange without a response.
pub(super) fn no_response_failure(monitor: &Http1Monitor, error: &hyper::Error) -> PhaseFailure {
    monitor
        .with(|exchange| explain_error(exchange, error))
        .unwrap_or_else(|| {
            PhaseFailure::new(
                Phase::Send,
                FailureCode::SendClosed,
                format!("the connection could not be used: {error}"),
                "try again",
            )
        })
}

fn explain_error(exchange: &Http1ExchangeState, error: &hyper::Error) -> PhaseFailure {
    if let Some(trouble) = request_body_error(error) {
        return invalid_request(trouble, "do not change the file while it is being sent");
    }
    let phase = exchange.phases.phase();
    if let Some(failed) =
        record_flood_failure_in(error, phase).or_else(|| alert_failure_in(error, phase))
    {
        return failed;
    }
    if let Some(trouble) = tls_cause(error) {
        let hint = "a device in between may have altered the data; try another network, and check \
            the server's log";
        return PhaseFailure::new(
            phase,
            FailureCode::TlsProtocol,
            format!("TLS failed before there was a response ({trouble})"),
            hint,
        );
    }
    if error.is_parse_too_large() {
        return head_too_large_failure();
    }
    if error.is_parse() {
        return malformed_head_failure("it cannot be parsed", exchange.inbound.partial());
    }
    if let Some(refused) = local_system_error(error) {
        return local_system_failure(exchange, refused);
    }
    if exchange.phases.phase() == Phase::Send {
        return send_closed_failure(exchange, error);
    }
    wait_closed_failure(exchange, error)
}

/// Returns the error of reading the request's body, such as a file that shrank.
fn request_body_error(error: &hyper::Error) -> Option<String> {
    error.is_user().then(|| {
        error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string)
    })
}

/// Returns an error of a system call that this machine refused (for want of memory, or by a
/// firewall or sandbox rule) although the connection was in order.
fn local_system_error(error: &hyper::Error) -> Option<&io::Error> {
    use io::ErrorKind as Kind;

    let by_network = [
        Kind::BrokenPipe,
        Kind::ConnectionAborted,
        Kind::ConnectionReset,
        Kind::HostUnreachable,
        Kind::NetworkDown,
        Kind::NetworkUnreachable,
        Kind::NotConnected,
        Kind::TimedOut,
    ];
    io_cause(error)
        .filter(|error| error.raw_os_error().is_some() && !by_network.contains(&error.kind()))
}

fn local_system_failure(exchange: &Http1ExchangeState, refused: &io::Error) -> PhaseFailure {
    let (phase, code, what) = match exchange.phases.phase() {
        Phase::Send => (
            Phase::Send,
            FailureCode::SendClosed,
            "send more of the request",
        ),
        phase => (phase, FailureCode::WaitClosed, "receive the response"),
    };
    PhaseFailure::new(
        phase,
        code,
        format!("the operating system refused to {what}: {refused}"),
        LOCAL_SYSTEM_HINT,
    )
}

const LOCAL_SYSTEM_HINT: &str = "check whether this machine has run out of memory or another \
    resource, and its firewall and sandbox";

fn send_closed_failure(exchange: &Http1ExchangeState, error: &hyper::Error) -> PhaseFailure {
    let written = Bytes(exchange.outbound.all_written());
    let message = format!(
        "the server {} while the request was being sent; {written} of it had been sent",
        describe_close(error)
    );
    let hint = "the server may not accept a request of this size or kind; check its log, or try a \
        smaller one";
    PhaseFailure::new(Phase::Send, FailureCode::SendClosed, message, hint)
}

fn wait_closed_failure(exchange: &Http1ExchangeState, error: &hyper::Error) -> PhaseFailure {
    let partial = exchange.inbound.partial();
    let message = if partial.is_empty() {
        format!("the server {} without a response", describe_close(error))
    } else {
        let begin: Vec<u8> = partial.iter().copied().take(120).collect();
        let count = Bytes(partial.len() as u64);
        format!(
            "the server {} in the middle of the response's head; {count} of it had arrived: \"{}\"",
            describe_close(error),
            Untrusted::from_bytes(&begin).raw()
        )
    };
    let hint = "the server or a proxy in front of it ended the connection; check its log for a \
        crash or a limit";
    PhaseFailure::new(Phase::Wait, FailureCode::WaitClosed, message, hint)
}

/// Describes how the connection ended.
fn describe_close(error: &hyper::Error) -> String {
    match io_cause(error).map(io::Error::kind) {
        None | Some(io::ErrorKind::UnexpectedEof) => "closed the connection".to_owned(),
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted,
        ) => "reset the connection".to_owned(),
        Some(_) => format!("ended the connection ({})", innermost_cause(error)),
    }
}

/// Returns the failure of a body that broke off after `received` bytes of `expected`.
pub(super) fn body_failure(
    error: &hyper::Error,
    received: u64,
    expected: Option<u64>,
) -> PhaseFailure {
    if let Some(failed) = record_flood_failure_in(error, Phase::Receive) {
        return failed;
    }
    let got = Bytes(received);
    let of_expected =
        expected.map_or_else(String::new, |expected| format!(" of {}", Bytes(expected)));
    match io_cause(error).map(io::Error::kind) {
        None | Some(io::ErrorKind::UnexpectedEof) => {
            let message = format!(
                "the connection was closed before the body was complete: {got}{of_expected} had \
                    arrived"
            );
            let hint = "the server or a proxy in front of it stopped in the middle; compare the \
                announced length with what it sends";
            PhaseFailure::new(Phase::Receive, FailureCode::BodyShort, message, hint)
        }
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::TimedOut,
        ) => {
            let message = format!(
                "the connection was reset in the middle of the body: {got}{of_expected} \
                had arrived"
            );
            PhaseFailure::new(
                Phase::Receive,
                FailureCode::BodyReset,
                message,
                "check the server's log, and whether a device in between drops connections",
            )
        }
        Some(_) if tls_cause(error).is_some() => {
            let trouble = tls_cause(error).unwrap_or_default();
            let message = format!(
                "TLS failed in the middle of the body ({trouble}): {got}{of_expected} \
                had arrived"
            );
            PhaseFailure::new(
                Phase::Receive,
                FailureCode::TlsProtocol,
                message,
                "a device in between may have altered the data; try another network",
            )
        }
        Some(_) if local_system_error(error).is_some() => {
            let message = format!(
                "the operating system refused to receive the rest ({}): {got}{of_expected} had \
                    arrived",
                innermost_cause(error)
            );
            PhaseFailure::new(
                Phase::Receive,
                FailureCode::BodyReset,
                message,
                LOCAL_SYSTEM_HINT,
            )
        }
        Some(_) => {
            let message = format!(
                "the body's chunked framing is broken ({}): {got} had arrived",
                innermost_cause(error)
            );
            let hint = "the server's chunk sizes do not match its chunks (RFC 9112, section 7.1)";
            PhaseFailure::new(Phase::Receive, FailureCode::BodyMalformed, message, hint)
        }
    }
}

fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    error_sources(error).find_map(|source| source.downcast_ref::<io::Error>())
}

fn tls_cause(error: &hyper::Error) -> Option<String> {
    io_cause(error)?
        .get_ref()?
        .downcast_ref::<rustls::Error>()
        .map(ToString::to_string)
}

/// Returns the message of the innermost cause.
fn innermost_cause(error: &hyper::Error) -> String {
    error_sources(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

fn error_sources(error: &hyper::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&error| error.source())
}
