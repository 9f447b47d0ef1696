//! Flows: the packets of one 4-tuple, as an index entry each.

use std::net::SocketAddr;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Stored;
use super::passed::{ChunkSums, Passed};
use super::ranges::{Carrier, Carriers};
use crate::units::{Nanos, WallTime};

/// TCP's flag bits (RFC 9293 §3.1), low byte: `CWR ECE URG ACK PSH RST SYN FIN` from high to low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number counts.
    pub const ACK: u8 = 0x10;

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

/// What is kept of a TCP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpHeader {
    /// Sequence number as sent.
    pub seq: u32,
    /// Acknowledgment number as sent.
    pub ack: u32,
    /// Flags.
    pub flags: TcpFlags,
    /// Window field as sent, unscaled.
    pub window: u16,
    /// The maximum segment size option, on a SYN that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    /// The window scale option, on a SYN that has one: bits to shift by (RFC 7323 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_scale: Option<u8>,
}

/// What a packet carries over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// A TCP segment.
    Tcp(TcpHeader),
    /// A UDP datagram.
    Udp,
}

/// A captured packet, parsed down to its transport header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// The kernel's timestamp.
    pub wall: WallTime,
    /// Sender.
    pub source: SocketAddr,
    /// Receiver.
    pub destination: SocketAddr,
    /// Length of the whole frame on the link.
    pub frame_bytes: u32,
    /// Payload of the transport layer, as the IP header states it (the capture may hold less).
    pub payload_bytes: u32,
    /// Transport header.
    pub transport: Transport,
    /// Where its bytes lie, where they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<Stored>,
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the local end.
    Sent,
    /// To the local end.
    Received,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Sent => Self::Received,
            Self::Received => Self::Sent,
        }
    }
}

/// The two ends of a flow, seen from the local one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey {
    /// This side.
    pub local: SocketAddr,
    /// The other side.
    pub remote: SocketAddr,
    /// TCP, not UDP.
    pub tcp: bool,
}

/// What is kept of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketEntry {
    /// The kernel's timestamp.
    pub wall: WallTime,
    /// Offset of the payload's first byte in its direction's byte stream, counted from the first byte after the SYN and
    /// unwrapped past 4 GiB; 0 for UDP.
    pub offset: u64,
    /// Acknowledgment number as sent.
    pub ack: u32,
    /// Payload bytes.
    pub payload_bytes: u32,
    /// Unscaled window.
    pub window: u16,
    /// Flags.
    pub flags: TcpFlags,
    /// Which way it went.
    pub direction: Direction,
    /// It was sent again: see [`SegmentCounts::retransmitted`].
    pub retransmitted: bool,
    /// Where its bytes lie, where they are kept.
    pub stored: Option<Stored>,
}

/// Counts over the packets of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentCounts {
    /// Packets of any kind.
    pub packets: u64,
    /// Packets with payload.
    pub data_segments: u64,
    /// Their payload, counting what was sent again.
    pub payload_bytes: u64,
    /// The largest payload.
    pub max_payload: u32,
    /// Packets that were sent again: they carried bytes a packet before them had carried, or filled a gap so long after it showed that
    /// the sender can have known of it. The packet that left the gap was lost on the way here.
    pub retransmitted: u64,
    /// Packets that filled a gap sooner than that: those before them had overtaken them.
    pub out_of_order: u64,
}

/// One direction's sequence space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stream {
    /// Sequence number of stream offset 0, from the SYN or the first segment seen.
    base: Option<u32>,
    /// Highest offset carried so far, plus one.
    next: u64,
    /// Offsets below `next` that no packet has carried.
    gaps: Vec<Gap>,
    counts: SegmentCounts,
    mss: Option<u16>,
    window_scale: Option<u8>,
    /// The SYN was there, so offsets count from the stream's beginning.
    anchored: bool,
    carriers: Carriers,
}

/// Offsets from `start` on, `end` not included, that no packet has carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    start: u64,
    end: u64,
    /// When a packet from behind it came.
    since: WallTime,
}

/// The packets of one 4-tuple.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its two ends.
    pub key: FlowKey,
    entries: Vec<PacketEntry>,
    sums: ChunkSums,
    unlisted: u64,
    sent: Stream,
    received: Stream,
    /// When the latest SYN passed that was not yet answered.
    opened: Option<WallTime>,
    /// From there to its answer.
    round_trip: Option<Nanos>,
}

impl Flow {
    /// Entries kept in a flow; beyond them packets are counted but not listed, so that memory stays bounded.
    const MOST: usize = 400_000;
    /// Gaps remembered in a direction; a hostile peer cannot make more.
    const MOST_GAPS: usize = 1_024;
    /// How long after a gap has showed a packet that fills it may have been under way all the time: where the round trip is not known,
    const REORDERED_WITHIN: Nanos = Nanos::from_millis(3);
    /// and at least, since packets are not always captured in the order in which they came.
    const SHORTEST_REORDERING: Nanos = Nanos(300_000);

