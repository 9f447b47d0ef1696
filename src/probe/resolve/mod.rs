//! Name resolution: from a host name to addresses in the order they are tried.
//!
//! ```text
//! a literal address ──────────────────────────────────────────────┐
//! --resolve ─► localhost ─► hosts file ─► stub (or getaddrinfo) ──┴─► order ─► connect
//! ```
//!
//! DNS messages are encoded and decoded by hickory; which server to query, when to retry and what a
//! response means is decided here. A resolver library would retry, race and fall back out of sight,
//! whereas here each query is an event.

mod answer;
mod configuration;
mod failure;
mod hosts;
mod https;
mod order;
mod overrides;
mod query;
mod sources;
mod stub;
mod system;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod transport;

use std::net::{IpAddr, SocketAddr};

use super::PhaseFailure;
use super::exchange_context::ExchangeContext;
use super::spec::AddressFamily;
use crate::trace::{EventKind, FailureCode, Phase};

pub(super) use overrides::connect_target;

/// Runs the DNS phase: returns the addresses of a host in the order they are tried. An IP address
/// has no such phase.
pub(super) async fn resolve(
    context: &ExchangeContext<'_>,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, PhaseFailure> {
    let host = strip_brackets(host);
    if let Ok(ip) = host.parse::<IpAddr>() {
        return check_literal_family(context, ip).map(|ip| vec![SocketAddr::new(ip, port)]);
    }
    context
        .recorder
        .begin_phase(context.exchange, Phase::Dns, None);
    let addresses = resolve_in_phase(context, host, port).await?;
    context
        .recorder
        .end_phase(context.exchange, Phase::Dns, None);
    Ok(addresses)
}

/// Resolves within another phase: a SOCKS5 proxy is given an address, so the name is resolved
/// during the proxy phase.
pub(super) async fn resolve_in_phase(
    context: &ExchangeContext<'_>,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, PhaseFailure> {
    let (source, addresses) = sources::find_addresses(context, host, port).await?;
    let addresses = order::preferred_order(&addresses, context.spec.family);
    if addresses.is_empty() {
        return Err(no_address_failure(context, host));
    }
    context.recorder.emit(EventKind::Resolved {
        exchange: context.exchange,
        source,
        addresses: addresses.clone(),
    });
    Ok(addresses
        .into_iter()
        .map(|ip| SocketAddr::new(ip, port))
        .collect())
}

/// Removes the brackets that an IPv6 address has in a URL.
fn strip_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

fn check_literal_family(context: &ExchangeContext<'_>, ip: IpAddr) -> Result<IpAddr, PhaseFailure> {
    if order::family_allows(ip, context.spec.family) {
        return Ok(ip);
    }
    let (is, wanted) = if ip.is_ipv4() {
        ("IPv4", "-6")
    } else {
        ("IPv6", "-4")
    };
    let message = format!("{ip} is an {is} address, but {wanted} was given");
    Err(PhaseFailure::new(
        Phase::Dns,
        FailureCode::DnsNoAddress,
        message,
        format!("leave out {wanted}, or use an address of the other family"),
    ))
}

fn no_address_failure(context: &ExchangeContext<'_>, host: &str) -> PhaseFailure {
    let family = match context.spec.family {
        AddressFamily::Any => "",
        AddressFamily::V4 => " IPv4",
        AddressFamily::V6 => " IPv6",
    };
    let hint = if family.is_empty() {
        "check the spelling of the name"
    } else {
        "leave out -4 or -6 to allow the other family"
    };
    PhaseFailure::new(
        Phase::Dns,
        FailureCode::DnsNoAddress,
        format!("{host} has no{family} address"),
        hint,
    )
}
