//! Flows: the packets of one TCP connection, or of one UDP 4-tuple, as one index entry per packet.

mod chunk;
mod eviction;
mod packet;
mod packet_numbers;
mod size_set;
mod stream;
mod stream_update;
mod summary;
#[cfg(test)]
mod tests;
mod traffic_sum;

use std::ops::Range;

pub use chunk::{ChunkSummary, DirectionSummary, ValueRange};
pub use packet::{Direction, FlowKey, Packet};
pub use size_set::SizeSet;
pub use stream::SegmentCounts;
pub use stream_update::StreamUpdate;
pub use summary::PacketRun;
pub use traffic_sum::{DirectionSum, TrafficSum};

use super::{DeliveryError, PacketLocation};
use crate::units::{Nanos, WallTime, push_tight};
use crate::wire::assembler::{Carrier, unwrap_offset};
use crate::wire::{TcpFlags, Transport, TransportHeader};
use packet_numbers::PacketNumbers;
use stream::SequenceSpace;
use summary::FlowSummary;

/// Index entry of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketEntry {
    /// The kernel's timestamp.
    pub wall: WallTime,
    /// Offset of the payload's first byte in its direction's byte stream, counted from the first
    /// byte after the SYN and unwrapped past 4 GiB; 0 for UDP.
    pub offset: u64,
    /// Acknowledgment number as sent.
    pub ack: u32,
    /// Payload bytes.
    pub payload_bytes: u32,
    /// Unscaled window.
    pub window: u16,
    /// Flags.
    pub flags: TcpFlags,
    /// Direction of the packet.
    pub direction: Direction,
    /// Whether it is a retransmission: see [`SegmentCounts::retransmitted`].
    pub retransmitted: bool,
    /// Whether it has the timestamps option.
    has_timestamp: bool,
    /// The low 16 bits of the option's `TSval`, which keep the entry small.
    timestamp_bits: u16,
    /// Location of its bytes, if they are stored.
    pub stored: Option<PacketLocation>,
}

impl PacketEntry {
    /// Offset after its payload's last byte.
    pub fn end_offset(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.payload_bytes))
    }

    /// Returns the low 16 bits of the sender's clock when it sent the packet (`TSval`, RFC 7323
    /// §3.2), in ticks of its choice; `None` without the option.
    pub fn timestamp_bits(&self) -> Option<u16> {
        self.has_timestamp.then_some(self.timestamp_bits)
    }
}

/// The packets of one 4-tuple.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its two endpoints.
    pub key: FlowKey,
    entries: Vec<PacketEntry>,
    summary: Option<Box<FlowSummary>>,
    unlisted: u64,
    /// Packets that were listed and have been evicted, and the time they span.
    evicted: u64,
    evicted_span: Option<(WallTime, WallTime)>,
    /// Number of its latest packet, counted over all packets of the trace.
    latest_packet_number: u64,
    /// Numbers of the listed packets, counted likewise.
    packet_numbers: PacketNumbers,
    sent: SequenceSpace,
    received: SequenceSpace,
    /// Timestamp of the latest SYN that has not been answered.
    syn_at: Option<WallTime>,
    /// Time from SYN to its answer.
    handshake_rtt: Option<Nanos>,
    delivery_errors: Vec<DeliveryError>,
    delivery_errors_unlisted: u64,
}

impl Flow {
    /// Maximum number of delivery errors that are listed.
    pub(super) const MAX_DELIVERY_ERRORS: usize = 16;
    /// Maximum age of a gap at which a packet that fills it counts as reordered and not as
    /// retransmitted, if the round-trip time is unknown.
    const DEFAULT_REORDERING_WINDOW: Nanos = Nanos::from_millis(3);
    /// The same where it is known: lower bound, since packets are not always captured in the order
    /// in which they arrived.
    const MIN_REORDERING_WINDOW: Nanos = Nanos(300_000);

    pub(super) const fn new(key: FlowKey) -> Self {
        Self {
            key,
            entries: Vec::new(),
            summary: None,
            unlisted: 0,
            evicted: 0,
            evicted_span: None,
            latest_packet_number: 0,
            packet_numbers: PacketNumbers::NONE,
            sent: SequenceSpace::EMPTY,
            received: SequenceSpace::EMPTY,
            syn_at: None,
            handshake_rtt: None,
            delivery_errors: Vec::new(),
            delivery_errors_unlisted: 0,
        }
    }

    /// Returns the listed packets, in the order captured.
    pub fn packets(&self) -> &[PacketEntry] {
        &self.entries
    }

