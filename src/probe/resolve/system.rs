//! The operating system's own resolver.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::thread;

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use crate::probe::Failed;
use crate::probe::step::Step;
use crate::trace::{Code, Phase, ResolutionSource};
use crate::units::Nanos;

/// Asks `getaddrinfo` on a thread of its own, since it blocks, and cannot be stopped: past the
/// limit it is left alone. Whom it asks cannot be seen.
pub(super) async fn lookup(
    step: &Step<'_>,
    host: &str,
) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    let began = step.recorder.now();
    match timeout_at(step.connect_by, ask(host.to_owned())).await {
        Ok(Ok(addresses)) => Ok((ResolutionSource::System, addresses)),
        Ok(Err(error)) => Err(refusal(host, &error, step.recorder.now().since(began))),
        Err(_) => {
            let message = format!(
                "the system's resolver did not answer for {host}; the limit was {}",
                step.connect_limit()
            );
            Err(Failed::new(
                Phase::Dns,
                Code::DnsTimeout,
                message,
                "check the name servers of this machine (/etc/resolv.conf)",
            ))
        }
    }
}

async fn ask(host: String) -> io::Result<Vec<IpAddr>> {
    let (answer, answered) = oneshot::channel();
    let asking = move || {
        let addresses = (host.as_str(), 0)
            .to_socket_addrs()
            .map(|found| found.map(|address| address.ip()).collect());
        // Nobody waits any more where the limit was reached.
        let _ = answer.send(addresses);
    };
    thread::Builder::new()
        .name("getaddrinfo".to_owned())
        .spawn(asking)?;
    answered
        .await
        .unwrap_or_else(|_| Err(io::Error::other("its thread ended without an answer")))
}

/// The standard library keeps of `EAI_AGAIN` and its like only the text.
fn refusal(host: &str, error: &io::Error, took: Nanos) -> Failed {
    let text = error.to_string();
    let (code, hint) = if text.contains("Temporary failure") {
        (
            Code::DnsServerFailure,
            "check this machine's network and its name servers (/etc/resolv.conf)",
        )
    } else if text.contains("No address associated") {
        (Code::DnsNoAddress, "check the spelling of the name")
    } else {
        (Code::DnsNoSuchName, "check the spelling of the name")
    };
    let message = format!("the system's resolver has no address for {host}: {text} (after {took})");
    Failed::new(Phase::Dns, code, message, hint)
}
