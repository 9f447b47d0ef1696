//! Redirects from public addresses to those that the public cannot reach: announced, and refused
//! with `--redirect-guard`.
//!
//! What is judged are the addresses that are connected to, after the name was looked up; no second
//! look-up lies between. A proxy is asked for names, whose addresses only it knows: behind it,
//! addresses that are written in the URL are judged, and `localhost`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::address_scope::AddressScope;
use crate::probe::PhaseFailure;
use crate::probe::exchange_context::ExchangeContext;
use crate::trace::{FailureCode, Phase};

/// Who sent a redirect, as far as its address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::probe) enum RedirectSender {
    /// A public address.
    Public(IpAddr),
    /// A name behind a proxy: only the proxy knows its address, so it may be public.
    BehindProxy,
    /// An address that is not public, or a socket of this machine.
    NonPublic,
}

impl RedirectSender {
    /// The sender with this address.
    pub(in crate::probe) fn at(ip: IpAddr) -> Self {
        if AddressScope::from(ip).is_public() {
            Self::Public(ip)
        } else {
            Self::NonPublic
        }
    }

    /// The sender behind a proxy, by its host as the URL has it.
    pub(in crate::probe) fn behind_proxy(host: &str) -> Self {
        literal_address(host).map_or(Self::BehindProxy, Self::at)
    }

    /// With the verb before it: `the redirect leads from …`.
    fn describe(self) -> Option<String> {
        match self {
            Self::Public(ip) => Some(format!("the public address {ip}")),
            Self::BehindProxy => {
                Some("a host behind the proxy, whose address is not known here,".to_owned())
            }
            Self::NonPublic => None,
        }
    }
}

/// The addresses that may be connected to. Where the redirect's sender is public, those that are
/// not are announced; with the guard they are left out.
///
/// # Errors
/// Fails where the guard leaves no address.
pub(in crate::probe) fn permitted_addresses(
    step: &ExchangeContext<'_>,
    addresses: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, PhaseFailure> {
    let Some(sender) = step.redirected_by.and_then(RedirectSender::describe) else {
        return Ok(addresses);
    };
    let (public, inside): (Vec<_>, Vec<_>) = addresses
        .iter()
        .copied()
        .partition(|address| AddressScope::from(address.ip()).is_public());
    if inside.is_empty() {
        return Ok(addresses);
    }
    let named = describe_addresses(&inside);
    if !step.spec.redirects.guard {
        step.recorder.note(
            step.exchange,
            format!("the redirect leads from {sender} to {named}; --redirect-guard refuses this"),
        );
        return Ok(addresses);
    }
    if public.is_empty() {
        return Err(redirect_refused_failure(&sender, &named));
    }
    step.recorder.note(
        step.exchange,
        format!("the redirect leads from {sender} to {named}, which --redirect-guard leaves out"),
    );
    Ok(public)
}

/// The same for a host that a proxy is asked for.
///
/// # Errors
/// Fails where the guard refuses the address that is written in the URL.
pub(in crate::probe) fn check_proxied_host(
    step: &ExchangeContext<'_>,
    host: &str,
    port: u16,
) -> Result<(), PhaseFailure> {
    let Some(sender) = step.redirected_by else {
        return Ok(());
    };
    if let Some(ip) = literal_address(host) {
        return permitted_addresses(step, vec![SocketAddr::new(ip, port)]).map(drop);
    }
    if step.spec.redirects.guard && sender != RedirectSender::NonPublic {
        let text = format!(
            "--redirect-guard cannot judge where the redirect leads: only the proxy knows the \
                address of {host}"
        );
        step.recorder.note(step.exchange, text);
    }
    Ok(())
}

/// The address that a URL's host is, in any of its spellings, or always stands for (RFC 6761 §6.3).
fn literal_address(host: &str) -> Option<IpAddr> {
    let bare = host.trim_matches(['[', ']']).trim_end_matches('.');
    let is_localhost =
        bare.eq_ignore_ascii_case("localhost") || bare.to_ascii_lowercase().ends_with(".localhost");
    bare.parse()
        .ok()
        .or(is_localhost.then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)))
}

fn describe_addresses(addresses: &[SocketAddr]) -> String {
    /// A name may have any number of addresses.
    const MAX_LISTED: usize = 4;
    let all = addresses.iter().map(|address| {
        format!(
            "the {} address {}",
            AddressScope::from(address.ip()).name(),
            address.ip()
        )
    });
    let mut text = all.take(MAX_LISTED).collect::<Vec<_>>().join(" and ");
    if addresses.len() > MAX_LISTED {
        text.push_str(" and others");
    }
    text
}

