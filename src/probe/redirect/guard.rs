//! Redirect guard: detects redirects from public addresses to addresses that the public cannot
//! reach (server-side request forgery). They are noted, and refused with `--redirect-guard`.
//!
//! The addresses checked are those that are then connected to: there is no second lookup that could
//! give others (DNS rebinding). Behind a proxy only the proxy knows the addresses; there only
//! addresses written in the URL are checked, and `localhost`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::address_scope::AddressScope;
use crate::probe::PhaseFailure;
use crate::probe::exchange_context::ExchangeContext;
use crate::trace::{FailureCode, Phase};

/// Sender of a redirect, as far as its address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::probe) enum RedirectSender {
    /// A public address.
    Public(IpAddr),
    /// A host behind a proxy: only the proxy knows its address, so it may be public.
    BehindProxy,
    /// An address that is not public, or a Unix-domain socket.
    NonPublic,
}

impl RedirectSender {
    /// Returns the sender with this address.
    pub(in crate::probe) fn at(ip: IpAddr) -> Self {
        if AddressScope::from(ip).is_public() {
            Self::Public(ip)
        } else {
            Self::NonPublic
        }
    }

    /// Returns the sender behind a proxy, from its host as written in the URL.
    pub(in crate::probe) fn behind_proxy(host: &str) -> Self {
        literal_address(host).map_or(Self::BehindProxy, Self::at)
    }

    /// Returns a description to follow `the redirect leads from`; `None` for a sender to which the
    /// guard does not apply.
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

/// Returns the addresses that may be connected to. If the redirect came from a public address,
/// other addresses are noted; with the guard they are removed.
///
/// # Errors
/// Fails if the guard leaves no address.
pub(in crate::probe) fn permitted_addresses(
    context: &ExchangeContext<'_>,
    addresses: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, PhaseFailure> {
    let Some(sender) = context.redirected_by.and_then(RedirectSender::describe) else {
        return Ok(addresses);
    };
    let (public, non_public): (Vec<_>, Vec<_>) = addresses
        .iter()
        .copied()
        .partition(|address| AddressScope::from(address.ip()).is_public());
    if non_public.is_empty() {
        return Ok(addresses);
    }
    let listed = describe_addresses(&non_public);
    if !context.spec.redirects.guard {
        context.recorder.note(
            context.exchange,
            format!("the redirect leads from {sender} to {listed}; --redirect-guard refuses this"),
        );
        return Ok(addresses);
    }
    if public.is_empty() {
        return Err(redirect_refused_failure(&sender, &listed));
    }
    context.recorder.note(
        context.exchange,
        format!("the redirect leads from {sender} to {listed}, which --redirect-guard excludes"),
    );
    Ok(public)
}

/// Applies the guard to a host that a proxy is asked for.
///
/// # Errors
/// Fails if the guard refuses the address that is written in the URL.
pub(in crate::probe) fn check_proxied_host(
    context: &ExchangeContext<'_>,
    host: &str,
    port: u16,
) -> Result<(), PhaseFailure> {
    let Some(sender) = context.redirected_by else {
        return Ok(());
    };
    if let Some(ip) = literal_address(host) {
        return permitted_addresses(context, vec![SocketAddr::new(ip, port)]).map(drop);
    }
    if context.spec.redirects.guard && sender != RedirectSender::NonPublic {
        let text = format!(
            "--redirect-guard cannot check where the redirect leads: only the proxy knows the \
                address of {host}"
        );
        context.recorder.note(context.exchange, text);
    }
    Ok(())
}

/// Returns the address that a URL's host denotes literally, in any spelling. `localhost` always
/// denotes the loopback address (RFC 6761 §6.3).
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

fn redirect_refused_failure(sender: &str, listed: &str) -> PhaseFailure {
    let message =
        format!("the redirect leads from {sender} to {listed}, and --redirect-guard refuses this");
    let hint = "a public server has no reason to redirect there; if it is intended, \
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

    /// Result of the guard: the address connected to or the failure's code, and the note.
    fn judge_redirect(
        guard: bool,
        sender: Option<RedirectSender>,
        to: &str,
    ) -> (Result<Vec<SocketAddr>, PhaseFailure>, Vec<String>) {
        let mut test = TestContext::new();
        test.spec.redirects.guard = guard;
        let mut context = test.exchange_context();
        context.redirected_by = sender;
        let permitted = permitted_addresses(&context, addresses(to));
        let notes = test.emitted().into_iter().filter_map(|what| match what {
            EventKind::Note { text, .. } => Some(text.raw().to_owned()),
            _ => None,
        });
        (permitted, notes.collect())
    }

    fn public_sender() -> RedirectSender {
        RedirectSender::at("203.0.113.1".parse().unwrap())
    }

    #[test]
    fn the_guard_refuses_addresses_that_are_not_public() {
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
    fn without_the_guard_it_is_noted() {
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
    fn other_redirects_are_not_checked() {
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
    fn behind_a_proxy_literal_addresses_are_checked() {
        let mut test = TestContext::new();
        test.spec.redirects.guard = true;
        let mut context = test.exchange_context();
        context.redirected_by = Some(RedirectSender::behind_proxy("public.test"));
        for host in [
            "127.0.0.1",
            "[::1]",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
        ] {
            assert_eq!(
                check_proxied_host(&context, host, 80)
                    .unwrap_err()
                    .failure
                    .code,
                FailureCode::RedirectRefused,
                "{host}"
            );
        }
        check_proxied_host(&context, "internal.test", 80).unwrap();
        let notes_host = |kind: &EventKind| match kind {
            EventKind::Note { text, .. } => text.raw().contains("internal.test"),
            _ => false,
        };
        assert!(test.emitted().iter().any(notes_host));
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