    /// Returns the same packets as the other end sees them: what was sent was received.
    #[must_use]
    pub fn with_ends_exchanged(&self) -> Self {
        let mut exchanged = self.clone();
        std::mem::swap(&mut exchanged.key.local, &mut exchanged.key.remote);
        std::mem::swap(&mut exchanged.sent, &mut exchanged.received);
        for entry in &mut exchanged.entries {
            entry.direction = entry.direction.opposite();
        }
        (exchanged.summary, exchanged.handshake_rtt) = (None, None);
        exchanged
    }

    /// Returns the number of a listed packet, counted from 0 over all packets of the trace.
    pub fn packet_number(&self, index: usize) -> Option<u64> {
        let number = self.packet_numbers.get(u64::try_from(index).ok()?)?;
        number.checked_sub(1)
    }

    /// Number of packets that are counted but not listed because there were too many.
    pub const fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// Returns the packets that carried bytes of a range of a direction's stream, in the order
    /// captured. Empty if the direction's SYN was not captured, since its offsets are then relative
    /// to the first packet that was.
    pub fn packets_carrying(&self, direction: Direction, range: &Range<u64>) -> Vec<Carrier> {
        let stream = self.stream(direction);
        if stream.anchored {
            stream
                .carriers
                .carrying(range, |place| self.carried_by(place))
        } else {
            Vec::new()
        }
    }

    /// Returns the index of the first packet that carried the byte at an offset of a direction's
    /// stream.
    pub fn first_packet_carrying(&self, direction: Direction, offset: u64) -> Option<usize> {
        let stream = self.stream(direction);
        if stream.anchored {
            stream
                .carriers
                .first_carrying(offset, |place| self.carried_by(place))
        } else {
            None
        }
    }

    /// Returns true if a packet arrived late without being a retransmission: later packets overtook
    /// it.
    pub fn is_out_of_order(&self, packet: usize) -> bool {
        self.entries.get(packet).is_some_and(|entry| {
            !entry.retransmitted
                && self
                    .stream(entry.direction)
                    .carriers
                    .is_late(packet, entry.offset)
        })
    }

    /// Returns true if offsets of a direction count from the first byte of its stream, because its
    /// SYN was captured.
    pub const fn has_captured_syn(&self, direction: Direction) -> bool {
        self.stream(direction).anchored
    }

    /// Counters of one direction.
    pub const fn counts(&self, direction: Direction) -> &SegmentCounts {
        &self.stream(direction).counts
    }

    /// Union of the flags of all packets of a direction.
    pub const fn flags(&self, direction: Direction) -> TcpFlags {
        self.stream(direction).flags
    }

    /// Maximum segment size that this direction's SYN announced: the most the *other* side may send
    /// in a segment.
    pub const fn announced_mss(&self, direction: Direction) -> Option<u16> {
        self.stream(direction).mss
    }

    /// Window scale that this direction's SYN announced: the shift applied to its later windows, if
    /// the other direction's SYN had the option too (RFC 7323 §2.2).
    pub const fn announced_window_scale(&self, direction: Direction) -> Option<u8> {
        self.stream(direction).window_scale
    }

    /// Returns a packet's receive window in bytes, scaled as negotiated (RFC 7323 §2.2; not in a
    /// SYN). `None` if a SYN was not captured, since the scale is not known then.
    pub fn scaled_window(&self, packet: &PacketEntry) -> Option<u64> {
        let announced = u64::from(packet.window);
        if packet.flags.has(TcpFlags::SYN) {
            return Some(announced);
        }
        let both =
            self.has_captured_syn(Direction::Sent) && self.has_captured_syn(Direction::Received);
        let scale = self.announced_window_scale(packet.direction).filter(|_| {
            self.announced_window_scale(packet.direction.opposite())
                .is_some()
        });
        both.then(|| announced << scale.unwrap_or(0).min(14))
    }

    /// Returns the offset in the other direction's stream up to which a packet acknowledges; 0 if
    /// it acknowledges the SYN alone. The field wraps every 4 GiB; of the possible offsets the one
    /// nearest to `near` is returned, such as the end of what had been sent by then. `None` if it
    /// acknowledges nothing, or nothing of the other direction was seen.
    pub fn acknowledged_offset(&self, packet: &PacketEntry, near: u64) -> Option<u64> {
        let base = self.stream(packet.direction.opposite()).base?;
        packet
            .flags
            .has(TcpFlags::ACK)
            .then(|| unwrap_offset(packet.ack.wrapping_sub(base), near).unwrap_or(0))
    }

    /// Time from the SYN to its answer, as captured. With several SYNs the last one counts. `None`
    /// if one of the two was not captured.
    pub const fn handshake_rtt(&self) -> Option<Nanos> {
        self.handshake_rtt
    }