    pub(super) const fn new(key: FlowKey) -> Self {
        Self {
            key,
            entries: Vec::new(),
            sums: ChunkSums::EMPTY,
            unlisted: 0,
            sent: Stream::EMPTY,
            received: Stream::EMPTY,
            opened: None,
            round_trip: None,
        }
    }

    /// The packets, in the order they were captured.
    pub fn packets(&self) -> &[PacketEntry] {
        &self.entries
    }

    /// Packets that were counted but are not listed because there were too many.
    pub const fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// What passed in a stretch of wall-clock time, `from` included and `to` not, of the packets that are listed. It costs the
    /// stretch's edges and not its packets.
    pub fn passed(&self, from: WallTime, to: WallTime) -> Passed {
        self.sums.between(&self.entries, from, to)
    }

    /// The packets that carried something of a stretch of a direction's stream, in the order they were captured. None is known where
    /// the direction's SYN was not captured: its offsets then count from wherever the capture came in.
    pub fn carriers(&self, direction: Direction, stretch: &Range<u64>) -> Vec<Carrier> {
        let stream = self.stream(direction);
        if stream.anchored { stream.carriers.of(stretch) } else { Vec::new() }
    }

    /// The packet that was the first to carry the byte at an offset of a direction's stream, as its place among the flow's packets.
    pub fn first_carrier(&self, direction: Direction, offset: u64) -> Option<usize> {
        let stream = self.stream(direction);
        if stream.anchored { stream.carriers.first_of(offset) } else { None }
    }

    /// Whether a packet came late without having been sent again: others had overtaken it.
    pub fn is_out_of_order(&self, packet: usize) -> bool {
        self.entries
            .get(packet)
            .is_some_and(|entry| !entry.retransmitted && self.stream(entry.direction).carriers.is_late(packet, entry.offset))
    }

    /// Whether offsets of a direction count from its stream's first byte: its SYN was captured.
    pub const fn is_anchored(&self, direction: Direction) -> bool {
        self.stream(direction).anchored
    }

    /// Counts of one direction.
    pub const fn counts(&self, direction: Direction) -> &SegmentCounts {
        &self.stream(direction).counts
    }

    /// The maximum segment size this direction's SYN announced: the most the *other* side may send in a segment.
    pub const fn announced_mss(&self, direction: Direction) -> Option<u16> {
        self.stream(direction).mss
    }

    /// The window scale this direction's SYN announced: windows it announces afterwards are to be shifted by as many bits, if the other
    /// direction's SYN had the option too (RFC 7323 §2.2).
    pub const fn announced_window_scale(&self, direction: Direction) -> Option<u8> {
        self.stream(direction).window_scale
    }

    /// A packet's window in bytes, scaled as agreed (RFC 7323 §2.2; in a SYN it is not); `None` where a SYN was not captured, so that it is
    /// not known how.
    pub fn window_of(&self, packet: &PacketEntry) -> Option<u64> {
        let announced = u64::from(packet.window);
        if packet.flags.has(TcpFlags::SYN) {
            return Some(announced);
        }
        let both = self.is_anchored(Direction::Sent) && self.is_anchored(Direction::Received);
        let scale =
            self.announced_window_scale(packet.direction).filter(|_| self.announced_window_scale(packet.direction.opposite()).is_some());
        both.then(|| announced << scale.unwrap_or(0).min(14))
    }

    /// The offset, in the other direction's stream, up to which a packet acknowledges; 0 for its SYN alone. Of the many that the field
    /// may mean (it wraps every 4 GiB), the one nearest to `near`, such as the end of what had been sent by then. `None` where it
    /// acknowledges nothing, or nothing of the other direction was seen.
    pub fn acknowledged_offset(&self, packet: &PacketEntry, near: u64) -> Option<u64> {
        let base = self.stream(packet.direction.opposite()).base?;
        packet.flags.has(TcpFlags::ACK).then(|| unwrap_offset(packet.ack.wrapping_sub(base), near))
    }

    const fn stream(&self, direction: Direction) -> &Stream {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    pub(super) fn add(&mut self, packet: &Packet, direction: Direction) {
        self.time_handshake(packet, direction);
        let reordered_within = self.reordered_within();
        let stream = match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        };
        let (offset, retransmitted) = stream.take(packet, reordered_within);
        if self.entries.len() == Self::MOST {
            self.unlisted += 1;
            return;
        }
        let (ack, window, flags) = match packet.transport {
            Transport::Tcp(tcp) => (tcp.ack, tcp.window, tcp.flags),
            Transport::Udp => (0, 0, TcpFlags(0)),
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
            stored: packet.stored,
        };
        self.sums.add(&entry);
        stream.carriers.add(self.entries.len(), offset, packet.payload_bytes);
        self.make_room();
        self.entries.push(entry);
    }
}

