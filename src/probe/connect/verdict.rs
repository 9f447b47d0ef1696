//! What a failed connection attempt means, and the sentence for it.

use std::io;
use std::net::SocketAddr;

use crate::probe::Failed;
use crate::probe::step::Step;
use crate::trace::{AttemptOutcome, Code, Phase};
use crate::units::Nanos;

/// An attempt that came to nothing.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) remote: SocketAddr,
    pub(super) outcome: AttemptOutcome,
    /// What the system said; nothing where this program's own limit ended it.
    pub(super) error: Option<io::Error>,
    /// Whether it said so at once: then it is its own verdict, and no packet left.
    pub(super) at_once: bool,
    pub(super) took: Nanos,
}

/// The outcome that a system error stands for.
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

/// The failure of a whole race. Of several outcomes the most telling one gives the code: a refusal
/// is somebody's answer, an unreachable network is known, silence is neither.
pub(super) fn failure(step: &Step<'_>, lost: &[Lost], limit_reached: bool) -> Failed {
    let told = lost.iter().max_by_key(|lost| telling(lost));
    let code = match told {
        _ if limit_reached && lost.iter().any(|lost| lost.error.is_none()) => Code::ConnectTimeout,
        Some(lost) => code_of(lost),
        None => Code::ConnectTimeout,
    };
    let message = match lost {
        [] => format!(
            "there was no time left to connect: {} was used up",
            step.connect_limit()
        ),
        [one] => format!("{}{}", sentence(one), limit_part(step, limit_reached)),
        several => {
            let each: Vec<String> = several.iter().map(sentence).collect();
            format!(
                "none of {} addresses could be connected: {}{}",
                several.len(),
                each.join("; "),
                limit_part(step, limit_reached)
            )
        }
    };
    Failed::new(Phase::Connect, code, message, hint(code, told))
}

fn limit_part(step: &Step<'_>, limit_reached: bool) -> String {
    if limit_reached {
        format!("; the limit was {}", step.connect_limit())
    } else {
        String::new()
    }
}

fn telling(lost: &Lost) -> u8 {
    match code_of(lost) {
        Code::ConnectRefused => 4,
        Code::ConnectForbidden => 3,
        Code::ConnectUnreachable => 2,
        Code::ConnectTimeout => 1,
        _ => 0,
    }
}

fn code_of(lost: &Lost) -> Code {
    match &lost.outcome {
        AttemptOutcome::Refused => Code::ConnectRefused,
        AttemptOutcome::Unreachable => Code::ConnectUnreachable,
        AttemptOutcome::TimedOut => Code::ConnectTimeout,
        _ if lost.error.as_ref().is_some_and(is_forbidden) => Code::ConnectForbidden,
        _ => Code::ConnectFailed,
    }
}

/// This machine would not even try.
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

fn sentence(lost: &Lost) -> String {
    let Lost {
        remote,
        outcome,
        error,
        at_once,
        took,
    } = lost;
    match (outcome, error) {
        (AttemptOutcome::Refused, _) => {
            format!("{remote} refused the connection after {took} (RST in answer to the SYN)")
        }
        (AttemptOutcome::Unreachable, Some(error)) => {
            format!(
                "{remote} cannot be reached: {} (after {took})",
                unreachable_because(error, *at_once)
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
        (_, None) => format!("connecting to {remote} came to nothing after {took}"),
    }
}

fn unreachable_because(error: &io::Error, at_once: bool) -> &'static str {
    match error.kind() {
        io::ErrorKind::NetworkDown => "the network interface is down",
        _ if at_once => "this machine has no route to it",
        io::ErrorKind::NetworkUnreachable => "a router on the way has no route to its network",
        _ => "a router on the way, or the neighbour lookup in its network, does not find it",
    }
}

fn local_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!(
            "this machine does not permit it, such as a local firewall or a sandbox ({error})"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no local address or port to use for it ({error})")
        }
        _ => error.to_string(),
    }
}

fn hint(code: Code, told: Option<&Lost>) -> String {
    let host = told.map_or_else(String::new, |lost| lost.remote.ip().to_string());
    match code {
        Code::ConnectRefused => "check the port, and that the server is running and listens \
            there; a firewall may also reject"
            .to_owned(),
        Code::ConnectUnreachable => {
            format!(
                "check this machine's network, `ip route get {host}`, and try the other \
                address family (-4 or -6)"
            )
        }
        Code::ConnectTimeout => {
            "the host may be down, or a firewall drops packets without a word; try another \
                network, or a longer --connect-timeout"
                .to_owned()
        }
        Code::ConnectForbidden => "check this machine's firewall, sandbox, and limits on open \
            files and ports"
            .to_owned(),
        _ => format!("try to reach {host} with another program to see whether it is this machine"),
    }
}
