//! What would change a cause: a clause for each, to follow "What would help: ".

use super::owner::{Cause, Detail, Owner};
use super::verdict::CauseTotal;
use crate::units::Nanos;

/// Shorter time is not worth a change.
const LEAST: Nanos = Nanos::from_millis(10);

impl CauseTotal {
    /// Returns what would make the time of this cause shorter; `None` if nothing is known to, or it
    /// is short.
    pub fn advice(&self) -> Option<String> {
        if self.total < LEAST {
            return None;
        }
        let advice = match (self.attribution.owner, self.attribution.cause) {
            (Owner::Server, Cause::Think) => return Some(self.think_advice()),
            (Owner::Network, Cause::RoundTrip) => self.round_trip_advice(),
            (Owner::Network, cause) => self.network_advice(cause)?,
            (Owner::Server, cause) => server_advice(cause)?,
            (Owner::Client, cause) => self.client_advice(cause)?,
            (Owner::Resolver, _) => "a nearer name server, a longer TTL, or --resolve",
            (Owner::Proxy, Cause::Forward) => "a look at the proxy and the server behind it",
            (Owner::Proxy, _) => "a look at the way from the proxy to its target",
            (Owner::Unknown, _) if !self.figures.has_packets => {
                "a capture of the packets (tapline doctor says how)"
            }
            (Owner::None | Owner::Unknown, _) => return None,
        };
        Some(advice.to_owned())
    }

    fn think_advice(&self) -> String {
        match (self.figures.server_timing, self.figures.intermediary) {
            (Some(own), _) => format!("a look at the {own} that Server-Timing reports"),
            (None, Some(field)) => {
                format!("a look at the server's own time, and at the cache before it ({field})")
            }
            (None, None) if self.is_open => "a look at what the server does".to_owned(),
            (None, None) => "a look at the server's own time (Server-Timing would tell)".to_owned(),
        }
    }

    const fn round_trip_advice(&self) -> &'static str {
        if self.figures.is_new_connection {
            "fewer round trips, a kept connection, or a nearer server"
        } else {
            "fewer round trips, or a nearer server"
        }
    }

    const fn network_advice(&self, cause: Cause) -> Option<&'static str> {
        Some(match (cause, self.attribution.detail) {
            (Cause::CongestionWindow, Some(Detail::AfterLoss)) => {
                "fewer losses, or a congestion control that recovers sooner"
            }
            (Cause::CongestionWindow, Some(Detail::AfterIdle)) => {
                "a sender that keeps its window (tcp_slow_start_after_idle=0)"
            }
            (Cause::CongestionWindow, _) if self.figures.is_new_connection => {
                "a larger initial window, a kept connection, or a nearer server"
            }
            (Cause::CongestionWindow, _) => "a larger initial window, or a nearer server",
            (Cause::Bandwidth, Some(Detail::Paced)) => {
                "fewer bytes, a faster link, or a faster sender"
            }
            (Cause::Bandwidth, _) => "fewer bytes, or a faster link",
            (Cause::Queueing, _) => "shorter queues on the way (fq_codel, CAKE), or less traffic",
            (Cause::Timeout, Some(Detail::Spurious)) => "a path whose delay varies less",
            (Cause::Loss | Cause::Timeout, _) => {
                "a path that loses less (Wi-Fi, cables, full queues)"
            }
            (Cause::Unanswered, _) => "a look for a firewall that drops the packets",
            _ => return None,
        })
    }

    const fn client_advice(&self, cause: Cause) -> Option<&'static str> {
        Some(match (cause, self.attribution.detail) {
            (Cause::Processing, _) => "a faster machine, or one that is less busy",
            (Cause::Window, _) => "a program here that reads sooner, or a larger receive buffer",
            (Cause::FlowControl, _) => "a larger HTTP/2 window here, or reading sooner",
            (Cause::Nagle, _) => "TCP_NODELAY on this machine, or whole messages in one write",
            (Cause::Queue, _) => "more connections, or more streams on each",
            (Cause::Shared, _) => "fewer bytes beside it, or priorities",
            (Cause::Delay, Some(Detail::ConnectionAttemptDelay)) => {
                "a first address that answers, or none of its kind in DNS"
            }
            (Cause::Delay, Some(Detail::ResolutionDelay)) => {
                "name servers that answer for both address families at once"
            }
            (Cause::Delay, Some(Detail::ExpectContinue)) => {
                "a request without Expect, or a server that answers it with 100"
            }
            _ => return None,
        })
    }
}

