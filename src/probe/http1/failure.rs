//! What went wrong on an HTTP/1 connection, in a sentence.

use std::error::Error;
use std::io;

use super::inbound::{malformed, too_large};
use super::watch::{Passing, Watch};
use crate::probe::Failed;
use crate::probe::request::invalid;
use crate::probe::tls::{alert_in, record_flood_in};
use crate::trace::{Code, Phase};
use crate::units::{Bytes, Untrusted};

/// Why no response came.
pub(super) fn no_response(watch: &Watch, error: &hyper::Error) -> Failed {
    watch
        .with(|passing| explain(passing, error))
        .unwrap_or_else(|| {
            Failed::new(
                Phase::Send,
                Code::SendClosed,
                format!("the connection could not be used: {error}"),
                "try again on a new connection",
            )
        })
}

fn explain(passing: &Passing, error: &hyper::Error) -> Failed {
    if let Some(trouble) = own_body(error) {
        return invalid(trouble, "keep the file as it is while it is being sent");
    }
    let phase = passing.stage.phase();
    if let Some(failed) = record_flood_in(error, phase).or_else(|| alert_in(error, phase)) {
        return failed;
    }
    if let Some(trouble) = tls_cause(error) {
        let hint = "something between may have altered the bytes; try another network, and look \
            into the server's log";
        return Failed::new(
            phase,
            Code::TlsProtocol,
            format!("TLS broke before an answer was there ({trouble})"),
            hint,
        );
    }
    if error.is_parse_too_large() {
        return too_large();
    }
    if error.is_parse() {
        return malformed("it cannot be parsed", passing.inbound.partial());
    }
    if let Some(refused) = refused_here(error) {
        return no_fault_of_server(passing, refused);
    }
    if passing.stage.phase() == Phase::Send {
        return send_closed(passing, error);
    }
    wait_closed(passing, error)
}

/// A fault of the file that is being sent.
fn own_body(error: &hyper::Error) -> Option<String> {
    error.is_user().then(|| {
        error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string)
    })
}

/// A call that this machine's system refused, for want of memory or by a rule of its own, while the
/// connection was in order.
fn refused_here(error: &hyper::Error) -> Option<&io::Error> {
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

fn no_fault_of_server(passing: &Passing, refused: &io::Error) -> Failed {
    let (phase, code, what) = match passing.stage.phase() {
        Phase::Send => (Phase::Send, Code::SendClosed, "send more of the request"),
        phase => (phase, Code::WaitClosed, "receive the response"),
    };
    Failed::new(
        phase,
        code,
        format!("this machine's system did not let it {what}: {refused}"),
        HINT_OF_SYSTEM,
    )
}

const HINT_OF_SYSTEM: &str =
    "look for what has run out on this machine, such as memory, and at its firewall and sandbox";

fn send_closed(passing: &Passing, error: &hyper::Error) -> Failed {
    let written = Bytes(passing.outbound.all_written());
    let message = format!(
        "the server {} while the request was being sent; {written} of it were written",
        how(error)
    );
    let hint = "the server may not want a request this large or of this kind; its log will say, \
        and a smaller one may pass";
    Failed::new(Phase::Send, Code::SendClosed, message, hint)
}

fn wait_closed(passing: &Passing, error: &hyper::Error) -> Failed {
    let partial = passing.inbound.partial();
    let message = if partial.is_empty() {
        format!("the server {} without an answer", how(error))
    } else {
        let begin: Vec<u8> = partial.iter().copied().take(120).collect();
        let count = Bytes(partial.len() as u64);
        format!(
            "the server {} within the response's head; {count} of it had come: \"{}\"",
            how(error),
            Untrusted::from_bytes(&begin).raw()
        )
    };
    let hint = "the server, or something before it, ended the connection; look into its log for a \
        crash or a limit";
    Failed::new(Phase::Wait, Code::WaitClosed, message, hint)
}

/// How the connection ended.
fn how(error: &hyper::Error) -> String {
    match io_cause(error).map(io::Error::kind) {
        None | Some(io::ErrorKind::UnexpectedEof) => "closed the connection".to_owned(),
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted,
        ) => "reset the connection".to_owned(),
        Some(_) => format!("ended the connection ({})", cause(error)),
    }
}

/// Why the body broke off after `received` bytes of `expected`.
pub(super) fn body(error: &hyper::Error, received: u64, expected: Option<u64>) -> Failed {
    if let Some(failed) = record_flood_in(error, Phase::Receive) {
        return failed;
    }
    let got = Bytes(received);
    let of = expected.map_or_else(String::new, |expected| format!(" of {}", Bytes(expected)));
    match io_cause(error).map(io::Error::kind) {
        None | Some(io::ErrorKind::UnexpectedEof) => {
            let end = if expected.is_some() {
                "its stated length"
            } else {
                "the end that its framing announces"
            };
            let message =
                format!("the connection was closed before the body had {end}: {got}{of} had come");
            let hint = "the server, or something before it, stopped in the middle; compare its \
                stated length with what it sends";
            Failed::new(Phase::Receive, Code::BodyShort, message, hint)
        }
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::TimedOut,
        ) => {
            let message = format!("the connection was reset within the body: {got}{of} had come");
            Failed::new(
                Phase::Receive,
                Code::BodyReset,
                message,
                "look into the server's log, and for a device between that drops connections",
            )
        }
        Some(_) if tls_cause(error).is_some() => {
            let trouble = tls_cause(error).unwrap_or_default();
            let message = format!("TLS broke within the body ({trouble}): {got}{of} had come");
            Failed::new(
                Phase::Receive,
                Code::TlsProtocol,
                message,
                "something between may have altered the bytes; try another network",
            )
        }
        Some(_) if refused_here(error).is_some() => {
            let message = format!(
                "this machine's system did not let it receive the rest ({}): {got}{of} had come",
                cause(error)
            );
            Failed::new(Phase::Receive, Code::BodyReset, message, HINT_OF_SYSTEM)
        }
        Some(_) => {
            let message = format!(
                "the body's chunked framing is broken ({}): {got} had come",
                cause(error)
            );
            let hint = "the server's chunk sizes do not fit its chunks (RFC 9112, section 7.1)";
            Failed::new(Phase::Receive, Code::BodyMalformed, message, hint)
        }
    }
}

fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    sources(error).find_map(|source| source.downcast_ref::<io::Error>())
}

fn tls_cause(error: &hyper::Error) -> Option<String> {
    io_cause(error)?
        .get_ref()?
        .downcast_ref::<rustls::Error>()
        .map(ToString::to_string)
}

/// The innermost sentence.
fn cause(error: &hyper::Error) -> String {
    sources(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

fn sources(error: &hyper::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&error| error.source())
}
