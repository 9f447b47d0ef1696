//! How much passed in a stretch of time, without looking at every packet of it.
//!
//! Packets are summed up in chunks as they come. A stretch is answered from the sums of the chunks
//! that lie within it and from the packets of the two at its edges, so a picture of a million
//! packets costs no more than one of a thousand.

use super::{Direction, PacketEntry};
use crate::units::WallTime;
use crate::wire::TcpFlags;

/// What passed in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficSum {
    /// From the local end.
    pub sent: DirectionSum,
    /// To the local end.
    pub received: DirectionSum,
}

/// What passed in one direction.
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
    /// One direction.
    pub const fn one_way(&self, direction: Direction) -> &DirectionSum {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn and(mut self, other: Self) -> Self {
        self.merge(&other);
        self
    }

    fn add(&mut self, packet: &PacketEntry) {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chunk {
    first: WallTime,
    last: WallTime,
    sum: TrafficSum,
    /// Number of its last packet among all that came.
    number: u64,
}

impl Chunk {
    fn of(packets: &[PacketEntry], number: u64) -> Option<Self> {
        let (first, last) = span_of(packets)?;
        let mut sum = TrafficSum::default();
        for packet in packets {
            sum.add(packet);
        }
        Some(Self {
            first,
            last,
            sum,
            number,
        })
    }
}

fn span_of(packets: &[PacketEntry]) -> Option<(WallTime, WallTime)> {
    let walls = packets.iter().map(|packet| packet.wall);
    Some((walls.clone().min()?, walls.max()?))
}

/// The sums of every [`CHUNK`](Self::CHUNK) packets. The last, which are fewer, are looked at one
/// by one: most flows are short, and need no sums. Each question is handed all packets that were
/// added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChunkSums {
    chunks: Vec<Chunk>,
}

impl ChunkSums {
    pub(super) const EMPTY: Self = Self { chunks: Vec::new() };
    /// Packets in a chunk.
    pub(super) const CHUNK: usize = 256;

    /// The last of the packets is new, and has this number among all that came.
    pub(super) fn add(&mut self, packets: &[PacketEntry], number: u64) {
        let new = self.tail(packets);
        if new.len() == Self::CHUNK {
            self.chunks.extend(Chunk::of(new, number));
        }
    }

    /// When the first of them passed, and the last.
    pub(super) fn span(&self, packets: &[PacketEntry]) -> Option<(WallTime, WallTime)> {
        let chunks = self.chunks.iter().map(|chunk| (chunk.first, chunk.last));
        let all = chunks.chain(span_of(self.tail(packets)));
        all.reduce(|(first, last), (other_first, other_last)| {
            (first.min(other_first), last.max(other_last))
        })
    }

    /// What passed from `from` up to, not including, `to`.
    pub(super) fn between(
        &self,
        packets: &[PacketEntry],
        from: WallTime,
        to: WallTime,
    ) -> TrafficSum {
        let mut passed = TrafficSum::default();
        let mut add = |packets: &[PacketEntry]| {
            packets
                .iter()
                .filter(|packet| from <= packet.wall && packet.wall < to)
                .for_each(|packet| passed.add(packet));
        };
        add(self.tail(packets));
        let first = self.chunks.partition_point(|chunk| chunk.last < from);
        let mut whole = TrafficSum::default();
        for (place, chunk) in self
            .chunks
            .iter()
            .enumerate()
            .skip(first)
            .take_while(|(_, chunk)| chunk.first < to)
        {
            if from <= chunk.first && chunk.last < to {
                whole.merge(&chunk.sum);
            } else {
                let start = place * Self::CHUNK;
                add(packets.get(start..start + Self::CHUNK).unwrap_or_default());
            }
        }
        passed.and(whole)
    }

    /// Returns, for each chunk, the number of its last packet among all that came.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.chunks.iter().map(|chunk| chunk.number)
    }

    /// Forgets the first chunks, whose packets are no longer handed in.
    pub(super) fn forget(&mut self, chunks: usize) {
        self.chunks.drain(..chunks.min(self.chunks.len()));
        self.chunks.shrink_to_fit();
    }

    /// Those that are not summed up.
    fn tail<'a>(&self, packets: &'a [PacketEntry]) -> &'a [PacketEntry] {
        packets
            .get(self.chunks.len() * Self::CHUNK..)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(n: u64) -> PacketEntry {
        PacketEntry {
            wall: WallTime(n * 10),
            offset: 0,
            ack: 0,
            payload_bytes: u32::try_from(n % 7).unwrap_or(0),
            window: 0,
            flags: TcpFlags(if n == 700 {
                TcpFlags::RST
            } else {
                TcpFlags::ACK
            }),
            direction: if n.is_multiple_of(3) {
                Direction::Sent
            } else {
                Direction::Received
            },
            retransmitted: n.is_multiple_of(100),
            stored: None,
        }
    }

    #[test]
    fn a_stretch_sums_to_what_its_packets_sum_to() {
        let packets: Vec<PacketEntry> = (0..1_000).map(packet).collect();
        let mut sums = ChunkSums::EMPTY;
        for count in 1..=packets.len() {
            sums.add(packets.get(..count).unwrap_or_default(), count as u64);
        }
        for (from, to) in [
            (0, 0),
            (0, 5),
            (0, 10_000),
            (2_555, 2_561),
            (17, 9_001),
            (5_120, 7_680),
            (9_990, u64::MAX),
            (20_000, 30_000),
        ] {
            let mut expected = TrafficSum::default();
            for packet in packets
                .iter()
                .filter(|packet| (from..to).contains(&packet.wall.0))
            {
                expected.add(packet);
            }
            assert_eq!(
                sums.between(&packets, WallTime(from), WallTime(to)),
                expected,
                "from {from} to {to}"
            );
        }
    }
}
