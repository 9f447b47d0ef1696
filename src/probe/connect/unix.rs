//! Connecting to a Unix-domain socket.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;
use tokio::time::timeout_at;

use super::verdict::outcome_of;
use super::{Established, Socket, established};
use crate::probe::Failed;
use crate::probe::step::Step;
use crate::trace::{AttemptOutcome, Code, Endpoint, Phase, What};
use crate::units::Untrusted;

/// The connect phase over a Unix-domain socket.
pub(in crate::probe) async fn connect_unix(
    step: &Step<'_>,
    path: &Path,
) -> Result<Established, Failed> {
    let shown = Untrusted::from_bytes(path.as_os_str().as_encoded_bytes());
    let remote = Endpoint::Unix(shown);
    let attempt = step.recorder.next_attempt();
    step.recorder.begin(step.exchange, Phase::Connect, None);
    let (exchange, local) = (step.exchange, Endpoint::Unix(Untrusted::default()));
    step.recorder.emit(What::AttemptStarted {
        exchange,
        attempt,
        remote: remote.clone(),
        local: Some(local.clone()),
    });
    let result = timeout_at(step.connect_by, UnixStream::connect(path)).await;
    let outcome = match &result {
        Ok(Ok(_)) => AttemptOutcome::Connected,
        Ok(Err(error)) => outcome_of(error),
        Err(_) => AttemptOutcome::TimedOut,
    };
    let at = step.recorder.now();
    step.recorder.emit_at(
        at,
        What::AttemptEnded {
            exchange,
            attempt,
            outcome,
        },
    );
    match result {
        Ok(Ok(stream)) => Ok(established(
            step,
            at,
            (Socket::Unix(stream), None),
            (local, remote),
        )),
        Ok(Err(error)) => Err(refused(&remote, &error)),
        Err(_) => Err(timed_out(step, &remote)),
    }
}

fn refused(remote: &Endpoint, error: &io::Error) -> Failed {
    let (code, why, hint) = match error.kind() {
        io::ErrorKind::NotFound => (
            Code::ConnectForbidden,
            "there is no such file",
            "check the path, and that the server has started",
        ),
        io::ErrorKind::PermissionDenied => (
            Code::ConnectForbidden,
            "this user may not open it",
            "check the permissions of the socket and of its directories",
        ),
        io::ErrorKind::ConnectionRefused => (
            Code::ConnectRefused,
            "nobody listens on it",
            "the socket file is there, but its server is not running; start it",
        ),
        io::ErrorKind::InvalidInput => (
            Code::ConnectForbidden,
            "the path is too long for a socket's address",
            "use a shorter path, such as a symbolic link to it",
        ),
        io::ErrorKind::WouldBlock => (
            Code::ConnectRefused,
            "its queue of waiting connections is full",
            "the server does not accept; see whether it hangs",
        ),
        _ => (
            Code::ConnectFailed,
            "the system would not connect",
            "check that the path names a stream socket",
        ),
    };
    Failed::new(
        Phase::Connect,
        code,
        format!("{remote} could not be connected: {why} ({error})"),
        hint,
    )
}

fn timed_out(step: &Step<'_>, remote: &Endpoint) -> Failed {
    let message = format!(
        "{remote} did not accept the connection within {}",
        step.connect_limit()
    );
    Failed::new(
        Phase::Connect,
        Code::ConnectTimeout,
        message,
        "the server does not accept connections; see whether it hangs",
    )
}
