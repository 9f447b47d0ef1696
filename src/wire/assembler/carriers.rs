//! Index of the packets that carried each range of a stream.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Coverage;
use crate::units::push_tight;

/// A packet that carried part of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Its index among the flow's packets.
    pub packet: usize,
    /// Whether it was the first to carry some byte of the range; otherwise it only repeated bytes.
    pub is_first: bool,
}

/// Finds packets of one direction by the bytes they carried. The ranges of the packets come from
/// the caller's list, through `range_of`; only their order is stored here.
///
/// Nearly all packets carry bytes after those of all earlier ones, so their indices are in stream
/// order. Retransmitted and reordered packets are stored separately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carriers {
    /// Indices of the packets in stream order.
    ahead: Vec<u32>,
    /// End of the last of these packets.
    end: u64,
    /// Payload sizes of the other packets, by offset and index.
    late: BTreeMap<(u64, u32), u32>,
    /// The largest payload among these.
    longest_late: u32,
}

/// A packet and the range that it carried.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Carried {
    range: Range<u64>,
    packet: usize,
}

impl Carriers {
    /// An empty index.
    pub const EMPTY: Self = Self {
        ahead: Vec::new(),
        end: 0,
        late: BTreeMap::new(),
        longest_late: 0,
    };

    /// Adds the flow's packet with index `packet`, which carries `bytes` from offset `at`.
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

    /// Removes a flow's first packets: the packet with index `count` has index 0 from now on.
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

    /// Returns the packets that carried part of a range, in the order captured.
    pub fn carrying(
        &self,
        wanted: &Range<u64>,
        range_of: impl Fn(usize) -> Option<Range<u64>>,
    ) -> Vec<Carrier> {
        let mut found: Vec<Carried> = self.ahead_in(wanted, range_of).collect();
        found.extend(self.late_in(wanted));
        found.sort_unstable_by_key(|carried| carried.packet);
        // There cannot be more gaps than packets found.
        let mut seen = Coverage::<{ usize::MAX }>::starting_at(wanted.start);
        let carrier = |Carried { range, packet }: Carried| {
            let within = range.start.max(wanted.start)..range.end.min(wanted.end);
            Carrier {
                packet,
                is_first: seen.insert(within, ()).is_new(),
            }
        };
        found.into_iter().map(carrier).collect()
    }

    /// Returns the first packet that carried the byte at an offset.
    pub fn first_carrying(
        &self,
        offset: u64,
        range_of: impl Fn(usize) -> Option<Range<u64>>,
    ) -> Option<usize> {
        let wanted = offset..offset.checked_add(1)?;
        let ahead = self.ahead_in(&wanted, range_of).next();
        ahead
            .into_iter()
            .chain(self.late_in(&wanted))
            .map(|carried| carried.packet)
            .min()
    }

    /// Returns true if a packet at this offset carried bytes before those of an earlier packet.
    pub fn is_late(&self, packet: usize, at: u64) -> bool {
        u32::try_from(packet).is_ok_and(|packet| self.late.contains_key(&(at, packet)))
    }

    fn ahead_in(
        &self,
        wanted: &Range<u64>,
        range_of: impl Fn(usize) -> Option<Range<u64>>,
    ) -> impl Iterator<Item = Carried> {
        let carried = move |packet: &u32| Carried {
            range: range_of(*packet as usize).unwrap_or(u64::MAX..u64::MAX),
            packet: *packet as usize,
        };
        overlapping_items(&self.ahead, wanted, |packet| carried(packet).range)
            .iter()
            .map(carried)
    }

    fn late_in(&self, wanted: &Range<u64>) -> impl Iterator<Item = Carried> + '_ {
        let Range { start, end } = wanted.clone();
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

/// Returns the items that overlap a range, from a list of disjoint items in order.
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