impl Flow {
    /// By a quarter instead of doubling: in a capture of thousands of flows the entries are most of the memory.
    fn make_room(&mut self) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact((self.entries.len() / 4).max(4));
        }
    }

    fn time_handshake(&mut self, packet: &Packet, direction: Direction) {
        if !matches!(packet.transport, Transport::Tcp(tcp) if tcp.flags.has(TcpFlags::SYN)) {
            return;
        }
        let other = match direction {
            Direction::Sent => &self.received,
            Direction::Received => &self.sent,
        };
        match self.opened {
            Some(opened) if other.base.is_some() => _ = self.round_trip.get_or_insert(packet.wall.since(opened)),
            // The latest of several: which of them is answered cannot be told, and too short a time does less harm.
            _ => self.opened = Some(packet.wall),
        }
    }

    /// What is sent again cannot be there sooner than a round trip after its gap showed. An eighth is left for its being uneven.
    fn reordered_within(&self) -> Nanos {
        self.round_trip.map_or(Self::REORDERED_WITHIN, |round_trip| Nanos(round_trip.0 - round_trip.0 / 8).max(Self::SHORTEST_REORDERING))
    }
}

impl Stream {
    const EMPTY: Self = Self {
        base: None,
        next: 0,
        gaps: Vec::new(),
        counts: SegmentCounts { packets: 0, data_segments: 0, payload_bytes: 0, max_payload: 0, retransmitted: 0, out_of_order: 0 },
        mss: None,
        window_scale: None,
        anchored: false,
        carriers: Carriers::EMPTY,
    };

    /// Counts a packet. Returns its payload's stream offset and whether it was sent again.
    fn take(&mut self, packet: &Packet, reordered_within: Nanos) -> (u64, bool) {
        let bytes = packet.payload_bytes;
        self.counts.packets += 1;
        if bytes > 0 {
            self.counts.data_segments += 1;
            self.counts.payload_bytes += u64::from(bytes);
            self.counts.max_payload = self.counts.max_payload.max(bytes);
        }
        let Transport::Tcp(tcp) = packet.transport else { return (0, false) };
        let syn = tcp.flags.has(TcpFlags::SYN);
        if syn {
            self.mss = tcp.mss.or(self.mss);
            self.window_scale = tcp.window_scale.or(self.window_scale);
        }
        let first = tcp.seq.wrapping_add(u32::from(syn));
        let seen_before = self.base.is_some();
        let base = *self.base.get_or_insert(first);
        self.anchored |= syn && !seen_before;
        if syn {
            self.counts.retransmitted += u64::from(seen_before);
            return (0, seen_before);
        }
        let offset = unwrap_offset(first.wrapping_sub(base), self.next);
        let carried = offset..offset.saturating_add(u64::from(bytes));
        let retransmitted = bytes > 0 && self.carry(carried, packet.wall, reordered_within);
        (offset, retransmitted)
    }

    /// Marks a range as carried; true where it was sent again.
    fn carry(&mut self, Range { start, end }: Range<u64>, now: WallTime, reordered_within: Nanos) -> bool {
        if start >= self.next {
            if start > self.next && self.gaps.len() < Flow::MOST_GAPS {
                self.gaps.push(Gap { start: self.next, end: start, since: now });
            }
            self.next = end;
            return false;
        }
        let wanted = end.min(self.next) - start;
        let (filled, since) = self.fill(start, end.min(self.next));
        self.next = self.next.max(end);
        let overtaken = filled == wanted && since.is_some_and(|since| now.since(since) < reordered_within);
        if overtaken {
            self.counts.out_of_order += 1;
        } else {
            self.counts.retransmitted += 1;
        }
        !overtaken
    }

    /// Takes `[start, end)` out of the gaps; how many bytes of gap that filled, and since when the oldest of them was there.
    fn fill(&mut self, start: u64, end: u64) -> (u64, Option<WallTime>) {
        let (mut filled, mut since) = (0, None);
        let mut left = Vec::with_capacity(self.gaps.len());
        for &gap in &self.gaps {
            let (cut_start, cut_end) = (gap.start.max(start), gap.end.min(end));
            if cut_start >= cut_end {
                left.push(gap);
                continue;
            }
            filled += cut_end - cut_start;
            since = Some(since.map_or(gap.since, |since: WallTime| since.min(gap.since)));
            if gap.start < cut_start {
                left.push(Gap { end: cut_start, ..gap });
            }
            if cut_end < gap.end {
                left.push(Gap { start: cut_end, ..gap });
            }
        }
        left.truncate(Flow::MOST_GAPS);
        self.gaps = left;
        (filled, since)
    }
}

