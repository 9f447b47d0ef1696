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
pub(super) enum Item {
    /// An event, as an entry of the journal.
    Told(Box<Event>),
    /// A packet of the batch that was told at an instant.
    Packet(Packet, Moment),
}

/// What is not written yet.
#[derive(Debug, Default)]
pub(super) struct Held {
    told: VecDeque<(WallTime, Box<Event>)>,
    passed: VecDeque<(WallTime, Item)>,
    newest: WallTime,
}

impl Held {
    /// Items held at most.
    const MOST: usize = 65_536;

    /// What the program did, at a time.
    pub(super) fn tell(&mut self, wall: WallTime, event: Event) {
        self.newest = self.newest.max(wall);
        self.told.push_back((wall, Box::new(event)));
    }

    /// What passed on the network, at a time.
    pub(super) fn pass(&mut self, wall: WallTime, item: Item) {
        self.newest = self.newest.max(wall);
        self.passed.push_back((wall, item));
    }

    /// The time of the latest that was ever taken in.
    pub(super) const fn newest(&self) -> WallTime {
        self.newest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty() && self.passed.is_empty()
    }

    /// Whether nothing more may be held.
    pub(super) fn is_full(&self) -> bool {
        self.told.len() + self.passed.len() >= Self::MOST
    }

    /// The next one in time, if it is not later than `until`. At the same time what was done comes
    /// before what passed.
    pub(super) fn next(&mut self, until: WallTime) -> Option<(WallTime, Item)> {
        let (told, passed) = (
            self.told.front().map(|(wall, _)| *wall),
            self.passed.front().map(|(wall, _)| *wall),
        );
        let told_is_next = told.is_some_and(|told| passed.is_none_or(|passed| told <= passed));
        match if told_is_next { told } else { passed } {
            Some(wall) if wall <= until && told_is_next => self
                .told
                .pop_front()
                .map(|(wall, event)| (wall, Item::Told(event))),
            Some(wall) if wall <= until => self.passed.pop_front(),
            _ => None,
        }
    }
}