    /// ICMP errors about its packets, the first few.
    pub fn delivery_errors(&self) -> &[DeliveryError] {
        &self.delivery_errors
    }

    /// Number of further ICMP errors.
    pub const fn delivery_errors_unlisted(&self) -> u64 {
        self.delivery_errors_unlisted
    }

    /// Returns true if a packet between the same endpoints starts a new flow: a SYN whose sequence
    /// number differs from this flow's first one. A retransmitted SYN has the same number.
    pub(super) fn starts_new_flow(&self, packet: &Packet) -> bool {
        let TransportHeader::Tcp(tcp) = packet.transport else {
            return false;
        };
        let opens = tcp.flags.has(TcpFlags::SYN) && !tcp.flags.has(TcpFlags::ACK);
        opens
            && self
                .stream(self.key.direction_from(packet.source))
                .initial()
                .is_some_and(|initial| initial != tcp.seq)
    }

    /// Returns the range of its direction's stream that a packet carried.
    fn carried_by(&self, packet: usize) -> Option<Range<u64>> {
        let entry = self.entries.get(packet)?;
        let end = entry.offset.saturating_add(entry.payload_bytes.into());
        Some(entry.offset..end)
    }

    const fn stream(&self, direction: Direction) -> &SequenceSpace {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    /// Adds a packet, whose number is counted over all packets of the trace. Returns whether it is
    /// listed; without room it is only counted.
    pub(super) fn add(
        &mut self,
        packet: &Packet,
        direction: Direction,
        has_room: bool,
        number: u64,
    ) -> bool {
        self.latest_packet_number = number;
        self.time_handshake(packet, direction);
        let reordered_within = self.reordering_window();
        let (stream, other) = match direction {
            Direction::Sent => (&mut self.sent, &mut self.received),
            Direction::Received => (&mut self.received, &mut self.sent),
        };
        if let TransportHeader::Tcp(tcp) = packet.transport
            && tcp.flags.has(TcpFlags::ACK)
        {
            other.acknowledge(tcp.ack);
        }
        let (offset, retransmitted) = stream.take(packet, reordered_within);
        if !has_room {
            self.count_unlisted(direction, packet.payload_bytes);
            return false;
        }
        let (ack, window, flags, timestamp) = match packet.transport {
            TransportHeader::Tcp(tcp) => (tcp.ack, tcp.window, tcp.flags, tcp.timestamp),
            TransportHeader::Udp => (0, 0, TcpFlags(0), None),
        };
        let entry = PacketEntry {
            wall: packet.wall,
            offset,
            ack,
            payload_bytes: packet.payload_bytes,
            window,
            flags,
            direction,
            retransmitted,
            has_timestamp: timestamp.is_some(),
            timestamp_bits: low_bits(timestamp.unwrap_or(0)),
            stored: packet.stored,
        };
        if self.key.transport == Transport::Tcp {
            stream
                .carriers
                .add(self.entries.len(), offset, packet.payload_bytes);
        }
        push_tight(&mut self.entries, entry);
        self.packet_numbers.push(number);
        self.summarize_full_chunk();
        true
    }

    pub(super) fn add_delivery_error(&mut self, error: &DeliveryError) {
        if self.delivery_errors.len() < Self::MAX_DELIVERY_ERRORS {
            self.delivery_errors.push(*error);
        } else {
            self.delivery_errors_unlisted += 1;
        }
    }

    fn time_handshake(&mut self, packet: &Packet, direction: Direction) {
        if !matches!(packet.transport, TransportHeader::Tcp(tcp) if tcp.flags.has(TcpFlags::SYN)) {
            return;
        }
        let other = match direction {
            Direction::Sent => &self.received,
            Direction::Received => &self.sent,
        };
        match self.syn_at {
            Some(opened) if other.anchored => {
                _ = self.handshake_rtt.get_or_insert(packet.wall.since(opened));
            }
            // Of several SYNs the latest: which one is answered is unknown, and underestimating the
            // round trip does less harm than overestimating it.
            _ => self.syn_at = Some(packet.wall),
        }
    }

    /// Reordering window: a retransmission cannot arrive sooner than a round trip after its gap
    /// appeared. An eighth is subtracted for jitter.
    fn reordering_window(&self) -> Nanos {
        self.handshake_rtt
            .map_or(Self::DEFAULT_REORDERING_WINDOW, |round_trip| {
                Nanos(round_trip.0 - round_trip.0 / 8).max(Self::MIN_REORDERING_WINDOW)
            })
    }
}

/// Returns the low 16 bits.
const fn low_bits(value: u32) -> u16 {
    let [.., high, low] = value.to_be_bytes();
    u16::from_be_bytes([high, low])
}
