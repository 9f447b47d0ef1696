//! One direction of a flow: its sequence space, and what was sent again in it.

use std::ops::Range;

use super::Packet;
use crate::units::{Nanos, WallTime};
use crate::wire::assembler::{Carriers, Coverage, unwrap_offset};
use crate::wire::{TcpFlags, TransportHeader};

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
    /// Segments with payload, aggregates as those that the kernel says they are on the wire.
    pub wire_segments: u64,
    /// The largest payload among those.
    pub max_segment: u32,
    /// Packets that were sent again: they carried bytes a packet before them had carried, or
    /// filled a gap so long after it showed that the sender can have known of it. The packet
    /// that left the gap was lost on the way here.
    pub retransmitted: u64,
    /// Packets that filled a gap sooner than that: those before them had overtaken them.
    pub out_of_order: u64,
}

/// One direction's sequence space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SequenceSpace {
    /// Sequence number of stream offset 0, from the SYN or the first segment seen.
    pub(super) base: Option<u32>,
    /// What packets have carried, and when a packet from behind each gap came. The gaps at the
    /// lowest offsets go when there are too many: what fills one late counts as sent again anyway.
    passed: Coverage<MOST_GAPS, WallTime>,
    pub(super) counts: SegmentCounts,
    /// All flags that any packet had.
    pub(super) flags: TcpFlags,
    pub(super) mss: Option<u16>,
    pub(super) window_scale: Option<u8>,
    /// The SYN was there, so offsets count from the stream's beginning.
    pub(super) anchored: bool,
    /// The other side has acknowledged that SYN: it is the one that led to the connection.
    is_acknowledged: bool,
    /// What `base` would be by other SYNs that were there. Boxed, since nearly no flow has any.
    other_bases: Option<Box<[Option<u32>; MOST_BASES]>>,
    pub(super) carriers: Carriers,
}

/// How many gaps are remembered; a hostile peer cannot make more.
const MOST_GAPS: usize = 1_024;
/// How many SYNs with other numbers are remembered.
const MOST_BASES: usize = 8;

impl SequenceSpace {
    pub(super) const EMPTY: Self = Self {
        base: None,
        passed: Coverage::starting_at(0),
        counts: SegmentCounts {
            packets: 0,
            data_segments: 0,
            payload_bytes: 0,
            max_payload: 0,
            wire_segments: 0,
            max_segment: 0,
            retransmitted: 0,
            out_of_order: 0,
        },
        flags: TcpFlags(0),
        mss: None,
        window_scale: None,
        anchored: false,
        is_acknowledged: false,
        other_bases: None,
        carriers: Carriers::EMPTY,
    };

    /// The sequence number that its SYN has, or had to have if it was not seen; `None` where
    /// nothing was.
    pub(super) fn initial(&self) -> Option<u32> {
        self.base.map(|base| base.wrapping_sub(1))
    }

    /// Counts a packet. Returns its payload's stream offset and whether it was sent again.
    pub(super) fn take(&mut self, packet: &Packet, reordered_within: Nanos) -> (u64, bool) {
        let bytes = packet.payload_bytes;
        self.counts.packets += 1;
        if bytes > 0 {
            self.counts.data_segments += 1;
            self.counts.payload_bytes += u64::from(bytes);
            self.counts.max_payload = self.counts.max_payload.max(bytes);
            self.counts.wire_segments += packet.wire_segments();
            self.counts.max_segment = self.counts.max_segment.max(packet.largest_segment());
        }
        let TransportHeader::Tcp(tcp) = packet.transport else {
            return (0, false);
        };
        self.flags.0 |= tcp.flags.0;
        let syn = tcp.flags.has(TcpFlags::SYN);
        if syn {
            self.mss = tcp.mss.or(self.mss);
            self.window_scale = tcp.window_scale.or(self.window_scale);
        }
        let first = tcp.seq.wrapping_add(u32::from(syn));
        if syn {
            let again = !self.take_syn(first);
            self.counts.retransmitted += u64::from(again);
            return (0, again);
        }
        let base = *self.base.get_or_insert(first);
        // A byte before offset 0 (a keep-alive probe, a stray segment) cannot be unwrapped further
        // down.
        let offset = unwrap_offset(first.wrapping_sub(base), self.passed.end()).unwrap_or(0);
        let carried = offset..offset.saturating_add(u64::from(bytes));
        let retransmitted = bytes > 0 && self.carry(carried, packet.wall, reordered_within);
        (offset, retransmitted)
    }

    /// Takes a SYN, whose first byte of data would have the number `first`. Returns whether it is
    /// the first one. As long as nothing was sent, the latest SYN counts, also against other
    /// segments: a server may answer an old connection first (RFC 5961 §4), or answer twice.
    fn take_syn(&mut self, first: u32) -> bool {
        let is_first = !self.anchored;
        if self.base.is_none_or(|base| base == first) {
            (self.base, self.anchored) = (Some(first), true);
        } else if !self.is_acknowledged && self.passed.end() == 0 {
            let replaced = self.base.replace(first).filter(|_| self.anchored);
            if replaced.is_some() {
                let others = self.other_bases.get_or_insert_default();
                if let Some(free) = others.iter_mut().find(|base| base.is_none()) {
                    *free = replaced;
                }
            }
            self.anchored = true;
        }
        is_first
    }

    /// The other side sent an acknowledgment number. Of several SYNs the one that it acknowledges
    /// counts.
    pub(super) fn acknowledge(&mut self, ack: u32) {
        if self.is_acknowledged || !self.anchored || self.passed.end() > 0 {
            return;
        }
        let others = self.other_bases.as_deref();
        if others.is_some_and(|others| others.contains(&Some(ack))) {
            self.base = Some(ack);
        }
        if self.base == Some(ack) {
            self.is_acknowledged = true;
            self.other_bases = None;
        }
    }

    /// Marks a range as carried. Returns true if it was sent again.
    fn carry(&mut self, range: Range<u64>, now: WallTime, reordered_within: Nanos) -> bool {
        let carried = self.passed.insert(range, now);
        if carried.filled + carried.repeated == 0 {
            return false;
        }
        let since = carried.least_tag.filter(|_| carried.repeated == 0);
        let overtaken = since.is_some_and(|since| now.since(since) < reordered_within);
        if overtaken {
            self.counts.out_of_order += 1;
        } else {
            self.counts.retransmitted += 1;
        }
        !overtaken
    }

    /// Forgets the first packets, and the gaps that had shown by the time the last of them passed:
    /// what fills one of those later counts as sent again.
    pub(super) fn forget(&mut self, packets: usize, until: WallTime) {
        self.carriers.forget(packets);
        self.passed.retain_gaps(|since| *since > until);
    }
}
