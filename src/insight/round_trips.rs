//! Round trips: how long one takes, how many an exchange took, and how few would have been enough.

use super::exchange_packets::ExchangePackets;
use super::ledger::{Cause, ExchangeLedger, Ledger, MIN_NETWORK_ROUND_TRIP, Owner};
use crate::trace::{Clock, Connection, Direction, Exchange, Phase, Tls, Trace};
use crate::units::Nanos;

use super::wire_phase;

/// A round-trip time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtt {
    /// The duration.
    pub duration: Nanos,
    /// Its source: [`Clock::Wire`] (SYN to SYN-ACK) or [`Clock::Kernel`] (`TCP_INFO`).
    pub clock: Clock,
}

/// The round-trip time of an exchange's connection.
///
/// On the wire it is the time from SYN to SYN-ACK, unless the SYN was sent more than once: then it
/// is ambiguous which one was answered (Karn's algorithm, RFC 6298 §3). Otherwise it is the
/// kernel's minimum, or else its smoothed estimate.
pub fn connection_rtt(trace: &Trace, exchange: &Exchange) -> Option<Rtt> {
    let connection = trace.connection(exchange.connection?)?;
    let of_wire = handshake_rtt(trace, connection).map(|duration| Rtt {
        duration,
        clock: Clock::Wire,
    });
    of_wire.or_else(|| {
        let kernel = connection.tcp_info?;
        Some(Rtt {
            duration: kernel.min_rtt.or(kernel.rtt)?,
            clock: Clock::Kernel,
        })
    })
}

fn handshake_rtt(trace: &Trace, connection: &Connection) -> Option<Nanos> {
    let opener = trace.exchange(connection.opened_by)?;
    if opener.connection != Some(connection.id)
        || ExchangePackets::of(trace, opener)?.syns(Direction::Sent) != 1
    {
        return None;
    }
    wire_phase(trace, opener, Phase::Connect).map(|span| span.duration())
}

/// The network's share of an exchange in round trips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoundTrips {
    /// The round-trip time.
    pub rtt: Rtt,
    /// The time that went on propagation and on the sender's congestion window, divided by the
    /// round-trip time; never the time of a server that thinks. 0 on loopback and to a proxy there,
    /// where no share of the network is claimed.
    pub used: f64,
    /// The minimum for these protocols.
    pub minimum: u32,
}

/// The round trips that an answered exchange took by its ledger, and the minimum; `None` before its
/// end or if the round-trip time is unknown.
///
/// | step | at least |
/// |---|---|
/// | name resolution | not counted: its server is another machine |
/// | TCP | 1 (RFC 9293 §3.5); 0 on a reused connection, as for everything before the request |
/// | proxy | 1 for `CONNECT`; 2 for SOCKS 5 (RFC 1928); TLS to an `https` proxy as below |
/// | TLS 1.3 | 1 (RFC 8446 §2); 0 with early data |
/// | TLS 1.2 | 2; 1 resumed (RFC 5246 §7.3) |
/// | request and response | 1 |
pub fn round_trips(trace: &Trace, exchange: &Exchange, ledger: &Ledger) -> Option<RoundTrips> {
    exchange.response.as_ref()?;
    let rtt = connection_rtt(trace, exchange).filter(|rtt| rtt.duration > Nanos::ZERO)?;
    exchange.ended?;
    let taken = if rtt.duration < MIN_NETWORK_ROUND_TRIP {
        Nanos::ZERO
    } else {
        [Cause::RoundTrip, Cause::CongestionWindow]
            .map(|cause| ledger.caused_by(Owner::Network, cause))
            .into_iter()
            .sum()
    };
    Some(RoundTrips {
        rtt,
        used: taken.as_secs_f64() / rtt.duration.as_secs_f64(),
        minimum: min_round_trips(trace, exchange)?,
    })
}

/// Like [`round_trips`], with the exchange's ledger made for it.
pub fn exchange_round_trips(trace: &Trace, exchange: &Exchange) -> Option<RoundTrips> {
    round_trips(trace, exchange, &ExchangeLedger::new(trace, exchange).whole)
}

fn min_round_trips(trace: &Trace, exchange: &Exchange) -> Option<u32> {
    const REQUEST: u32 = 1;
    let has = |phase| exchange.phases.get(phase).is_some();
    let mut trips = REQUEST + u32::from(has(Phase::Connect));
    if has(Phase::Proxy) {
        trips += proxy_round_trips(exchange)?;
    }
    if has(Phase::Tls) {
        trips += tls_round_trips(trace.connection(exchange.connection?)?.tls.as_ref()?)?;
    }
    Some(trips)
}

fn proxy_round_trips(exchange: &Exchange) -> Option<u32> {
    let (_, step) = exchange.proxy.first()?;
    match step.kind.as_str() {
        "http" => Some(1),
        "https" | "socks5" | "socks5h" => Some(2),
        _ => None,
    }
}