/// The stream offset whose low 32 bits are `low` and which lies nearest to `near`.
fn unwrap_offset(low: u32, near: u64) -> u64 {
    const EPOCH: u64 = 1 << 32;
    let guess = (near & !(EPOCH - 1)) | u64::from(low);
    if guess > near.saturating_add(EPOCH / 2) {
        // A byte before offset 0 (a keep-alive probe, a stray segment) cannot be unwrapped further down.
        guess.saturating_sub(EPOCH)
    } else if guess.saturating_add(EPOCH / 2) < near {
        guess + EPOCH
    } else {
        guess
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(seq: u32, flags: u8, payload_bytes: u32) -> Packet {
        Packet {
            wall: WallTime(0),
            source: SocketAddr::from(([127, 0, 0, 1], 1)),
            destination: SocketAddr::from(([127, 0, 0, 1], 2)),
            frame_bytes: payload_bytes + 66,
            payload_bytes,
            transport: Transport::Tcp(TcpHeader { seq, ack: 0, flags: TcpFlags(flags), window: 0, mss: None, window_scale: None }),
            stored: None,
        }
    }

    fn flow_of(packets: &[Packet]) -> Flow {
        let key = FlowKey { local: packets[0].source, remote: packets[0].destination, tcp: true };
        let mut flow = Flow::new(key);
        for packet in packets {
            flow.add(packet, Direction::Sent);
        }
        flow
    }

    #[test]
    fn offsets_count_from_the_byte_after_the_syn_and_survive_wrapping() {
        let flow = flow_of(&[segment(u32::MAX - 1, TcpFlags::SYN, 0), segment(u32::MAX, TcpFlags::ACK, 10), segment(9, TcpFlags::ACK, 5)]);
        let offsets: Vec<u64> = flow.packets().iter().map(|entry| entry.offset).collect();
        assert_eq!(offsets, [0, 0, 10]);
        assert_eq!(flow.counts(Direction::Sent).payload_bytes, 15);
        assert_eq!(flow.counts(Direction::Sent).retransmitted, 0);
    }

    #[test]
    fn bytes_carried_twice_are_a_retransmission_and_a_filled_gap_is_not() {
        let flow = flow_of(&[
            segment(0, TcpFlags::SYN, 0),
            segment(1, TcpFlags::ACK, 100),
            segment(201, TcpFlags::ACK, 100),
            segment(101, TcpFlags::ACK, 100),
            segment(101, TcpFlags::ACK, 100),
        ]);
        let counts = flow.counts(Direction::Sent);
        assert_eq!((counts.out_of_order, counts.retransmitted), (1, 1));
        assert!(flow.packets()[4].retransmitted);
    }

    #[test]
    fn a_gap_filled_a_round_trip_later_was_sent_again() {
        let at = |millis: u64, packet: Packet| Packet { wall: WallTime(millis * 1_000_000), ..packet };
        let key = FlowKey { local: segment(0, 0, 0).source, remote: segment(0, 0, 0).destination, tcp: true };
        let mut flow = Flow::new(key);
        flow.add(&at(0, segment(0, TcpFlags::SYN, 0)), Direction::Sent);
        flow.add(&at(1_000, segment(0, TcpFlags::SYN, 0)), Direction::Sent);
        flow.add(&at(1_040, segment(0, TcpFlags::SYN | TcpFlags::ACK, 0)), Direction::Received);
        for (millis, seq) in [(1_100, 1), (1_101, 201), (1_102, 301), (1_110, 101), (1_200, 501), (1_240, 401)] {
            flow.add(&at(millis, segment(seq, TcpFlags::ACK, 100)), Direction::Received);
        }
        let counts = flow.counts(Direction::Received);
        assert_eq!((counts.out_of_order, counts.retransmitted), (1, 1));
        assert!(flow.packets()[8].retransmitted && !flow.packets()[6].retransmitted);
    }

    #[test]
    fn a_syn_sent_again_is_a_retransmission() {
        let flow = flow_of(&[segment(7, TcpFlags::SYN, 0), segment(7, TcpFlags::SYN, 0)]);
        assert_eq!(flow.counts(Direction::Sent).retransmitted, 1);
    }

    #[test]
    fn a_keep_alive_probe_before_offset_zero_does_not_wrap() {
        let flow = flow_of(&[segment(10, TcpFlags::SYN, 0), segment(10, TcpFlags::ACK, 0)]);
        assert_eq!(flow.packets()[1].offset, 0);
    }
}