const fn server_advice(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::Pause => "a look at how the server makes its response",
        Cause::Window => "a server that reads sooner, or a larger receive buffer there",
        Cause::FlowControl => "a larger HTTP/2 window at the server, or reading sooner",
        Cause::Nagle => "TCP_NODELAY on the server, or whole messages in one write",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::figures::LedgerFigures;
    use super::super::owner::Attribution;
    use super::*;

    fn total(attribution: Attribution) -> CauseTotal {
        CauseTotal {
            attribution,
            total: Nanos::from_millis(400),
            count: 1,
            is_open: false,
            timeouts: Nanos::ZERO,
            figures: LedgerFigures {
                has_packets: true,
                ..LedgerFigures::default()
            },
        }
    }

    /// Every cause that a ledger can have.
    fn attributions() -> Vec<Attribution> {
        use Cause as C;
        let network = [
            C::RoundTrip,
            C::CongestionWindow,
            C::Bandwidth,
            C::Queueing,
            C::Loss,
            C::Timeout,
            C::Unanswered,
        ];
        let client = [
            C::Processing,
            C::Delay,
            C::Queue,
            C::Shared,
            C::Window,
            C::FlowControl,
            C::Nagle,
        ];
        let server = [C::Think, C::Pause, C::Window, C::FlowControl, C::Nagle];
        let of = |owner: Owner| move |cause: C| Attribution::new(owner, cause);
        network
            .into_iter()
            .map(of(Owner::Network))
            .chain(client.into_iter().map(of(Owner::Client)))
            .chain(server.into_iter().map(of(Owner::Server)))
            .chain([C::Connect, C::Forward].into_iter().map(of(Owner::Proxy)))
            .chain([Attribution::new(Owner::Resolver, C::Lookup)])
            .collect()
    }

    #[test]
    fn every_cause_has_an_advice_of_its_own_that_fits_a_line() {
        let mut known = std::collections::HashSet::new();
        for attribution in attributions() {
            // What a delay was for is in its detail.
            if attribution.cause == Cause::Delay {
                continue;
            }
            let advice = total(attribution).advice();
            let advice = advice.unwrap_or_else(|| panic!("{attribution:?}"));
            assert!(advice.len() <= 64, "{advice}");
            let is_loss = matches!(attribution.cause, Cause::Loss | Cause::Timeout);
            assert!(known.insert(advice) || is_loss, "{attribution:?}");
        }
        for detail in [
            Detail::ConnectionAttemptDelay,
            Detail::ResolutionDelay,
            Detail::ExpectContinue,
        ] {
            let delay = Attribution::new(Owner::Client, Cause::Delay).with_detail(detail);
            let advice = total(delay).advice();
            assert!(
                advice.is_some_and(|advice| known.insert(advice)),
                "{detail:?}"
            );
        }
    }

    #[test]
    fn short_times_and_nobodys_have_none() {
        let mut short = total(Attribution::THINK);
        short.total = Nanos::from_millis(9);
        assert_eq!(short.advice(), None);
        let idle = total(Attribution::new(Owner::None, Cause::Idle));
        assert_eq!(idle.advice(), None);
        let mut unknown = total(Attribution::UNEXPLAINED);
        assert_eq!(unknown.advice(), None);
        unknown.figures.has_packets = false;
        assert!(
            unknown
                .advice()
                .is_some_and(|told| told.contains("capture"))
        );
    }

    #[test]
    fn the_side_that_would_have_to_change_is_named() {
        let nagle = |owner| total(Attribution::new(owner, Cause::Nagle)).advice();
        assert!(nagle(Owner::Server).is_some_and(|told| told.contains("on the server")));
        assert!(nagle(Owner::Client).is_some_and(|told| told.contains("on this machine")));
    }
}