fn tls_round_trips(tls: &Tls) -> Option<u32> {
    let handshake = tls.handshake.as_ref()?;
    match (handshake.version.as_str(), handshake.kind.as_str()) {
        ("TLSv1.3", "early_data") => Some(0),
        ("TLSv1.3", _) | ("TLSv1.2", "resumed") => Some(1),
        ("TLSv1.2", _) => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::trace_builder::{TraceBuilder, first_exchange};
    use super::*;
    use crate::trace::{EventKind, ExchangeId, HttpVersion, ProxyStep, TcpInfo};

    fn connected() -> TraceBuilder {
        TraceBuilder::new()
            .phase_without_position(Phase::Connect, 0, 40_000)
            .connected(40_000, false)
    }

    fn kernel(rtt: u64, min_rtt: Option<u64>) -> TcpInfo {
        TcpInfo {
            rtt: Some(Nanos::from_millis(rtt)),
            min_rtt: min_rtt.map(Nanos::from_millis),
            ..TcpInfo::default()
        }
    }

    #[test]
    fn the_wire_is_asked_first_and_then_the_kernel() {
        let trace = connected()
            .syn(0)
            .syn_ack(40_000)
            .kernel(kernel(50, Some(45)))
            .build();
        assert_eq!(
            connection_rtt(&trace, first_exchange(&trace)),
            Some(Rtt {
                duration: Nanos::from_millis(40),
                clock: Clock::Wire
            })
        );
        let trace = connected().kernel(kernel(50, Some(45))).build();
        assert_eq!(
            connection_rtt(&trace, first_exchange(&trace)),
            Some(Rtt {
                duration: Nanos::from_millis(45),
                clock: Clock::Kernel
            })
        );
        let trace = connected().kernel(kernel(50, None)).build();
        assert_eq!(
            connection_rtt(&trace, first_exchange(&trace)),
            Some(Rtt {
                duration: Nanos::from_millis(50),
                clock: Clock::Kernel
            })
        );
        let trace = connected().build();
        assert_eq!(connection_rtt(&trace, first_exchange(&trace)), None);
    }

    #[test]
    fn a_syn_sent_twice_measures_nothing() {
        let trace = connected()
            .syn(0)
            .syn(1_000)
            .syn_ack(40_000)
            .kernel(kernel(39, None))
            .build();
        assert_eq!(
            connection_rtt(&trace, first_exchange(&trace)),
            Some(Rtt {
                duration: Nanos::from_millis(39),
                clock: Clock::Kernel
            })
        );
    }

    fn minimum(scene: TraceBuilder) -> Option<u32> {
        let trace = scene
            .answered(200_000, HttpVersion::Http11)
            .ended(200_000)
            .build();
        exchange_round_trips(&trace, trace.exchanges().last()?).map(|trips| trips.minimum)
    }

    #[test]
    fn each_step_of_the_stack_costs_its_round_trips() {
        let over = || connected().syn(0).syn_ack(40_000);
        let tls = |version, kind| {
            over()
                .phase_without_position(Phase::Tls, 40_000, 80_000)
                .tls(version, kind)
        };
        assert_eq!(minimum(over()), Some(2));
        assert_eq!(minimum(tls("TLSv1.3", "full")), Some(3));
        assert_eq!(minimum(tls("TLSv1.3", "hello_retry")), Some(3));
        assert_eq!(minimum(tls("TLSv1.3", "early_data")), Some(2));
        assert_eq!(minimum(tls("TLSv1.2", "full")), Some(4));
        assert_eq!(minimum(tls("TLSv1.2", "resumed")), Some(3));
    }

    #[test]
    fn a_proxy_costs_the_round_trips_of_its_protocol() {
        let through = |kind: &str| {
            let step = ProxyStep {
                kind: kind.into(),
                text: "".into(),
            };
            let scene = connected().syn(0).syn_ack(40_000).phase_without_position(
                Phase::Proxy,
                40_000,
                80_000,
            );
            minimum(scene.event(
                50_000,
                EventKind::ProxyTalked {
                    exchange: TraceBuilder::FIRST,
                    step,
                },
            ))
        };
        assert_eq!(through("http"), Some(3));
        assert_eq!(through("socks5h"), Some(4));
        assert_eq!(through("carrier pigeon"), None);
    }

    #[test]
    fn a_reused_connection_needs_one() {
        let scene = connected()
            .syn(0)
            .syn_ack(40_000)
            .ended(90_000)
            .start(100_000, ExchangeId(1))
            .connected(100_000, true);
        assert_eq!(minimum(scene), Some(1));
    }

    /// The round trips of a request that is answered so long after it was sent, in tenths.
    fn used(scene: TraceBuilder, answered: i64) -> Option<u64> {
        let end = 40_100 + answered;
        let trace = scene
            .syn(0)
            .syn_ack(40_000)
            .phase(Phase::Send, 40_000, 40_100, (0, 0), (300, 0))
            .phase(Phase::Wait, 40_100, end, (300, 0), (300, 0))
            .payload_sent(40_100, 0, 300)
            .payload_received(end, 0, 10)
            .phase(Phase::Receive, end, end, (300, 0), (300, 10))
            .answered(end, HttpVersion::Http11)
            .ended(end)
            .build();
        let trips = exchange_round_trips(&trace, first_exchange(&trace))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small figures of this test"
        )]
        Some((trips.used * 10.0).round() as u64)
    }

    #[test]
    fn a_server_that_thinks_uses_no_round_trips() {
        assert_eq!(used(connected(), 40_000), Some(20));
        assert_eq!(used(connected(), 540_000), Some(20));
        assert_eq!(used(connected(), 5_000_000), Some(20));
    }

    #[test]
    fn name_resolution_is_not_counted() {
        let scene = TraceBuilder::new()
            .phase_without_position(Phase::Dns, -90_000, 0)
            .phase_without_position(Phase::Connect, 0, 40_000)
            .connected(40_000, false);
        assert_eq!(used(scene, 40_000), Some(20));
    }

    #[test]
    fn an_unfinished_exchange_has_no_count() {
        let trace = connected()
            .syn(0)
            .syn_ack(40_000)
            .answered(90_000, HttpVersion::Http2)
            .build();
        assert_eq!(exchange_round_trips(&trace, first_exchange(&trace)), None);
    }
}
