//! Entries that are under way at one time: their events are told in the order of time over all of
//! them.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use crate::trace::Event;
use crate::units::Moment;

/// Entries that have begun, with the events that are still to be told.
///
/// Very many may overlap where a file is crafted, or says of none when it began. Beyond what is
/// held, the one whose events come first is told to its end at once: its events keep their times.
#[derive(Debug, Default)]
pub(super) struct OverlappingEntries {
    entries: BinaryHeap<PendingEntry>,
    bytes: u64,
    number: u64,
}

/// An entry's events that are still to be told; never none.
#[derive(Debug)]
struct PendingEntry {
    next: Moment,
    /// Of two events at one time the one of the first entry comes first.
    number: u64,
    events: VecDeque<Event>,
    bytes: u64,
}

impl OverlappingEntries {
    /// Entries held at a time.
    const MAX_ENTRIES: usize = 1_024;
    /// Bytes of the file that they take, unless one by itself takes more.
    const MAX_BYTES: u64 = 4 << 20;

    /// Tells what happens before an entry begins.
    pub(super) fn emit_until(&mut self, began: Moment, mut to: impl FnMut(Event)) {
        while self.entries.peek().is_some_and(|first| first.next < began) {
            self.emit_first(began, &mut to);
        }
    }

    /// Adds an entry of so many bytes, with its events in the order of time.
    pub(super) fn add(&mut self, events: VecDeque<Event>, bytes: u64, mut to: impl FnMut(Event)) {
        while self.entries.len() >= Self::MAX_ENTRIES
            || !self.entries.is_empty() && self.bytes.saturating_add(bytes) > Self::MAX_BYTES
        {
            let Some(first) = self.pop() else { break };
            first.events.into_iter().for_each(&mut to);
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

    /// Tells the rest.
    pub(super) fn emit_all(&mut self, mut to: impl FnMut(Event)) {
        while !self.entries.is_empty() {
            self.emit_first(Moment(i64::MAX), &mut to);
        }
    }

    /// Tells the first entry's events up to where another's come, or to a moment.
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
        }
    }

    fn pop(&mut self) -> Option<PendingEntry> {
        let first = self.entries.pop()?;
        self.bytes = self.bytes.saturating_sub(first.bytes);
        Some(first)
    }
}

/// The greatest is the one whose next event comes first.
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
