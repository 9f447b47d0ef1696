//! Traffic in a span of time: packets, payload, retransmissions, flags.

use super::{Direction, PacketEntry};
use crate::wire::TcpFlags;

/// Traffic in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficSum {
    /// From the local end.
    pub sent: DirectionSum,
    /// To the local end.
    pub received: DirectionSum,
}

/// Traffic in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectionSum {
    /// Packets of any kind.
    pub packets: u64,
    /// Packets with payload.
    pub data_segments: u64,
    /// Their payload.
    pub payload_bytes: u64,
    /// Packets that carried bytes a packet before them had carried.
    pub retransmitted: u64,
    /// All flags that any of them had.
    pub flags: TcpFlags,
}

impl TrafficSum {
    /// Returns one direction.
    pub const fn one_way(&self, direction: Direction) -> &DirectionSum {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    /// Returns the sum of both.
    #[must_use]
    pub const fn and(mut self, other: Self) -> Self {
        self.merge(&other);
        self
    }

    pub(super) fn add(&mut self, packet: &PacketEntry) {
        let side = match packet.direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        };
        side.packets += 1;
        side.data_segments += u64::from(packet.payload_bytes > 0);
        side.payload_bytes += u64::from(packet.payload_bytes);
        side.retransmitted += u64::from(packet.retransmitted);
        side.flags.0 |= packet.flags.0;
    }

    const fn merge(&mut self, other: &Self) {
        self.sent.merge(&other.sent);
        self.received.merge(&other.received);
    }
}

impl DirectionSum {
    const fn merge(&mut self, other: &Self) {
        self.packets += other.packets;
        self.data_segments += other.data_segments;
        self.payload_bytes = self.payload_bytes.saturating_add(other.payload_bytes);
        self.retransmitted += other.retransmitted;
        self.flags.0 |= other.flags.0;
    }
}
