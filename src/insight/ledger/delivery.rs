//! Delivery in order of a stream's bytes, and the gaps that hold it up.

use std::collections::BTreeMap;

/// Pieces beyond a gap that are remembered; a hostile peer cannot make more.
const MAX_PIECES: usize = 1_024;

/// What a packet did for the delivery in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It brought the next bytes.
    InOrder,
    /// It filled a gap that had held delivery up.
    FilledGap,
    /// It came after bytes that are missing.
    AfterGap,
    /// It brought nothing new.
    Repeat,
}

/// Bytes of one direction that were delivered in order.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    /// Offset up to which everything has come.
    next: u64,
    /// Pieces after a gap: start and end.
    pieces: BTreeMap<u64, u64>,
}

impl Delivery {
    pub(super) const fn from_offset(next: u64) -> Self {
        Self {
            next,
            pieces: BTreeMap::new(),
        }
    }

    /// Offset up to which everything has come.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Returns true if bytes are missing before some that have come.
    pub(super) fn is_held_up(&self) -> bool {
        !self.pieces.is_empty()
    }

    pub(super) fn add(&mut self, start: u64, end: u64) -> Arrival {
        if end <= self.next || start >= end {
            return Arrival::Repeat;
        }
        if start > self.next {
            if self.pieces.len() < MAX_PIECES {
                let known = self.pieces.entry(start).or_default();
                *known = end.max(*known);
            }
            return Arrival::AfterGap;
        }
        let was_held_up = self.is_held_up();
        self.next = end;
        while let Some(piece) = self
            .pieces
            .first_entry()
            .filter(|piece| *piece.key() <= self.next)
        {
            self.next = self.next.max(piece.remove());
        }
        if was_held_up {
            Arrival::FilledGap
        } else {
            Arrival::InOrder
        }
    }
}
