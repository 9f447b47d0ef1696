//! Redirects from public addresses to those that the public cannot reach: announced, and refused
//! with `--redirect-guard`.
//!
//! What is judged are the addresses that are connected to, after the name was looked up; no second
//! look-up lies between. A proxy is asked for names, whose addresses only it knows: behind it,
//! addresses that are written in the URL are judged, and `localhost`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::reach::Reach;
use crate::probe::Failed;
use crate::probe::step::Step;
use crate::trace::{Code, Phase};

/// Who sent a redirect, as far as its address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::probe) enum Sender {
    /// A public address.
    Public(IpAddr),
    /// A name behind a proxy: only the proxy knows its address, so it may be public.
    BehindProxy,
    /// An address that is not public, or a socket of this machine.
    Inside,
}

impl Sender {
    /// The sender with this address.
    pub(in crate::probe) fn at(ip: IpAddr) -> Self {
        if Reach::from(ip).is_public() {
            Self::Public(ip)
        } else {
            Self::Inside
        }
    }

    /// The sender behind a proxy, by its host as the URL has it.
    pub(in crate::probe) fn behind_proxy(host: &str) -> Self {
        written_address(host).map_or(Self::BehindProxy, Self::at)
    }

    /// With the verb before it: `the redirect leads from …`.
    fn described(self) -> Option<String> {
        match self {
            Self::Public(ip) => Some(format!("the public address {ip}")),
            Self::BehindProxy => {
                Some("a host behind the proxy, whose address is not known here,".to_owned())
            }
            Self::Inside => None,
        }
    }
}

/// The addresses that may be connected to. Where the redirect's sender is public, those that are
/// not are announced; with the guard they are left out.
///
/// # Errors
/// Fails where the guard leaves no address.
pub(in crate::probe) fn permitted(
    step: &Step<'_>,
    addresses: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, Failed> {
    let Some(sender) = step.redirected_by.and_then(Sender::described) else {
        return Ok(addresses);
    };
    let (public, inside): (Vec<_>, Vec<_>) = addresses
        .iter()
        .copied()
        .partition(|address| Reach::from(address.ip()).is_public());
    if inside.is_empty() {
        return Ok(addresses);
    }
    let named = named(&inside);
    if !step.spec.redirects.guard {
        step.recorder.note(
            step.exchange,
            format!("the redirect leads from {sender} to {named}; --redirect-guard refuses this"),
        );
        return Ok(addresses);
    }
    if public.is_empty() {
        return Err(redirect_refused(&sender, &named));
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
pub(in crate::probe) fn check_behind_proxy(
    step: &Step<'_>,
    host: &str,
    port: u16,
) -> Result<(), Failed> {
    let Some(sender) = step.redirected_by else {
        return Ok(());
    };
    if let Some(ip) = written_address(host) {
        return permitted(step, vec![SocketAddr::new(ip, port)]).map(drop);
    }
    if step.spec.redirects.guard && sender != Sender::Inside {
        let text = format!(
            "--redirect-guard cannot judge where the redirect leads: only the proxy knows the \
                address of {host}"
        );
        step.recorder.note(step.exchange, text);
    }
    Ok(())
}

/// The address that a URL's host is, in any of its spellings, or always stands for (RFC 6761 §6.3).
fn written_address(host: &str) -> Option<IpAddr> {
    let bare = host.trim_matches(['[', ']']).trim_end_matches('.');
    let is_localhost =
        bare.eq_ignore_ascii_case("localhost") || bare.to_ascii_lowercase().ends_with(".localhost");
    bare.parse()
        .ok()
        .or(is_localhost.then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)))
}

fn named(addresses: &[SocketAddr]) -> String {
    /// A name may have any number of addresses.
    const MOST: usize = 4;
    let all = addresses.iter().map(|address| {
        format!(
            "the {} address {}",
            Reach::from(address.ip()).name(),
            address.ip()
        )
    });
    let mut text = all.take(MOST).collect::<Vec<_>>().join(" and ");
    if addresses.len() > MOST {
        text.push_str(" and others");
    }
    text
}

fn redirect_refused(sender: &str, named: &str) -> Failed {
    let message =
        format!("the redirect leads from {sender} to {named}, and --redirect-guard refuses this");
    let hint = "a public server has no business there; if it is yours and means it, \
        --no-redirect-guard allows it";
    Failed::new(Phase::Connect, Code::RedirectRefused, message, hint)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::probe::witness::Witness;
    use crate::trace::What;

    fn addresses(text: &str) -> Vec<SocketAddr> {
        text.split_whitespace()
            .map(|ip| SocketAddr::new(ip.parse().unwrap(), 80))
            .collect()
    }

    /// What is connected to, or the code of the failure, and what is noted.
    fn judged(
        guard: bool,
        sender: Option<Sender>,
        to: &str,
    ) -> (Result<Vec<SocketAddr>, Failed>, Vec<String>) {
        let mut witness = Witness::new();
        witness.spec.redirects.guard = guard;
        let mut step = witness.step();
        step.redirected_by = sender;
        let permitted = permitted(&step, addresses(to));
        let notes = witness.said().into_iter().filter_map(|what| match what {
            What::Note { text, .. } => Some(text.raw().to_owned()),
            _ => None,
        });
        (permitted, notes.collect())
    }

    fn public() -> Sender {
        Sender::at("203.0.113.1".parse().unwrap())
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
            let (result, _) = judged(true, Some(public()), to);
            let failed = result.unwrap_err();
            assert_eq!(
                (failed.phase, failed.failure.code),
                (Phase::Connect, Code::RedirectRefused),
                "{to}"
            );
            let message = failed.failure.message.raw().to_owned();
            let shown = addresses(to)[0].ip().to_string();
            assert!(
                message.contains("203.0.113.1") && message.contains(&shown),
                "{message}"
            );
            assert_eq!(
                judged(true, Some(Sender::BehindProxy), to)
                    .0
                    .unwrap_err()
                    .failure
                    .code,
                Code::RedirectRefused
            );
        }
        let (result, notes) = judged(true, Some(public()), "127.0.0.1 203.0.113.2 ::1");
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
        let (result, notes) = judged(false, Some(public()), "203.0.113.2 127.0.0.1");
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
            (Some(Sender::Inside), "127.0.0.1"),
            (Some(public()), "203.0.113.2 2001:db8::1"),
        ] {
            let (result, notes) = judged(true, sender, to);
            assert_eq!(result.unwrap(), addresses(to));
            assert!(notes.is_empty(), "{notes:?}");
        }
        assert_eq!(Sender::at("127.0.0.1".parse().unwrap()), Sender::Inside);
    }

    #[test]
    fn behind_a_proxy_written_addresses_are_judged() {
        let mut witness = Witness::new();
        witness.spec.redirects.guard = true;
        let mut step = witness.step();
        step.redirected_by = Some(Sender::behind_proxy("public.test"));
        for host in [
            "127.0.0.1",
            "[::1]",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
        ] {
            assert_eq!(
                check_behind_proxy(&step, host, 80)
                    .unwrap_err()
                    .failure
                    .code,
                Code::RedirectRefused,
                "{host}"
            );
        }
        check_behind_proxy(&step, "internal.test", 80).unwrap();
        assert!(witness.said().iter().any(
            |what| matches!(what, What::Note { text, .. } if text.raw().contains("internal.test"))
        ));
        assert_eq!(
            Sender::behind_proxy("[2001:db8::1]"),
            Sender::at("2001:db8::1".parse().unwrap())
        );
        assert_eq!(Sender::behind_proxy("10.0.0.1"), Sender::Inside);
    }
}
