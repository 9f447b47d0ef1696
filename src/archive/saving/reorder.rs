//! What is held back a little, so that events and packets stand in the file in the order in which
//! they happened.
//!
//! A packet is told some milliseconds after it passed, when the program has told long since what it
//! did then. Each of the two keeps the order in which it was told, which is all that the fold knows
//! of; between them it is time that decides.

use std::collections::VecDeque;

use crate::trace::{Event, Packet};
use crate::units::{Moment, WallTime};

/// Something that goes into the file.
#[derive(Debug)]
pub(super) enum BufferedItem {
    /// An event, as an entry of the journal.
    Event(Box<Event>),
    /// A packet of the batch that was told at an instant.
    Packet(Packet, Moment),
}

/// What is not written yet.
#[derive(Debug, Default)]
pub(super) struct ReorderBuffer {
    events: VecDeque<(WallTime, Box<Event>)>,
    packets: VecDeque<(WallTime, BufferedItem)>,
    newest: WallTime,
}

impl ReorderBuffer {
    /// Items held at most.
    const MAX_ITEMS: usize = 65_536;

    /// What the program did, at a time.
    pub(super) fn push_event(&mut self, wall: WallTime, event: Event) {
        self.newest = self.newest.max(wall);
        self.events.push_back((wall, Box::new(event)));
    }

    /// What passed on the network, at a time.
    pub(super) fn push_from_wire(&mut self, wall: WallTime, item: BufferedItem) {
        self.newest = self.newest.max(wall);
        self.packets.push_back((wall, item));
    }

    /// The time of the latest that was ever taken in.
    pub(super) const fn newest(&self) -> WallTime {
        self.newest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.packets.is_empty()
    }

    /// Whether nothing more may be held.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() + self.packets.len() >= Self::MAX_ITEMS
    }

    /// The next one in time, if it is not later than `until`. At the same time what was done comes
    /// before what passed.
    pub(super) fn pop_until(&mut self, until: WallTime) -> Option<(WallTime, BufferedItem)> {
        let (told, passed) = (
            self.events.front().map(|(wall, _)| *wall),
            self.packets.front().map(|(wall, _)| *wall),
        );
        let told_is_next = told.is_some_and(|told| passed.is_none_or(|passed| told <= passed));
        match if told_is_next { told } else { passed } {
            Some(wall) if wall <= until && told_is_next => self
                .events
                .pop_front()
                .map(|(wall, event)| (wall, BufferedItem::Event(event))),
            Some(wall) if wall <= until => self.packets.pop_front(),
            _ => None,
        }
    }
}
