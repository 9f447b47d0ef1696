//! Sequence space of one direction of a flow, and the detection of retransmissions.

use std::ops::Range;

use super::Packet;
use crate::units::{Nanos, WallTime};
use crate::wire::assembler::{Carriers, Coverage, unwrap_offset};
use crate::wire::{TcpFlags, TransportHeader};

/// Counters of the packets of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentCounts {
    /// Packets of any kind.
    pub packets: u64,
    /// Packets with payload.
    pub data_segments: u64,
    /// Their payload bytes, including retransmissions.
    pub payload_bytes: u64,
    /// The largest payload.
    pub max_payload: u32,
    /// Segments with payload; aggregates count as the segments that the kernel reports for them.
    pub wire_segments: u64,
    /// The largest payload among those.
    pub max_segment: u32,
    /// Retransmissions: packets that carried bytes of an earlier packet, or that filled a gap so
    /// late that the sender can have known of it. In the latter case the first transmission was
    /// lost before the capture.
    pub retransmitted: u64,
    /// Packets that filled a gap sooner than that: later ones overtook them.
    pub out_of_order: u64,
}

/// Sequence space of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SequenceSpace {
    /// Sequence number of stream offset 0, from the SYN or the first segment seen.
    pub(super) base: Option<u32>,
    /// Bytes that packets have carried, and for each gap when the packet after it was captured. If
    /// there are too many gaps, the lowest are dropped: packets that fill them count as
    /// retransmissions anyway.
    passed: Coverage<MOST_GAPS, WallTime>,
    pub(super) counts: SegmentCounts,
    /// Union of the flags of all packets.
    pub(super) flags: TcpFlags,
    pub(super) mss: Option<u16>,
    pub(super) window_scale: Option<u8>,
    /// Whether the SYN was captured, so that offsets count from the beginning of the stream.
    pub(super) anchored: bool,
    /// Whether the other side has acknowledged that SYN, so it is the one that led to the
    /// connection.
    is_acknowledged: bool,
    /// Values of `base` by other captured SYNs. Boxed, since nearly no flow has any.
    other_bases: Option<Box<[Option<u32>; MOST_BASES]>>,
    pub(super) carriers: Carriers,
}

/// Maximum number of gaps that are tracked, as a limit for hostile peers.
const MOST_GAPS: usize = 1_024;
/// Maximum number of SYNs with other sequence numbers that are tracked.
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

    /// Returns the sequence number of its SYN, inferred if that was not captured; `None` before the
    /// first packet.
    pub(super) fn initial(&self) -> Option<u32> {
        self.base.map(|base| base.wrapping_sub(1))
    }

    /// Counts a packet. Returns its payload's stream offset, and true if it is a retransmission.
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

    /// Processes a SYN, after which the first byte of data has the number `first`. Returns true if
    /// it is the first SYN. Until data is sent the latest SYN counts, also against other segments:
    /// a server may answer an old connection first (RFC 5961 §4), or answer twice.
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

    /// Processes an acknowledgment number of the other side. Of several SYNs the acknowledged one
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

    /// Marks a range as carried. Returns true if it was a retransmission.
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

    /// Drops the first packets, and the gaps that were known when the last of them was captured:
    /// packets that fill those later count as retransmissions.
    pub(super) fn forget(&mut self, packets: usize, until: WallTime) {
        self.carriers.forget(packets);
        self.passed.retain_gaps(|since| *since > until);
    }
}
