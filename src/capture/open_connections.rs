//! TCP connections that are still open, judged by their packets: the end of a run waits for them to
//! close.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::trace::Packet;
use crate::wire::{TcpFlags, TcpHeader, TransportHeader};

/// Connections whose SYN was seen and whose end was not.
#[derive(Debug, Default)]
pub(super) struct OpenConnections(HashMap<(SocketAddr, SocketAddr), ClosingState>);

/// Progress of closing a connection (RFC 9293 §3.6).
#[derive(Clone, Copy, Debug, Default)]
struct ClosingState {
    /// The side with the lower address has sent its FIN.
    lower: bool,
    /// The side with the higher address has.
    higher: bool,
}

impl OpenConnections {
    /// Connections tracked; the end of a run does not wait for others.
    const MAX_CONNECTIONS: usize = 1_024;

    /// Processes a packet. Returns true if the number of open connections changed.
    pub(super) fn track(&mut self, packet: &Packet) -> bool {
        let TransportHeader::Tcp(tcp) = packet.transport else {
            return false;
        };
        let is_lower = packet.source <= packet.destination;
        let key = if is_lower {
            (packet.source, packet.destination)
        } else {
            (packet.destination, packet.source)
        };
        let before = self.0.len();
        if tcp.flags.has(TcpFlags::SYN) {
            if before < Self::MAX_CONNECTIONS {
                self.0.insert(key, ClosingState::default());
            }
        } else if self
            .0
            .get_mut(&key)
            .is_some_and(|closing| closing.track(tcp, is_lower))
        {
            self.0.remove(&key);
        }
        self.0.len() != before
    }

    /// Number of open connections.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

impl ClosingState {
    /// Returns true for the last packet: a reset, or what follows both FINs.
    fn track(&mut self, tcp: TcpHeader, is_lower: bool) -> bool {
        if tcp.flags.has(TcpFlags::RST) {
            return true;
        }
        if !tcp.flags.has(TcpFlags::FIN) {
            return self.lower && self.higher;
        }
        let side = if is_lower {
            &mut self.lower
        } else {
            &mut self.higher
        };
        *side = true;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::WallTime;

    fn packet(up: bool, flags: u8) -> Packet {
        let client = ([127, 0, 0, 1], 50_000).into();
        let server = ([127, 0, 0, 1], 80).into();
        let (source, destination) = if up {
            (client, server)
        } else {
            (server, client)
        };
        let header = TcpHeader {
            seq: 0,
            ack: 0,
            flags: TcpFlags(flags),
            window: 0,
            mss: None,
            window_scale: None,
            timestamp: None,
        };
        Packet {
            wall: WallTime(0),
            source,
            destination,
            frame_bytes: 66,
            payload_bytes: 0,
            transport: TransportHeader::Tcp(header),
            stored: None,
            segment_bytes: None,
        }
    }

    fn open_after(story: &[(bool, u8)]) -> usize {
        let mut connections = OpenConnections::default();
        for (up, flags) in story {
            connections.track(&packet(*up, *flags));
        }
        connections.count()
    }

    const SYN: u8 = TcpFlags::SYN;
    const ACK: u8 = TcpFlags::ACK;
    const FIN: u8 = TcpFlags::FIN | TcpFlags::ACK;

    #[test]
    fn a_connection_is_open_until_the_last_fin_is_acknowledged() {
        let story = [
            (true, SYN),
            (false, SYN | ACK),
            (true, ACK),
            (true, FIN),
            (false, ACK),
            (false, FIN),
            (true, ACK),
        ];
        for packets in 1..story.len() {
            assert_eq!(open_after(&story[..packets]), 1, "after {packets} packets");
        }
        assert_eq!(open_after(&story), 0);
    }

    #[test]
    fn a_reset_closes_a_connection_and_unseen_beginnings_are_ignored() {
        assert_eq!(open_after(&[(true, SYN), (false, TcpFlags::RST | ACK)]), 0);
        assert_eq!(open_after(&[(true, ACK), (false, ACK)]), 0);
    }
}
