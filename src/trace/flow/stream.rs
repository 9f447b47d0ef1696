//! One direction of a flow: its sequence space, and what was sent again in it.

use std::ops::Range;

use super::Packet;
use crate::trace::ranges::Carriers;
use crate::units::{Nanos, WallTime};
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
    /// Highest offset carried so far, plus one.
    pub(super) next: u64,
    /// Offsets below `next` that no packet has carried.
    gaps: Vec<Gap>,
    pub(super) counts: SegmentCounts,
    /// All flags that any packet had.
    pub(super) flags: TcpFlags,
    pub(super) mss: Option<u16>,
    pub(super) window_scale: Option<u8>,
    /// The SYN was there, so offsets count from the stream's beginning.
    pub(super) anchored: bool,
    pub(super) carriers: Carriers,
}

/// Offsets from `start` on, `end` not included, that no packet has carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    start: u64,
    end: u64,
    /// When a packet from behind it came.
    since: WallTime,
}

impl SequenceSpace {
    /// How many gaps are remembered; a hostile peer cannot make more. The oldest go: what fills one
    /// late counts as sent again anyway.
    const MOST_GAPS: usize = 1_024;
    pub(super) const EMPTY: Self = Self {
        base: None,
        next: 0,
        gaps: Vec::new(),
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
    fn carry(
        &mut self,
        Range { start, end }: Range<u64>,
        now: WallTime,
        reordered_within: Nanos,
    ) -> bool {
        if start >= self.next {
            if start > self.next {
                if self.gaps.len() >= Self::MOST_GAPS {
                    self.gaps.drain(..Self::MOST_GAPS / 4);
                }
                self.gaps.push(Gap {
                    start: self.next,
                    end: start,
                    since: now,
                });
            }
            self.next = end;
            return false;
        }
        let wanted = end.min(self.next) - start;
        let (filled, since) = self.fill(start, end.min(self.next));
        self.next = self.next.max(end);
        let overtaken =
            filled == wanted && since.is_some_and(|since| now.since(since) < reordered_within);
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
        self.gaps.retain(|gap| gap.since > until);
        self.gaps.shrink_to_fit();
    }

    /// Takes `[start, end)` out of the gaps; how many bytes of gap that filled, and since when the
    /// oldest of them was there.
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
                left.push(Gap {
                    end: cut_start,
                    ..gap
                });
            }
            if cut_end < gap.end {
                left.push(Gap {
                    start: cut_end,
                    ..gap
                });
            }
        }
        left.truncate(Self::MOST_GAPS);
        self.gaps = left;
        (filled, since)
    }
}

/// The stream offset whose low 32 bits are `low` and which lies nearest to `near`.
pub(super) fn unwrap_offset(low: u32, near: u64) -> u64 {
    const EPOCH: u64 = 1 << 32;
    let guess = (near & !(EPOCH - 1)) | u64::from(low);
    if guess > near.saturating_add(EPOCH / 2) {
        // A byte before offset 0 (a keep-alive probe, a stray segment) cannot be unwrapped further
        // down.
        guess.saturating_sub(EPOCH)
    } else if guess.saturating_add(EPOCH / 2) < near {
        guess + EPOCH
    } else {
        guess
    }
}
