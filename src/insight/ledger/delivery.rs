//! Delivery in order of a stream's bytes, and the gaps that hold it up.

use crate::wire::assembler::Coverage;

/// Gaps that are remembered; a hostile peer cannot make more.
const MAX_GAPS: usize = 1_024;

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
pub(super) struct Delivery(Coverage<MAX_GAPS>);

impl Delivery {
    pub(super) const fn from_offset(next: u64) -> Self {
        Self(Coverage::starting_at(next))
    }

    /// Offset up to which everything has come.
    pub(super) fn next(&self) -> u64 {
        self.0.in_order_end()
    }

    /// Returns true if bytes are missing before some that have come.
    pub(super) fn is_held_up(&self) -> bool {
        self.next() < self.0.end()
    }

    pub(super) fn add(&mut self, start: u64, end: u64) -> Arrival {
        let (next, was_held_up) = (self.next(), self.is_held_up());
        if !self.0.insert(start..end.max(start), ()).is_new() {
            return Arrival::Repeat;
        }
        if self.next() == next {
            Arrival::AfterGap
        } else if was_held_up {
            Arrival::FilledGap
        } else {
            Arrival::InOrder
        }
    }
}
