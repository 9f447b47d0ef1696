//! Summary of a chunk of consecutive packets, which is made in one pass over them.

use std::ops::Range;

use super::size_set::SizeSet;
use super::stream_update::StreamUpdate;
use super::traffic_sum::{DirectionSum, TrafficSum};
use super::{Direction, Flow, PacketEntry};
use crate::units::WallTime;
use crate::wire::TcpFlags;

/// Summary of a chunk of consecutive packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkSummary {
    /// Earliest timestamp.
    pub first: WallTime,
    /// Latest timestamp.
    pub last: WallTime,
    /// Number of its last packet, counted over all packets of the trace.
    pub(super) last_packet_number: u64,
    sent: DirectionSummary,
    received: DirectionSummary,
}

/// Summary of one direction of a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectionSummary {
    /// Payload sizes. Retransmitted packets are not part of this and of what follows; they are
    /// [listed](Flow::retransmitted_packets) separately.
    pub payload_sizes: SizeSet,
    /// From the first stream offset in the chunk to the last.
    pub byte_range: Option<Range<u64>>,
    /// Longest range of bytes within it that the chunk did not carry.
    pub largest_gap: u64,
    /// Stream offsets that the other side acknowledged.
    pub acknowledged: Option<ValueRange>,
    /// Right edges of the receive window.
    pub window_edge: Option<ValueRange>,
    /// Highest stream offset sent up to the end of the chunk.
    stream_end: u64,
    traffic: PackedSum,
}

/// Highest stream offset of each direction sent up to a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StreamEnds {
    sent: u64,
    received: u64,
}

/// Minimum, maximum and last value of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRange {
    /// The minimum.
    pub min: u64,
    /// The maximum.
    pub max: u64,
    /// The last value.
    pub last: u64,
}

/// A [`DirectionSum`] of at most [`ChunkSummary::PACKETS`] packets, in 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PackedSum {
    payload_bytes: u64,
    packets: u8,
    data_segments: u8,
    retransmitted: u8,
    flags: TcpFlags,
}

impl ChunkSummary {
    /// Packets in a chunk; [`PackedSum`] counts no more than 255.
    pub(super) const PACKETS: usize = 128;

    /// Returns the summary of one direction.
    pub const fn one_direction(&self, direction: Direction) -> &DirectionSummary {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    /// The summary of no packets, to which those after `stream_ends` are added.
    pub(super) fn after(stream_ends: StreamEnds) -> Self {
        Self {
            first: WallTime(u64::MAX),
            last: WallTime::default(),
            last_packet_number: 0,
            sent: DirectionSummary::after(stream_ends.sent),
            received: DirectionSummary::after(stream_ends.received),
        }
    }

    /// Adds a packet of a flow, the latest so far; at most [`PACKETS`](Self::PACKETS) in all.
    pub(super) fn add(&mut self, flow: &Flow, packet: &PacketEntry) {
        self.first = self.first.min(packet.wall);
        self.last = self.last.max(packet.wall);
        self.last_packet_number = flow.latest_packet_number();
        self.sent.add(flow, packet, Direction::Sent);
        self.received.add(flow, packet, Direction::Received);
    }

    /// Returns how far both streams had come with its last packet.
    pub(super) const fn stream_ends(&self) -> StreamEnds {
        StreamEnds {
            sent: self.sent.stream_end,
            received: self.received.stream_end,
        }
    }

    /// Returns the traffic of all its packets.
    pub(super) fn traffic(&self) -> TrafficSum {
        TrafficSum {
            sent: self.sent.traffic.into(),
            received: self.received.traffic.into(),
        }
    }
}

impl DirectionSummary {
    /// The summary of no packets.
    fn after(stream_end: u64) -> Self {
        Self {
            stream_end,
            ..Self::default()
        }
    }

    /// Adds what a packet of either direction tells about this one.
    fn add(&mut self, flow: &Flow, packet: &PacketEntry, direction: Direction) {
        if packet.direction == direction {
            self.traffic.add(packet);
        }
        match StreamUpdate::from_packet(flow, packet, direction, &mut self.stream_end) {
            Some(StreamUpdate::Sent {
                from,
                to,
                retransmitted: false,
            }) => {
                self.payload_sizes.add(packet.payload_bytes);
                self.add_bytes(from, to);
            }
            Some(StreamUpdate::Acknowledged { to, window_edge }) => {
                ValueRange::extend_to(&mut self.acknowledged, to);
                if let Some(edge) = window_edge {
                    ValueRange::extend_to(&mut self.window_edge, edge);
                }
            }
            _ => {}
        }
    }

    fn add_bytes(&mut self, from: u64, to: u64) {
        let carried = self.byte_range.get_or_insert(from..to);
        self.largest_gap = self.largest_gap.max(from.saturating_sub(carried.end));
        *carried = carried.start.min(from)..carried.end.max(to);
    }
}

impl StreamEnds {
    pub(super) const fn one_direction(self, direction: Direction) -> u64 {
        match direction {
            Direction::Sent => self.sent,
            Direction::Received => self.received,
        }
    }
}

impl ValueRange {
    fn extend_to(span: &mut Option<Self>, value: u64) {
        let span = span.get_or_insert(Self {
            min: value,
            max: value,
            last: value,
        });
        *span = Self {
            min: span.min.min(value),
            max: span.max.max(value),
            last: value,
        };
    }
}

impl PackedSum {
    fn add(&mut self, packet: &PacketEntry) {
        self.payload_bytes += u64::from(packet.payload_bytes);
        self.packets += 1;
        self.data_segments += u8::from(packet.payload_bytes > 0);
        self.retransmitted += u8::from(packet.retransmitted);
        self.flags.0 |= packet.flags.0;
    }
}

impl From<PackedSum> for DirectionSum {
    fn from(sum: PackedSum) -> Self {
        Self {
            packets: sum.packets.into(),
            data_segments: sum.data_segments.into(),
            payload_bytes: sum.payload_bytes,
            retransmitted: sum.retransmitted.into(),
            flags: sum.flags,
        }
    }
}
