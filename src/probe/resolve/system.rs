//! The operating system's own resolver, `getaddrinfo`.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::thread;

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use crate::probe::PhaseFailure;
use crate::probe::exchange_context::ExchangeContext;
use crate::trace::{FailureCode, Phase, ResolutionSource};
use crate::units::Nanos;

/// Calls `getaddrinfo` on a thread of its own, because it blocks and cannot be cancelled: after the
/// time limit the thread is abandoned. Which servers it queries is not visible.
pub(super) async fn look_up_with_getaddrinfo(
    context: &ExchangeContext<'_>,
    host: &str,
) -> Result<(ResolutionSource, Vec<IpAddr>), PhaseFailure> {
    let began = context.recorder.now();
    match timeout_at(context.connect_deadline, call_getaddrinfo(host.to_owned())).await {
        Ok(Ok(addresses)) => Ok((ResolutionSource::System, addresses)),
        Ok(Err(error)) => Err(getaddrinfo_failure(
            host,
            &error,
            context.recorder.now().since(began),
        )),
        Err(_) => {
            let message = format!(
                "the system's resolver did not answer for {host}; the limit was {}",
                context.connect_limit()
            );
            Err(PhaseFailure::new(
                Phase::Dns,
                FailureCode::DnsTimeout,
                message,
                "check the name servers of this machine (/etc/resolv.conf)",
            ))
        }
    }
}

async fn call_getaddrinfo(host: String) -> io::Result<Vec<IpAddr>> {
    let (answer, answered) = oneshot::channel();
    let asking = move || {
        let addresses = (host.as_str(), 0)
            .to_socket_addrs()
            .map(|found| found.map(|address| address.ip()).collect());
        // The receiver is gone if the time limit was reached.
        let _ = answer.send(addresses);
    };
    thread::Builder::new()
        .name("getaddrinfo".to_owned())
        .spawn(asking)?;
    answered
        .await
        .unwrap_or_else(|_| Err(io::Error::other("its thread ended without an answer")))
}

/// Returns the failure for an error of `getaddrinfo`. The standard library preserves only the
/// message of codes such as `EAI_AGAIN`.
fn getaddrinfo_failure(host: &str, error: &io::Error, took: Nanos) -> PhaseFailure {
    let text = error.to_string();
    let (code, hint) = if text.contains("Temporary failure") {
        (
            FailureCode::DnsServerFailure,
            "check this machine's network and its name servers (/etc/resolv.conf)",
        )
    } else if text.contains("No address associated") {
        (FailureCode::DnsNoAddress, "check the spelling of the name")
    } else {
        (FailureCode::DnsNoSuchName, "check the spelling of the name")
    };
    let message = format!("the system's resolver has no address for {host}: {text} (after {took})");
    PhaseFailure::new(Phase::Dns, code, message, hint)
}
