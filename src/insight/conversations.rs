//! The conversations in a capture of other programs' traffic: when they took place, and how they
//! ended.

use crate::trace::{CaptureState, Direction, Flow, Trace};
use crate::units::{Nanos, WallTime};
use crate::wire::{TcpFlags, Transport};

/// The flows of a trace that only contains a capture; `None` if it has exchanges of its own, or no
/// capture.
pub fn captured_conversations(trace: &Trace) -> Option<&[Flow]> {
    let captured = trace.capture().packets > 0 || trace.capture().state == CaptureState::On;
    (captured && trace.exchanges().is_empty()).then(|| trace.flows())
}

/// The time of a flow's first packet, and the duration to its last one, among those still listed.
pub fn flow_span(flow: &Flow) -> Option<(WallTime, Nanos)> {
    let (first, last) = flow.span()?;
    Some((first, last.since(first)))
}

/// Ending of a connection, as far as its packets were captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionEnding {
    /// Nothing answered the SYN.
    Unanswered,
    /// The SYN was answered with a reset (RFC 9293 §3.5.2).
    Refused,
    /// Both sides sent a FIN (RFC 9293 §3.6).
    Closed,
    /// One side reset it.
    Reset(Direction),
    /// Only one side sent a FIN.
    HalfClosed(Direction),
    /// It was still open at the end of the capture.
    Open,
}

impl ConnectionEnding {
    /// Returns true for endings that both sides are unlikely to have wanted.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Unanswered | Self::Refused | Self::Reset(_))
    }
}

/// Returns the ending of a flow; `None` for UDP, which has no end.
pub fn connection_ending(flow: &Flow) -> Option<ConnectionEnding> {
    if flow.key.transport == Transport::Udp {
        return None;
    }
    let has = |direction, flag| flow.flags(direction).has(flag);
    let sides = [Direction::Received, Direction::Sent];
    let opened = has(Direction::Sent, TcpFlags::SYN);
    let side_with = |flag| sides.into_iter().find(|side| has(*side, flag));
    Some(match (side_with(TcpFlags::RST), side_with(TcpFlags::FIN)) {
        _ if opened && flow.counts(Direction::Received).packets == 0 => {
            ConnectionEnding::Unanswered
        }
        _ if sides.iter().all(|side| has(*side, TcpFlags::FIN)) => ConnectionEnding::Closed,
        (Some(Direction::Received), _) if opened && !has(Direction::Received, TcpFlags::SYN) => {
            ConnectionEnding::Refused
        }
        (Some(side), _) => ConnectionEnding::Reset(side),
        (None, Some(side)) => ConnectionEnding::HalfClosed(side),
        (None, None) => ConnectionEnding::Open,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::net::SocketAddr;

    use super::*;
    use crate::trace::{Event, EventKind, Packet, Trace};
    use crate::units::{Moment, WallTime};
    use crate::wire::{TcpHeader, TransportHeader};

    /// The ending of a connection, given each packet's direction (true for the client) and flags.
    fn of(packets: &[(bool, u8)]) -> Option<ConnectionEnding> {
        let ends = [
            SocketAddr::from(([10, 0, 0, 1], 5_000)),
            SocketAddr::from(([10, 0, 0, 2], 80)),
        ];
        let packet = |&(by_client, flags): &(bool, u8)| Packet {
            wall: WallTime(0),
            source: ends[usize::from(!by_client)],
            destination: ends[usize::from(by_client)],
            frame_bytes: 60,
            payload_bytes: 0,
            transport: TransportHeader::Tcp(TcpHeader {
                seq: 1,
                ack: 1,
                flags: TcpFlags(flags),
                window: 0,
                mss: None,
                window_scale: None,
                timestamp: None,
            }),
            stored: None,
            segment_bytes: None,
        };
        let packets = packets.iter().map(packet).collect();
        let trace = Trace::from_events([Event {
            at: Moment::START,
            kind: EventKind::Packets { packets },
        }]);
        connection_ending(trace.flows().first().unwrap())
    }

    #[test]
    fn flags_determine_the_ending() {
        const SYN: u8 = TcpFlags::SYN;
        const ACK: u8 = TcpFlags::ACK;
        const FIN: u8 = TcpFlags::FIN | ACK;
        const RST: u8 = TcpFlags::RST | ACK;
        let opened = [(true, SYN), (false, SYN | ACK), (true, ACK)];
        let and = |more: &[(bool, u8)]| of(&[&opened, more].concat());
        assert_eq!(
            of(&[(true, SYN), (true, SYN)]),
            Some(ConnectionEnding::Unanswered)
        );
        assert_eq!(
            of(&[(true, SYN), (false, RST)]),
            Some(ConnectionEnding::Refused)
        );
        assert_eq!(and(&[]), Some(ConnectionEnding::Open));
        assert_eq!(
            and(&[(false, FIN)]),
            Some(ConnectionEnding::HalfClosed(Direction::Received))
        );
        assert_eq!(
            and(&[(false, FIN), (true, FIN), (true, RST)]),
            Some(ConnectionEnding::Closed)
        );
        assert_eq!(
            and(&[(true, RST)]),
            Some(ConnectionEnding::Reset(Direction::Sent))
        );
        assert_eq!(
            and(&[(true, FIN), (false, RST)]),
            Some(ConnectionEnding::Reset(Direction::Received))
        );
    }
}
