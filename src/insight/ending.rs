//! How a connection ended, by its packets.

use crate::trace::{Direction, Flow, TcpFlags};

/// How it ended, as far as packets were captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Nobody answered the SYN.
    Unanswered,
    /// A reset answered the SYN (RFC 9293 §3.5.2).
    Refused,
    /// Both sides said that they have no more to say (RFC 9293 §3.6).
    Closed,
    /// One side reset it.
    Reset(Direction),
    /// Only one side has said that it has no more to say.
    HalfClosed(Direction),
    /// It had not ended.
    Open,
}

impl Ending {
    /// Whether it is not what both sides will have wanted.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Unanswered | Self::Refused | Self::Reset(_))
    }
}

/// How a flow ended; `None` for UDP, which has no end.
pub fn ending(flow: &Flow) -> Option<Ending> {
    if !flow.key.tcp {
        return None;
    }
    let has = |direction, flag| flow.flags(direction).has(flag);
    let sides = [Direction::Received, Direction::Sent];
    let opened = has(Direction::Sent, TcpFlags::SYN);
    let side_with = |flag| sides.into_iter().find(|side| has(*side, flag));
    Some(match (side_with(TcpFlags::RST), side_with(TcpFlags::FIN)) {
        _ if opened && flow.counts(Direction::Received).packets == 0 => Ending::Unanswered,
        _ if sides.iter().all(|side| has(*side, TcpFlags::FIN)) => Ending::Closed,
        (Some(Direction::Received), _) if opened && !has(Direction::Received, TcpFlags::SYN) => {
            Ending::Refused
        }
        (Some(side), _) => Ending::Reset(side),
        (None, Some(side)) => Ending::HalfClosed(side),
        (None, None) => Ending::Open,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::net::SocketAddr;

    use super::*;
    use crate::trace::{Event, Packet, TcpHeader, Trace, Transport, What};
    use crate::units::{Moment, WallTime};

    /// The ending where these flags pass, each from the client or not.
    fn of(packets: &[(bool, u8)]) -> Option<Ending> {
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
            transport: Transport::Tcp(TcpHeader {
                seq: 1,
                ack: 1,
                flags: TcpFlags(flags),
                window: 0,
                mss: None,
                window_scale: None,
            }),
            stored: None,
            segment_bytes: None,
        };
        let packets = packets.iter().map(packet).collect();
        let trace = Trace::of([Event {
            at: Moment::START,
            what: What::Packets { packets },
        }]);
        ending(trace.flows().first().unwrap())
    }

    #[test]
    fn flags_tell_how_it_ended() {
        const SYN: u8 = TcpFlags::SYN;
        const ACK: u8 = TcpFlags::ACK;
        const FIN: u8 = TcpFlags::FIN | ACK;
        const RST: u8 = TcpFlags::RST | ACK;
        let opened = [(true, SYN), (false, SYN | ACK), (true, ACK)];
        let and = |more: &[(bool, u8)]| of(&[&opened, more].concat());
        assert_eq!(of(&[(true, SYN), (true, SYN)]), Some(Ending::Unanswered));
        assert_eq!(of(&[(true, SYN), (false, RST)]), Some(Ending::Refused));
        assert_eq!(and(&[]), Some(Ending::Open));
        assert_eq!(
            and(&[(false, FIN)]),
            Some(Ending::HalfClosed(Direction::Received))
        );
        assert_eq!(
            and(&[(false, FIN), (true, FIN), (true, RST)]),
            Some(Ending::Closed)
        );
        assert_eq!(and(&[(true, RST)]), Some(Ending::Reset(Direction::Sent)));
        assert_eq!(
            and(&[(true, FIN), (false, RST)]),
            Some(Ending::Reset(Direction::Received))
        );
    }
}