fn redirect_refused_failure(sender: &str, named: &str) -> PhaseFailure {
    let message =
        format!("the redirect leads from {sender} to {named}, and --redirect-guard refuses this");
    let hint = "a public server has no business there; if it is yours and means it, \
        --no-redirect-guard allows it";
    PhaseFailure::new(Phase::Connect, FailureCode::RedirectRefused, message, hint)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::probe::test_context::TestContext;
    use crate::trace::EventKind;

    fn addresses(text: &str) -> Vec<SocketAddr> {
        text.split_whitespace()
            .map(|ip| SocketAddr::new(ip.parse().unwrap(), 80))
            .collect()
    }

    /// What is connected to, or the code of the failure, and what is noted.
    fn judge_redirect(
        guard: bool,
        sender: Option<RedirectSender>,
        to: &str,
    ) -> (Result<Vec<SocketAddr>, PhaseFailure>, Vec<String>) {
        let mut witness = TestContext::new();
        witness.spec.redirects.guard = guard;
        let mut step = witness.exchange_context();
        step.redirected_by = sender;
        let permitted = permitted_addresses(&step, addresses(to));
        let notes = witness.emitted().into_iter().filter_map(|what| match what {
            EventKind::Note { text, .. } => Some(text.raw().to_owned()),
            _ => None,
        });
        (permitted, notes.collect())
    }

    fn public_sender() -> RedirectSender {
        RedirectSender::at("203.0.113.1".parse().unwrap())
    }

    #[test]
    fn the_guard_refuses_what_the_public_cannot_reach() {
        for to in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "::",
            "10.1.2.3",
            "169.254.169.254",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
        ] {
            let (result, _) = judge_redirect(true, Some(public_sender()), to);
            let failed = result.unwrap_err();
            assert_eq!(
                (failed.phase, failed.failure.code),
                (Phase::Connect, FailureCode::RedirectRefused),
                "{to}"
            );
            let message = failed.failure.message.raw().to_owned();
            let shown = addresses(to)[0].ip().to_string();
            assert!(
                message.contains("203.0.113.1") && message.contains(&shown),
                "{message}"
            );
            assert_eq!(
                judge_redirect(true, Some(RedirectSender::BehindProxy), to)
                    .0
                    .unwrap_err()
                    .failure
                    .code,
                FailureCode::RedirectRefused
            );
        }
        let (result, notes) =
            judge_redirect(true, Some(public_sender()), "127.0.0.1 203.0.113.2 ::1");
        assert_eq!(
            result.unwrap(),
            addresses("203.0.113.2"),
            "every address that is tried is judged"
        );
        assert!(
            notes[0].contains("127.0.0.1") && notes[0].contains("::1"),
            "{notes:?}"
        );
    }

    #[test]
    fn without_the_guard_it_is_announced() {
        let (result, notes) = judge_redirect(false, Some(public_sender()), "203.0.113.2 127.0.0.1");
        assert_eq!(result.unwrap(), addresses("203.0.113.2 127.0.0.1"));
        assert_eq!(
            notes,
            [
                "the redirect leads from the public address 203.0.113.1 to the loopback address \
                    127.0.0.1; --redirect-guard refuses this"
            ]
        );
    }

    #[test]
    fn what_is_no_redirect_from_a_public_address_is_nobodys_business() {
        for (sender, to) in [
            (None, "127.0.0.1"),
            (Some(RedirectSender::NonPublic), "127.0.0.1"),
            (Some(public_sender()), "203.0.113.2 2001:db8::1"),
        ] {
            let (result, notes) = judge_redirect(true, sender, to);
            assert_eq!(result.unwrap(), addresses(to));
            assert!(notes.is_empty(), "{notes:?}");
        }
        assert_eq!(
            RedirectSender::at("127.0.0.1".parse().unwrap()),
            RedirectSender::NonPublic
        );
    }

    #[test]
    fn behind_a_proxy_written_addresses_are_judged() {
        let mut witness = TestContext::new();
        witness.spec.redirects.guard = true;
        let mut step = witness.exchange_context();
        step.redirected_by = Some(RedirectSender::behind_proxy("public.test"));
        for host in [
            "127.0.0.1",
            "[::1]",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
        ] {
            assert_eq!(
                check_proxied_host(&step, host, 80)
                    .unwrap_err()
                    .failure
                    .code,
                FailureCode::RedirectRefused,
                "{host}"
            );
        }
        check_proxied_host(&step, "internal.test", 80).unwrap();
        assert!(witness.emitted().iter().any(
            |what| matches!(what, EventKind::Note { text, .. } if text.raw().contains("internal.test"))
        ));
        assert_eq!(
            RedirectSender::behind_proxy("[2001:db8::1]"),
            RedirectSender::at("2001:db8::1".parse().unwrap())
        );
        assert_eq!(
            RedirectSender::behind_proxy("10.0.0.1"),
            RedirectSender::NonPublic
        );
    }
}
