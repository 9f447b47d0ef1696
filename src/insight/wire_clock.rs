//! Phases on the wire clock, computed from packets.
//!
//! - *dns* begins with the first packet to a server that the exchange queried, and ends with the
//!   last one with payload from such a server, both within the phase on the program's clock.
//! - *connect* begins with the SYN (the first one, even if it was lost) and ends with the SYN-ACK:
//!   one round trip.
//! - *proxy* and *tls* begin with the packet that carried the first byte to the other side, and end
//!   with the one that completed the bytes that had been read when the phase ended.
//! - *send* begins with the packet that carried the request's first byte, and ends with the first
//!   one that carried its last byte.
//! - *wait* begins where *send* ends, and ends with the first packet that carried the response, see
//!   below.
//! - *receive* begins where *wait* ends, and ends with the packet that completed the bytes that had
//!   been read when the phase ended.
//!
//! It is known exactly which byte a packet must carry: phases record the
//! [position](crate::trace::StreamPosition) in both streams at their edges, and packets are indexed
//! by the same offsets. This also works on reused connections. A phase is absent if a packet at its
//! edge was not captured.
//!
//! The beginning of *the response* needs care: between the end of `send` and the first byte of the
//! final response's head, a server may send TLS 1.3 session tickets (RFC 8446 §4.6.1), HTTP/2
//! settings (RFC 9113 §3.4) and informational responses. So it is not the first packet after the
//! request, but the first with a byte at or after the position where `receive` began: the start of
//! the TLS record that contained the response's first byte or, without TLS, of the read from the
//! kernel that returned it.

use std::net::SocketAddr;

use super::exchange_packets::ExchangePackets;
use crate::trace::{
    Direction, DnsServer, DnsTransport, Exchange, Flow, Phase, PhaseSpan, StreamPosition, Trace,
};
use crate::units::{Moment, Nanos};
use crate::wire::{TcpFlags, Transport};

/// The span of a phase on the wire's clock, on the run's time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireSpan {
    /// The timestamp of its first packet.
    pub began: Moment,
    /// The timestamp of its last packet.
    pub ended: Moment,
}

impl WireSpan {
    /// Its duration.
    pub fn duration(&self) -> Nanos {
        self.ended.since(self.began)
    }

    /// `None` if the end lies before the beginning: a response that overtook its request had no
    /// *wait*.
    fn from_edges(began: Moment, ended: Moment) -> Option<Self> {
        (began <= ended).then_some(Self { began, ended })
    }
}

/// The span of a phase on the wire's clock; `None` if packets do not cover it, or it has not ended.
pub fn wire_phase(trace: &Trace, exchange: &Exchange, phase: Phase) -> Option<WireSpan> {
    let span = exchange.phases.get(phase)?;
    span.ended?;
    if phase == Phase::Dns {
        return dns_span(trace, exchange, span);
    }
    let carried = ExchangePackets::of(trace, exchange)?;
    match phase {
        Phase::Dns => None,
        Phase::Connect => connect_span(&carried),
        Phase::Proxy | Phase::Tls => request_reply_span(&carried, span),
        Phase::Send => send_span(&carried, span),
        Phase::Wait => WireSpan::from_edges(
            request_sent_at(&carried, exchange)?,
            response_received_at(&carried, exchange)?,
        ),
        Phase::Receive => receive_span(&carried, response_received_at(&carried, exchange)?, span),
    }
}

fn connect_span(carried: &ExchangePackets) -> Option<WireSpan> {
    let syn = carried.first_flagged(Direction::Sent, TcpFlags::SYN, TcpFlags::ACK)?;
    WireSpan::from_edges(
        syn,
        carried.first_flagged(Direction::Received, TcpFlags::SYN | TcpFlags::ACK, 0)?,
    )
}

/// A span that begins with a byte sent and ends with a byte received.
fn request_reply_span(carried: &ExchangePackets, span: &PhaseSpan) -> Option<WireSpan> {
    let (from, to) = edge_positions(span)?;
    let began = carried.first(Direction::Sent, from.sent)?;
    WireSpan::from_edges(began, received_by(carried, from.received, to.received)?)
}

