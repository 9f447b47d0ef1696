//! Names to addresses.
//!
//! ```text
//! a literal address ──────────────────────────────────────────────┐
//! --resolve ─► localhost ─► hosts file ─► stub (or getaddrinfo) ──┴─► order ─► connect
//! ```
//!
//! The messages are hickory's; whom to ask, when again, and what to make of it is decided here, so
//! that each question is an event of its own: a resolver library repeats, races and falls back out
//! of sight.

mod answer;
mod configuration;
mod given;
mod hosts;
mod https;
mod order;
mod query;
mod sources;
mod stub;
mod system;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod transport;
mod verdict;

use std::net::{IpAddr, SocketAddr};

use super::Failed;
use super::spec::Family;
use super::step::Step;
use crate::trace::{Code, Phase, What};

pub(super) use given::connect_target;

/// The dns phase: the addresses of a host in the order they are to be tried. A literal address has
/// no such phase.
pub(super) async fn resolve(
    step: &Step<'_>,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, Failed> {
    let host = without_brackets(host);
    if let Ok(ip) = host.parse::<IpAddr>() {
        return literal(step, ip).map(|ip| vec![SocketAddr::new(ip, port)]);
    }
    step.recorder.begin(step.exchange, Phase::Dns, None);
    let addresses = resolve_within(step, host, port).await?;
    step.recorder.end(step.exchange, Phase::Dns, None);
    Ok(addresses)
}

/// The same within another phase: a SOCKS5 proxy is given an address, so the name is resolved while
/// talking to it.
pub(super) async fn resolve_within(
    step: &Step<'_>,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, Failed> {
    let (source, addresses) = sources::lookup(step, host, port).await?;
    let addresses = order::preferred(&addresses, step.spec.family);
    if addresses.is_empty() {
        return Err(no_address(step, host));
    }
    step.recorder.emit(What::Resolved {
        exchange: step.exchange,
        source,
        addresses: addresses.clone(),
    });
    Ok(addresses
        .into_iter()
        .map(|ip| SocketAddr::new(ip, port))
        .collect())
}

/// The URL's form of an IPv6 address has brackets around it.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

fn literal(step: &Step<'_>, ip: IpAddr) -> Result<IpAddr, Failed> {
    if order::allowed(ip, step.spec.family) {
        return Ok(ip);
    }
    let (is, wanted) = if ip.is_ipv4() {
        ("IPv4", "-6")
    } else {
        ("IPv6", "-4")
    };
    let message = format!("{ip} is an {is} address, but {wanted} was given");
    Err(Failed::new(
        Phase::Dns,
        Code::DnsNoAddress,
        message,
        format!("leave out {wanted}, or give an address of the other family"),
    ))
}

fn no_address(step: &Step<'_>, host: &str) -> Failed {
    let family = match step.spec.family {
        Family::Any => "",
        Family::V4 => " IPv4",
        Family::V6 => " IPv6",
    };
    let hint = if family.is_empty() {
        "check the spelling of the name"
    } else {
        "leave out -4 or -6 to allow the other family"
    };
    Failed::new(
        Phase::Dns,
        Code::DnsNoAddress,
        format!("{host} has no{family} address"),
        hint,
    )
}
