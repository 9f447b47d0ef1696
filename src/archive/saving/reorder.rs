//! A reorder buffer, so that events and packets are written in chronological order.
//!
//! Packets are reported some milliseconds after they passed, when events of the same time have long
//! been reported. Events and packets each keep their own order, which is all that the fold depends
//! on; between the two, time decides.

use std::collections::VecDeque;

use crate::trace::{Event, Packet};
use crate::units::{Moment, WallTime};

/// An item to write.
#[derive(Debug)]
pub(super) enum BufferedItem {
    /// An event, written as a journal entry.
    Event(Box<Event>),
    /// A packet of the batch that was emitted at an instant.
    Packet(Packet, Moment),
}

/// Items that have not been written yet.
#[derive(Debug, Default)]
pub(super) struct ReorderBuffer {
    events: VecDeque<(WallTime, Box<Event>)>,
    packets: VecDeque<(WallTime, BufferedItem)>,
    newest: WallTime,
}

impl ReorderBuffer {
    /// Maximum number of items.
    const MAX_ITEMS: usize = 65_536;

    /// Adds an event of the program.
    pub(super) fn push_event(&mut self, wall: WallTime, event: Event) {
        self.newest = self.newest.max(wall);
        self.events.push_back((wall, Box::new(event)));
    }

    /// Adds something that passed on the network.
    pub(super) fn push_from_wire(&mut self, wall: WallTime, item: BufferedItem) {
        self.newest = self.newest.max(wall);
        self.packets.push_back((wall, item));
    }

    /// The latest time seen so far.
    pub(super) const fn newest(&self) -> WallTime {
        self.newest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.packets.is_empty()
    }

    /// Returns true if no more items may be added.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() + self.packets.len() >= Self::MAX_ITEMS
    }

    /// Removes the next item in chronological order, if it is not later than `until`. At the same
    /// time, events come before packets.
    pub(super) fn pop_until(&mut self, until: WallTime) -> Option<(WallTime, BufferedItem)> {
        let event_at = self.events.front().map(|(wall, _)| *wall);
        let packet_at = self.packets.front().map(|(wall, _)| *wall);
        let event_comes_first =
            event_at.is_some_and(|event| packet_at.is_none_or(|packet| event <= packet));
        match if event_comes_first {
            event_at
        } else {
            packet_at
        } {
            Some(wall) if wall <= until && event_comes_first => self
                .events
                .pop_front()
                .map(|(wall, event)| (wall, BufferedItem::Event(event))),
            Some(wall) if wall <= until => self.packets.pop_front(),
            _ => None,
        }
    }
}
