//! Which packets carried a stretch of a stream.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Coverage;
use crate::units::push_tight;

/// A packet that carried something of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Its place among the flow's packets.
    pub packet: usize,
    /// It was the first to carry some byte of the stretch. Where it was not, it brought nothing
    /// that had not been carried.
    pub is_first: bool,
}

/// Finds one direction's packets by the bytes they carry. Which bytes those are, the caller's list
/// of packets says, for each question through `range_of`: here is only their order.
///
/// Nearly all packets carry bytes behind all before them: they lie in order, each behind the last.
/// The others, sent again or overtaken, are kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carriers {
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
#[derive(Clone, Debug, PartialEq, Eq)]
struct Carried {
    range: Range<u64>,
    packet: usize,
}

impl Carriers {
    /// None yet.
    pub const EMPTY: Self = Self {
        ahead: Vec::new(),
        end: 0,
        late: BTreeMap::new(),
        longest_late: 0,
    };

    /// The flow's packet number `packet` carries `bytes` from offset `at`.
    pub fn add(&mut self, packet: usize, at: u64, bytes: u32) {
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
    pub fn forget(&mut self, count: usize) {
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

    /// Those packets that carried something of a stretch, in the order they were captured.
    pub fn carrying(
        &self,
        stretch: &Range<u64>,
        range_of: impl Fn(usize) -> Option<Range<u64>>,
    ) -> Vec<Carrier> {
        let mut found: Vec<Carried> = self.ahead_in(stretch, range_of).collect();
        found.extend(self.late_in(stretch));
        found.sort_unstable_by_key(|carried| carried.packet);
        // No more gaps than packets found.
        let mut seen = Coverage::<{ usize::MAX }>::starting_at(stretch.start);
        let carrier = |Carried { range, packet }: Carried| {
            let within = range.start.max(stretch.start)..range.end.min(stretch.end);
            Carrier {
                packet,
                is_first: seen.insert(within, ()).is_new(),
            }
        };
        found.into_iter().map(carrier).collect()
    }

    /// The first packet that carried the byte at an offset.
    pub fn first_carrying(
        &self,
        offset: u64,
        range_of: impl Fn(usize) -> Option<Range<u64>>,
    ) -> Option<usize> {
        let stretch = offset..offset.checked_add(1)?;
        let ahead = self.ahead_in(&stretch, range_of).next();
        ahead
            .into_iter()
            .chain(self.late_in(&stretch))
            .map(|carried| carried.packet)
            .min()
    }

    /// Whether the flow's packet number `packet`, at this offset, carried bytes that lie before
    /// those of an earlier one.
    pub fn is_late(&self, packet: usize, at: u64) -> bool {
        u32::try_from(packet).is_ok_and(|packet| self.late.contains_key(&(at, packet)))
    }

    fn ahead_in(
        &self,
        stretch: &Range<u64>,
        range_of: impl Fn(usize) -> Option<Range<u64>>,
    ) -> impl Iterator<Item = Carried> {
        let carried = move |packet: &u32| Carried {
            range: range_of(*packet as usize).unwrap_or(u64::MAX..u64::MAX),
            packet: *packet as usize,
        };
        overlapping_items(&self.ahead, stretch, |packet| carried(packet).range)
            .iter()
            .map(carried)
    }

    fn late_in(&self, stretch: &Range<u64>) -> impl Iterator<Item = Carried> + '_ {
        let Range { start, end } = stretch.clone();
        let from = start.saturating_sub(u64::from(self.longest_late));
        let late = if start < end && from < end {
            self.late.range((from, 0)..(end, 0))
        } else {
            self.late.range((0, 0)..(0, 0))
        };
        late.map(|((at, packet), bytes)| Carried {
            range: *at..at.saturating_add(u64::from(*bytes)),
            packet: *packet as usize,
        })
        .filter(move |carried| carried.range.end > start)
    }
}

/// Of items that lie in order and apart, those that share something with a range.
pub fn overlapping_items<'a, T>(
    items: &'a [T],
    with: &Range<u64>,
    range: impl Fn(&T) -> Range<u64>,
) -> &'a [T] {
    if with.is_empty() {
        return &[];
    }
    let from = items.partition_point(|item| range(item).end <= with.start);
    let to = items.partition_point(|item| range(item).start < with.end);
    items.get(from..to).unwrap_or_default()
}