fn send_span(carried: &ExchangePackets, span: &PhaseSpan) -> Option<WireSpan> {
    let (from, to) = edge_positions(span)?;
    let last = to.sent.checked_sub(1).filter(|last| *last >= from.sent)?;
    WireSpan::from_edges(
        carried.first(Direction::Sent, from.sent)?,
        carried.first(Direction::Sent, last)?,
    )
}

fn receive_span(carried: &ExchangePackets, began: Moment, span: &PhaseSpan) -> Option<WireSpan> {
    let (from, to) = edge_positions(span)?;
    WireSpan::from_edges(began, received_by(carried, from.received, to.received)?)
}

/// When the request's last byte was first sent.
fn request_sent_at(carried: &ExchangePackets, exchange: &Exchange) -> Option<Moment> {
    carried.first(
        Direction::Sent,
        position_after_send(exchange)?.sent.checked_sub(1)?,
    )
}

/// When the response's first byte was received, as defined above.
fn response_received_at(carried: &ExchangePackets, exchange: &Exchange) -> Option<Moment> {
    let began = exchange
        .phases
        .get(Phase::Receive)
        .and_then(|span| span.began_position);
    let began = began.or_else(|| exchange.phases.get(Phase::Wait)?.ended_position)?;
    carried.first(Direction::Received, began.received)
}

/// The stream positions at the end of *send*.
fn position_after_send(exchange: &Exchange) -> Option<StreamPosition> {
    exchange.phases.get(Phase::Send)?.ended_position
}

fn edge_positions(span: &PhaseSpan) -> Option<(StreamPosition, StreamPosition)> {
    span.began_position
        .zip(span.ended_position)
        .filter(|(from, to)| from.connection == to.connection)
}

fn received_by(carried: &ExchangePackets, from: u64, to: u64) -> Option<Moment> {
    (from < to).then(|| carried.completed(Direction::Received, from, to))?
}

/// Time by which a phase on the program's clock is widened, beyond the uncertainty of the clock
/// mapping, to find its DNS packets.
const DNS_SLACK: Nanos = Nanos::from_millis(1);

fn dns_span(trace: &Trace, exchange: &Exchange, span: &PhaseSpan) -> Option<WireSpan> {
    let queries = &exchange.resolution.as_ref()?.queries;
    let slack = DNS_SLACK + trace.clock().uncertainty()?;
    let window = (span.began - slack)..=(span.ended? + slack);
    let mut first = None::<Moment>;
    let mut last = None::<Moment>;
    for flow in trace.flows() {
        let Some(outward) = queries
            .iter()
            .find_map(|query| direction_to_server(flow, query.server))
        else {
            continue;
        };
        for packet in flow.packets() {
            let Some(at) = trace
                .clock()
                .moment_of(packet.wall)
                .filter(|at| window.contains(at))
            else {
                continue;
            };
            if packet.direction == outward {
                first = Some(first.map_or(at, |known| known.min(at)));
            } else if packet.payload_bytes > 0 {
                last = Some(last.map_or(at, |known| known.max(at)));
            }
        }
    }
    WireSpan::from_edges(first?, last?)
}

