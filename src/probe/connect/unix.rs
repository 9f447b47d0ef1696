//! Connecting to a Unix-domain socket.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;
use tokio::time::timeout_at;

use super::failure::outcome_of;
use super::{EstablishedConnection, StreamSocket, finish_connect};
use crate::probe::PhaseFailure;
use crate::probe::exchange_context::ExchangeContext;
use crate::trace::{AttemptOutcome, Endpoint, EventKind, FailureCode, Phase};
use crate::units::Untrusted;

/// Runs the connect phase over a Unix-domain socket.
pub(in crate::probe) async fn connect_unix(
    context: &ExchangeContext<'_>,
    path: &Path,
) -> Result<EstablishedConnection, PhaseFailure> {
    let path_text = Untrusted::from_bytes(path.as_os_str().as_encoded_bytes());
    let remote = Endpoint::Unix(path_text);
    let attempt = context.recorder.next_attempt();
    context
        .recorder
        .begin_phase(context.exchange, Phase::Connect, None);
    let exchange = context.exchange;
    let local = Endpoint::Unix(Untrusted::default());
    context.recorder.emit(EventKind::AttemptStarted {
        exchange,
        attempt,
        remote: remote.clone(),
        local: Some(local.clone()),
    });
    let result = timeout_at(context.connect_deadline, UnixStream::connect(path)).await;
    let outcome = match &result {
        Ok(Ok(_)) => AttemptOutcome::Connected,
        Ok(Err(error)) => outcome_of(error),
        Err(_) => AttemptOutcome::TimedOut,
    };
    let at = context.recorder.now();
    context.recorder.emit_at(
        at,
        EventKind::AttemptEnded {
            exchange,
            attempt,
            outcome,
        },
    );
    match result {
        Ok(Ok(stream)) => Ok(finish_connect(
            context,
            at,
            (StreamSocket::Unix(stream), None),
            (local, remote),
        )),
        Ok(Err(error)) => Err(unix_connect_failure(&remote, &error)),
        Err(_) => Err(unix_timeout_failure(context, &remote)),
    }
}

fn unix_connect_failure(remote: &Endpoint, error: &io::Error) -> PhaseFailure {
    let (code, why, hint) = match error.kind() {
        io::ErrorKind::NotFound => (
            FailureCode::ConnectForbidden,
            "there is no such file",
            "check the path, and that the server has started",
        ),
        io::ErrorKind::PermissionDenied => (
            FailureCode::ConnectForbidden,
            "this user has no permission to open it",
            "check the permissions of the socket and of its directories",
        ),
        io::ErrorKind::ConnectionRefused => (
            FailureCode::ConnectRefused,
            "no server is listening on it",
            "the socket file exists, but its server is not running; start it",
        ),
        io::ErrorKind::InvalidInput => (
            FailureCode::ConnectForbidden,
            "the path is too long for a socket address",
            "use a shorter path, such as a symbolic link to it",
        ),
        io::ErrorKind::WouldBlock => (
            FailureCode::ConnectRefused,
            "its queue of pending connections is full",
            "the server is not accepting connections; check whether it hangs",
        ),
        _ => (
            FailureCode::ConnectFailed,
            "the system refused to connect",
            "check that the path names a stream socket",
        ),
    };
    PhaseFailure::new(
        Phase::Connect,
        code,
        format!("cannot connect to {remote}: {why} ({error})"),
        hint,
    )
}

fn unix_timeout_failure(context: &ExchangeContext<'_>, remote: &Endpoint) -> PhaseFailure {
    let message = format!(
        "{remote} did not accept the connection within {}",
        context.connect_limit()
    );
    PhaseFailure::new(
        Phase::Connect,
        FailureCode::ConnectTimeout,
        message,
        "the server is not accepting connections; check whether it hangs",
    )
}
