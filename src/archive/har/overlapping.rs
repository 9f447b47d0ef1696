//! Merging of the events of overlapping entries.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use crate::trace::Event;
use crate::units::Moment;

/// Overlapping entries with their remaining events.
///
/// Very many entries may overlap if a file is crafted or lacks start times. If the limits are
/// exceeded, the entry whose next event comes first is emitted completely, out of order but with
/// its correct times.
#[derive(Debug, Default)]
pub(super) struct OverlappingEntries {
    entries: BinaryHeap<PendingEntry>,
    bytes: u64,
    number: u64,
    /// Empty lists of finished entries, whose allocations are reused.
    spare: Vec<VecDeque<Event>>,
}

/// An entry with its remaining events; never empty.
#[derive(Debug)]
struct PendingEntry {
    next: Moment,
    /// Breaks ties: of events at the same time, the earlier entry's comes first.
    number: u64,
    events: VecDeque<Event>,
    bytes: u64,
}

impl OverlappingEntries {
    /// Entries held at a time.
    const MAX_ENTRIES: usize = 1_024;
    /// Their size in the file, unless a single one is larger.
    const MAX_BYTES: u64 = 4 << 20;
    /// Maximum number of spare lists.
    const MAX_SPARE: usize = 16;
    /// Maximum capacity of a spare list in events.
    const MAX_SPARE_EVENTS: usize = 64;

    /// Returns an empty list of events, with the allocation of a finished one if there is any.
    pub(super) fn take_spare(&mut self) -> VecDeque<Event> {
        self.spare.pop().unwrap_or_default()
    }

    /// Emits everything that happens before an entry begins.
    pub(super) fn emit_until(&mut self, began: Moment, mut to: impl FnMut(Event)) {
        while self.entries.peek().is_some_and(|first| first.next < began) {
            self.emit_first(began, &mut to);
        }
    }

    /// Adds an entry of `bytes` in the file, with its events in chronological order.
    pub(super) fn add(&mut self, events: VecDeque<Event>, bytes: u64, mut to: impl FnMut(Event)) {
        while self.entries.len() >= Self::MAX_ENTRIES
            || !self.entries.is_empty() && self.bytes.saturating_add(bytes) > Self::MAX_BYTES
        {
            let Some(mut first) = self.pop() else { break };
            first.events.drain(..).for_each(&mut to);
            self.keep_spare(first.events);
        }
        let Some(next) = events.front().map(|event| event.at) else {
            return;
        };
        self.bytes = self.bytes.saturating_add(bytes);
        self.entries.push(PendingEntry {
            next,
            number: self.number,
            events,
            bytes,
        });
        self.number += 1;
    }

    /// Emits all remaining events.
    pub(super) fn emit_all(&mut self, mut to: impl FnMut(Event)) {
        while !self.entries.is_empty() {
            self.emit_first(Moment(i64::MAX), &mut to);
        }
    }

    /// Emits the events of the first entry up to those of another one, or up to an instant.
    fn emit_first(&mut self, until: Moment, to: &mut impl FnMut(Event)) {
        let Some(mut first) = self.pop() else { return };
        let (other, number) = self
            .entries
            .peek()
            .map_or((until, u64::MAX), |other| (other.next, other.number));
        let comes = |event: &Event| {
            event.at < until && (event.at, first.number) < (other, number) || event.at == first.next
        };
        while first.events.front().is_some_and(comes) {
            first.events.pop_front().into_iter().for_each(&mut *to);
        }
        if let Some(next) = first.events.front().map(|event| event.at) {
            first.next = next;
            self.bytes = self.bytes.saturating_add(first.bytes);
            self.entries.push(first);
        } else {
            self.keep_spare(first.events);
        }
    }

    fn keep_spare(&mut self, events: VecDeque<Event>) {
        if self.spare.len() < Self::MAX_SPARE && events.capacity() <= Self::MAX_SPARE_EVENTS {
            self.spare.push(events);
        }
    }

    fn pop(&mut self) -> Option<PendingEntry> {
        let first = self.entries.pop()?;
        self.bytes = self.bytes.saturating_sub(first.bytes);
        Some(first)
    }
}

/// Reversed, so that the heap's maximum is the entry whose next event comes first.
impl Ord for PendingEntry {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.next, other.number).cmp(&(self.next, self.number))
    }
}

impl PartialOrd for PendingEntry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PendingEntry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PendingEntry {}
