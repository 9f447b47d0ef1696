//! Failures of the connect phase: what a failed attempt means, and the message for it.

use std::io;
use std::net::SocketAddr;

use crate::probe::PhaseFailure;
use crate::probe::exchange_context::ExchangeContext;
use crate::trace::{AttemptOutcome, FailureCode, Phase};
use crate::units::Nanos;

/// A failed connection attempt.
#[derive(Debug)]
pub(super) struct FailedAttempt {
    pub(super) remote: SocketAddr,
    pub(super) outcome: AttemptOutcome,
    /// The system's error; `None` if the attempt was ended by this program's time limit.
    pub(super) error: Option<io::Error>,
    /// Whether `connect` failed immediately: then the system itself refused and no packet was sent.
    pub(super) failed_immediately: bool,
    pub(super) took: Nanos,
}

/// Maps a system error to the outcome of an attempt.
pub(super) fn outcome_of(error: &io::Error) -> AttemptOutcome {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => AttemptOutcome::Refused,
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            AttemptOutcome::Unreachable
        }
        Kind::TimedOut => AttemptOutcome::TimedOut,
        _ => AttemptOutcome::Failed(error.to_string().into()),
    }
}

/// Returns the failure of all attempts together. If they ended differently, the most informative
/// one gives the code: a refusal is an answer from the host, an unreachable network at least an
/// answer from a router, and silence neither.
pub(super) fn connect_failure(
    context: &ExchangeContext<'_>,
    failed: &[FailedAttempt],
    limit_reached: bool,
) -> PhaseFailure {
    let most_informative = failed.iter().max_by_key(|failed| failure_rank(failed));
    let code = match most_informative {
        _ if limit_reached && failed.iter().any(|failed| failed.error.is_none()) => {
            FailureCode::ConnectTimeout
        }
        Some(failed) => code_of(failed),
        None => FailureCode::ConnectTimeout,
    };
    let message = match failed {
        [] => format!(
            "no time was left to connect: {} was used up",
            context.connect_limit()
        ),
        [one] => format!(
            "{}{}",
            describe_attempt(one),
            limit_suffix(context, limit_reached)
        ),
        several => {
            let each: Vec<String> = several.iter().map(describe_attempt).collect();
            format!(
                "could not connect to any of {} addresses: {}{}",
                several.len(),
                each.join("; "),
                limit_suffix(context, limit_reached)
            )
        }
    };
    PhaseFailure::new(
        Phase::Connect,
        code,
        message,
        hint_for(code, most_informative),
    )
}

fn limit_suffix(context: &ExchangeContext<'_>, limit_reached: bool) -> String {
    if limit_reached {
        format!("; the limit was {}", context.connect_limit())
    } else {
        String::new()
    }
}

/// Returns how informative an attempt's outcome is; higher is more.
fn failure_rank(failed: &FailedAttempt) -> u8 {
    match code_of(failed) {
        FailureCode::ConnectRefused => 4,
        FailureCode::ConnectForbidden => 3,
        FailureCode::ConnectUnreachable => 2,
        FailureCode::ConnectTimeout => 1,
        _ => 0,
    }
}

fn code_of(failed: &FailedAttempt) -> FailureCode {
    match &failed.outcome {
        AttemptOutcome::Refused => FailureCode::ConnectRefused,
        AttemptOutcome::Unreachable => FailureCode::ConnectUnreachable,
        AttemptOutcome::TimedOut => FailureCode::ConnectTimeout,
        _ if failed.error.as_ref().is_some_and(is_forbidden) => FailureCode::ConnectForbidden,
        _ => FailureCode::ConnectFailed,
    }
}

/// Returns true if this machine refused to try at all.
fn is_forbidden(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::AddrInUse
    ) || matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS)
    )
}

fn describe_attempt(failed: &FailedAttempt) -> String {
    let FailedAttempt {
        remote,
        outcome,
        error,
        failed_immediately,
        took,
    } = failed;
    match (outcome, error) {
        (AttemptOutcome::Refused, _) => {
            format!("{remote} refused the connection after {took} (RST in response to SYN)")
        }
        (AttemptOutcome::Unreachable, Some(error)) => {
            format!(
                "{remote} is unreachable: {} (after {took})",
                unreachable_reason(error, *failed_immediately)
            )
        }
        (AttemptOutcome::TimedOut, Some(_)) => {
            format!("{remote} did not answer: the system gave up after {took}")
        }
        (AttemptOutcome::TimedOut, None) => {
            format!("{remote} did not answer the SYN within {took}")
        }
        (_, Some(error)) => {
            format!(
                "connecting to {remote} failed after {took}: {}",
                local_reason(error)
            )
        }
        (_, None) => format!("connecting to {remote} failed after {took}"),
    }
}

fn unreachable_reason(error: &io::Error, failed_immediately: bool) -> &'static str {
    match error.kind() {
        io::ErrorKind::NetworkDown => "the network interface is down",
        _ if failed_immediately => "this machine has no route to it",
        io::ErrorKind::NetworkUnreachable => "a router on the path has no route to its network",
        _ => "a router on the path, or the neighbour lookup in its network, cannot find it",
    }
}

fn local_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!(
            "this machine does not permit it, perhaps because of a local firewall or sandbox \
                ({error})"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no local address or port available for it ({error})")
        }
        _ => error.to_string(),
    }
}

fn hint_for(code: FailureCode, most_informative: Option<&FailedAttempt>) -> String {
    let host = most_informative.map_or_else(String::new, |failed| failed.remote.ip().to_string());
    match code {
        FailureCode::ConnectRefused => {
            "check the port, and that the server is running and listening on it; a firewall may \
                also reject connections"
                .to_owned()
        }
        FailureCode::ConnectUnreachable => {
            format!(
                "check this machine's network, `ip route get {host}`, and try the other \
                address family (-4 or -6)"
            )
        }
        FailureCode::ConnectTimeout => {
            "the host may be down, or a firewall silently drops packets; try another network, or \
                a longer --connect-timeout"
                .to_owned()
        }
        FailureCode::ConnectForbidden => {
            "check this machine's firewall, sandbox, and limits on open \
            files and ports"
                .to_owned()
        }
        _ => format!("try another program to see whether {host} can be reached from this machine"),
    }
}
