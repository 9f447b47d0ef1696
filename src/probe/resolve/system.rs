//! The operating system's own resolver.

use std::net::IpAddr;

use tokio::net::lookup_host;
use tokio::time::timeout_at;

use crate::probe::Failed;
use crate::probe::step::Step;
use crate::trace::{Code, Phase, ResolutionSource};

/// Asks `getaddrinfo` on a thread of its own, since it blocks. Whom it asks cannot be seen.
pub(super) async fn lookup(step: &Step<'_>, host: &str) -> Result<(ResolutionSource, Vec<IpAddr>), Failed> {
    let began = step.recorder.now();
    match timeout_at(step.connect_by, lookup_host((host, 0))).await {
        Ok(Ok(addresses)) => Ok((ResolutionSource::System, addresses.map(|address| address.ip()).collect())),
        Ok(Err(error)) => {
            let took = step.recorder.now().since(began);
            let message = format!("the system's resolver has no address for {host}: {error} (after {took})");
            Err(Failed::new(Phase::Dns, Code::DnsNoSuchName, message, "check the spelling of the name"))
        }
        Err(_) => {
            let message = format!("the system's resolver did not answer for {host}; the limit was {}", step.connect_limit());
            Err(Failed::new(Phase::Dns, Code::DnsTimeout, message, "check the name servers in /etc/resolv.conf"))
        }
    }
}