/// The direction towards the server, if the flow is with it. Without a SYN it is a guess which end
/// of a flow is local.
fn direction_to_server(flow: &Flow, server: DnsServer) -> Option<Direction> {
    let transport = match server.transport {
        DnsTransport::Udp => Transport::Udp,
        DnsTransport::Tcp | DnsTransport::Tls | DnsTransport::Https => Transport::Tcp,
    };
    if flow.key.transport != transport {
        return None;
    }
    // A link-local server address has a scope, which packets do not carry.
    let is_server = |end: SocketAddr| {
        (end.ip(), end.port()) == (server.address.ip().to_canonical(), server.address.port())
    };
    if is_server(flow.key.remote) {
        return Some(Direction::Sent);
    }
    is_server(flow.key.local).then_some(Direction::Received)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::super::trace_builder::{TraceBuilder, first_exchange, local_address};
    use super::*;
    use crate::trace::{EventKind, ExchangeId};

    /// The wire span of a phase of the first exchange, in microseconds.
    fn micros(trace: &Trace, phase: Phase) -> Option<(i64, i64)> {
        wire_phase(trace, first_exchange(trace), phase)
            .map(|span| (span.began.0 / 1_000, span.ended.0 / 1_000))
    }

    /// HTTPS with TLS 1.3: the handshake takes 300 bytes up and 2,000 down, the request 100, the
    /// response 3,000 after 500 of session tickets.
    fn https() -> TraceBuilder {
        TraceBuilder::new()
            .connected(41_000, false)
            .phase_without_position(Phase::Connect, 900, 41_000)
            .syn(1_000)
            .syn_ack(40_900)
            .phase(Phase::Tls, 41_500, 85_000, (0, 0), (364, 2_000))
            .tls("TLSv1.3", "full")
            .payload_sent(41_600, 0, 300)
            .payload_received(82_000, 0, 1_400)
            .payload_received(82_100, 1_400, 600)
            .payload_sent(84_900, 300, 64)
            .phase(Phase::Send, 85_000, 85_100, (364, 2_000), (464, 2_000))
            .payload_sent(85_050, 364, 100)
            .payload_received(125_000, 2_000, 500)
    }

    #[test]
    fn connect_is_syn_to_syn_ack_and_a_lost_syn_counts() {
        assert_eq!(
            micros(&https().build(), Phase::Connect),
            Some((1_000, 40_900))
        );
        let lost = TraceBuilder::new()
            .connected(1_100_000, false)
            .phase_without_position(Phase::Connect, 900, 1_100_000);
        let trace = lost.syn(1_000).syn(1_001_000).syn_ack(1_041_000).build();
        assert_eq!(micros(&trace, Phase::Connect), Some((1_000, 1_041_000)));
    }

    #[test]
    fn tls_is_the_first_byte_out_to_the_last_byte_in() {
        assert_eq!(micros(&https().build(), Phase::Tls), Some((41_600, 82_100)));
    }

    #[test]
    fn bytes_that_came_out_of_order_complete_when_the_gap_is_filled() {
        let scene = TraceBuilder::new()
            .connected(100, false)
            .syn(10)
            .syn_ack(50)
            .phase(Phase::Tls, 100, 900, (0, 0), (300, 2_000));
        let trace = scene
            .payload_sent(110, 0, 300)
            .payload_received(500, 1_000, 500)
            .payload_received(510, 1_500, 500)
            .payload_received(800, 0, 1_000)
            .build();
        assert_eq!(micros(&trace, Phase::Tls), Some((110, 800)));
    }

    #[test]
    fn retransmissions_do_not_move_an_edge() {
        let scene = https()
            .payload_sent(300_000, 364, 100)
            .payload_received(300_100, 1_400, 600);
        let trace = scene.build();
        assert_eq!(micros(&trace, Phase::Tls), Some((41_600, 82_100)));
        assert_eq!(micros(&trace, Phase::Send), Some((85_050, 85_050)));
    }

    #[test]
    fn tickets_do_not_end_the_wait() {
        let scene = https()
            .phase(Phase::Wait, 85_100, 180_100, (464, 2_000), (464, 2_500))
            .payload_received(180_000, 2_500, 1_400)
            .payload_received(186_000, 3_900, 1_600)
            .phase(Phase::Receive, 180_100, 186_200, (464, 2_500), (464, 5_500));
        let trace = scene.build();
        assert_eq!(micros(&trace, Phase::Wait), Some((85_050, 180_000)));
        assert_eq!(micros(&trace, Phase::Receive), Some((180_000, 186_000)));
    }

    #[test]
    fn a_wait_that_goes_on_or_failed_is_absent() {
        let failed = https()
            .phase_without_position(Phase::Wait, 85_100, 180_100)
            .build();
        assert_eq!(micros(&failed, Phase::Wait), None);
        let going_on = https()
            .event(
                85_100,
                EventKind::PhaseBegan {
                    exchange: TraceBuilder::FIRST,
                    phase: Phase::Wait,
                    position: None,
                },
            )
            .build();
        assert_eq!(micros(&going_on, Phase::Wait), None);
    }

    /// Plain HTTP/1.1: the program read late, when more than the first packet had arrived.
    fn http() -> TraceBuilder {
        TraceBuilder::new()
            .connected(100, false)
            .syn(10)
            .syn_ack(50)
            .phase(Phase::Send, 100, 120, (0, 0), (2_000, 0))
            .payload_sent(105, 0, 1_400)
            .payload_sent(106, 1_400, 600)
            .phase(Phase::Wait, 120, 900, (2_000, 0), (2_000, 0))
            .payload_received(500, 0, 1_400)
            .payload_received(700, 1_400, 1_400)
            .phase(Phase::Receive, 900, 1_000, (2_000, 0), (2_000, 2_800))
    }

    #[test]
    fn the_wait_ends_with_the_first_packet_of_the_response_though_the_program_read_later() {
        let trace = http().build();
        assert_eq!(micros(&trace, Phase::Send), Some((105, 106)));
        assert_eq!(micros(&trace, Phase::Wait), Some((106, 500)));
        assert_eq!(micros(&trace, Phase::Receive), Some((500, 700)));
    }

    #[test]
    fn exchanges_on_a_reused_connection_are_separated_by_positions() {
        let scene = http()
            .ended(1_000)
            .start(2_000, ExchangeId(1))
            .connected(2_000, true);
        let trace = scene
            .phase(Phase::Send, 2_000, 2_010, (2_000, 2_800), (2_100, 2_800))
            .payload_sent(2_005, 2_000, 100)
            .phase(Phase::Wait, 2_010, 2_310, (2_100, 2_800), (2_100, 2_800))
            .payload_received(2_300, 2_800, 500)
            .phase(Phase::Receive, 2_310, 2_320, (2_100, 2_800), (2_100, 3_300))
            .build();
        let second = &trace.exchanges()[1];
        let span = |phase| {
            wire_phase(&trace, second, phase)
                .map(|span| (span.began.0 / 1_000, span.ended.0 / 1_000))
        };
        assert_eq!(span(Phase::Send), Some((2_005, 2_005)));
        assert_eq!(span(Phase::Wait), Some((2_005, 2_300)));
        assert_eq!(span(Phase::Receive), Some((2_300, 2_300)));
        assert_eq!(span(Phase::Connect), None);
    }

    #[test]
    fn a_phase_that_packets_do_not_cover_is_absent() {
        let nothing = TraceBuilder::new().connected(100, false).phase(
            Phase::Tls,
            100,
            900,
            (0, 0),
            (300, 2_000),
        );
        assert_eq!(micros(&nothing.build(), Phase::Tls), None);
        let lost = TraceBuilder::new()
            .connected(100, false)
            .syn(10)
            .syn_ack(50)
            .phase(Phase::Tls, 100, 900, (0, 0), (300, 2_000));
        assert_eq!(
            micros(
                &lost
                    .payload_sent(110, 0, 300)
                    .payload_received(500, 1_000, 1_000)
                    .build(),
                Phase::Tls
            ),
            None
        );
        let bare = TraceBuilder::new()
            .connected(100, false)
            .syn(10)
            .syn_ack(50)
            .phase_without_position(Phase::Tls, 100, 900)
            .payload_sent(110, 0, 300);
        assert_eq!(micros(&bare.build(), Phase::Tls), None);
    }

    #[test]
    fn without_the_syn_offsets_mean_nothing() {
        let late = TraceBuilder::new()
            .connected(100, false)
            .phase(Phase::Send, 100, 120, (0, 0), (300, 0))
            .payload_sent(110, 0, 300);
        assert_eq!(micros(&late.build(), Phase::Send), None);
    }

    #[test]
    fn a_response_that_overtook_its_request_had_no_wait() {
        let scene = TraceBuilder::new()
            .connected(100, false)
            .syn(10)
            .syn_ack(50)
            .phase(Phase::Send, 100, 120, (0, 0), (2_000, 0));
        let scene = scene
            .payload_sent(105, 0, 1_400)
            .payload_received(500, 0, 100)
            .payload_sent(600, 1_400, 600)
            .phase(Phase::Wait, 120, 900, (2_000, 0), (2_000, 0));
        let trace = scene.build();
        assert_eq!(micros(&trace, Phase::Send), Some((105, 600)));
        assert_eq!(micros(&trace, Phase::Wait), None);
    }

    fn server() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 53], 53))
    }

    fn from_port(port: u16) -> SocketAddr {
        SocketAddr::new(local_address().ip(), port)
    }

    #[test]
    fn dns_is_the_first_question_to_the_last_answer_within_the_phase() {
        let scene = TraceBuilder::new()
            .dns_query(1_000, 0, server(), DnsTransport::Udp)
            .dns_query(1_000, 1, server(), DnsTransport::Udp);
        let scene = scene
            .phase_without_position(Phase::Dns, 1_000, 42_000)
            .datagram(1_100, from_port(40_000), server());
        let scene = scene.datagram(1_120, from_port(40_001), server()).datagram(
            41_000,
            server(),
            from_port(40_001),
        );
        let trace = scene
            .datagram(41_500, server(), from_port(40_000))
            .datagram(90_000, from_port(40_002), server())
            .build();
        assert_eq!(micros(&trace, Phase::Dns), Some((1_100, 41_500)));
    }

    #[test]
    fn a_dns_server_on_the_higher_port_is_still_the_server() {
        let high = SocketAddr::from(([127, 0, 0, 1], 60_053));
        let scene = TraceBuilder::new()
            .dns_query(1_000, 0, high, DnsTransport::Udp)
            .phase_without_position(Phase::Dns, 1_000, 2_000);
        let trace = scene
            .datagram(1_100, from_port(40_000), high)
            .datagram(1_900, high, from_port(40_000))
            .build();
        assert_eq!(micros(&trace, Phase::Dns), Some((1_100, 1_900)));
    }

    #[test]
    fn a_link_local_dns_server_is_the_same_with_and_without_its_interface() {
        let asked = "[fe80::53%2]:53".parse().unwrap();
        let seen = "[fe80::53]:53".parse().unwrap();
        let scene = TraceBuilder::new()
            .dns_query(1_000, 0, asked, DnsTransport::Udp)
            .phase_without_position(Phase::Dns, 1_000, 2_000);
        let trace = scene
            .datagram(1_100, from_port(40_000), seen)
            .datagram(1_900, seen, from_port(40_000))
            .build();
        assert_eq!(micros(&trace, Phase::Dns), Some((1_100, 1_900)));
    }

    #[test]
    fn an_unanswered_question_leaves_dns_absent_and_so_does_another_transport() {
        let scene = TraceBuilder::new()
            .dns_query(1_000, 0, server(), DnsTransport::Udp)
            .phase_without_position(Phase::Dns, 1_000, 2_000);
        assert_eq!(
            micros(
                &scene.datagram(1_100, from_port(40_000), server()).build(),
                Phase::Dns
            ),
            None
        );
        let scene = TraceBuilder::new()
            .dns_query(1_000, 0, server(), DnsTransport::Tls)
            .phase_without_position(Phase::Dns, 1_000, 2_000);
        let trace = scene
            .datagram(1_100, from_port(40_000), server())
            .datagram(1_900, server(), from_port(40_000))
            .build();
        assert_eq!(micros(&trace, Phase::Dns), None);
    }
}
