//! Which packets carried a stretch of a stream.

use std::collections::BTreeMap;
use std::ops::Range;

use super::coverage::Coverage;
use crate::trace::PacketEntry;
use crate::trace::tight_push::push_tight;

/// A packet that carried something of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Its place among the flow's packets.
    pub packet: usize,
    /// It was the first to carry some byte of the stretch. Where it was not, it brought nothing
    /// that had not been carried.
    pub is_first: bool,
}

/// Finds one direction's packets by the bytes they carry. Where those lie, the flow's entries say,
/// which are handed in for each question: here is only their order.
///
/// Nearly all packets carry bytes behind all before them: they lie in order, each behind the last.
/// The others, sent again or overtaken, are kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::trace) struct Carriers {
    /// Places among the flow's packets.
    ahead: Vec<u32>,
    /// Offset behind the last of those.
    end: u64,
    /// By offset and packet: payload bytes.
    late: BTreeMap<(u64, u32), u32>,
    /// The largest payload among those.
    longest_late: u32,
}

/// A packet and the stretch it carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Carried {
    at: u64,
    bytes: u32,
    packet: u32,
}

impl Carried {
    fn range(&self) -> Range<u64> {
        self.at..self.at.saturating_add(u64::from(self.bytes))
    }
}

impl Carriers {
    pub(in crate::trace) const EMPTY: Self = Self {
        ahead: Vec::new(),
        end: 0,
        late: BTreeMap::new(),
        longest_late: 0,
    };

    /// The flow's packet number `packet` carries `bytes` from offset `at`.
    pub(in crate::trace) fn add(&mut self, packet: usize, at: u64, bytes: u32) {
        let Ok(packet) = u32::try_from(packet) else {
            return;
        };
        if bytes == 0 {
            return;
        }
        if self.end <= at {
            push_tight(&mut self.ahead, packet);
            self.end = at.saturating_add(u64::from(bytes));
        } else {
            self.late.insert((at, packet), bytes);
            self.longest_late = self.longest_late.max(bytes);
        }
    }

    /// Forgets a flow's first packets: the one that was number `count` is number 0 from now on.
    pub(in crate::trace) fn forget(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let gone = self.ahead.partition_point(|packet| *packet < count);
        self.ahead.drain(..gone);
        self.ahead.iter_mut().for_each(|packet| *packet -= count);
        self.ahead.shrink_to_fit();
        let late = std::mem::take(&mut self.late).into_iter();
        self.late = late
            .filter_map(|((at, packet), bytes)| Some(((at, packet.checked_sub(count)?), bytes)))
            .collect();
        self.longest_late = self.late.values().copied().max().unwrap_or(0);
    }

    /// Those of a flow's `packets` that carried something of a stretch, in the order they were
    /// captured.
    pub(in crate::trace) fn of(
        &self,
        stretch: &Range<u64>,
        packets: &[PacketEntry],
    ) -> Vec<Carrier> {
        let mut found: Vec<Carried> = self.ahead_of(stretch, packets).collect();
        found.extend(self.late_of(stretch));
        found.sort_unstable_by_key(|carried| carried.packet);
        let mut seen = Coverage::default();
        let carrier = |carried: Carried| {
            let Range { start, end } = carried.range();
            let is_first = seen.add(start.max(stretch.start)..end.min(stretch.end));
            Carrier {
                packet: carried.packet as usize,
                is_first,
            }
        };
        found.into_iter().map(carrier).collect()
    }

    /// The first of a flow's `packets` that carried the byte at an offset.
    pub(in crate::trace) fn first_of(&self, offset: u64, packets: &[PacketEntry]) -> Option<usize> {
        let stretch = offset..offset.checked_add(1)?;
        let ahead = self.ahead_of(&stretch, packets).next();
        ahead
            .into_iter()
            .chain(self.late_of(&stretch))
            .map(|carried| carried.packet as usize)
            .min()
    }

    /// Whether the flow's packet number `packet`, at this offset, carried bytes that lie before
    /// those of an earlier one.
    pub(in crate::trace) fn is_late(&self, packet: usize, at: u64) -> bool {
        u32::try_from(packet).is_ok_and(|packet| self.late.contains_key(&(at, packet)))
    }

    fn ahead_of(
        &self,
        stretch: &Range<u64>,
        packets: &[PacketEntry],
    ) -> impl Iterator<Item = Carried> {
        let carried = |packet: &u32| {
            let entry = packets.get(*packet as usize);
            entry.map_or(
                Carried {
                    at: u64::MAX,
                    bytes: 0,
                    packet: *packet,
                },
                |entry| Carried {
                    at: entry.offset,
                    bytes: entry.payload_bytes,
                    packet: *packet,
                },
            )
        };
        super::overlapping(&self.ahead, stretch, |packet| carried(packet).range())
            .iter()
            .map(carried)
    }

    fn late_of(&self, stretch: &Range<u64>) -> impl Iterator<Item = Carried> + '_ {
        let Range { start, end } = stretch.clone();
        let from = start.saturating_sub(u64::from(self.longest_late));
        let late = if start < end && from < end {
            self.late.range((from, 0)..(end, 0))
        } else {
            self.late.range((0, 0)..(0, 0))
        };
        late.map(|((at, packet), bytes)| Carried {
            at: *at,
            bytes: *bytes,
            packet: *packet,
        })
        .filter(move |carried| carried.range().end > start)
    }
}
