//! Anchor of the cursor: the item it is on, so that it stays there when earlier items are removed.

use super::Cursor;
use crate::trace::{Event, FlowKey};
use crate::tui::screen_run::ScreenRun;

/// The item that a cursor is on, independent of its index.
#[derive(Clone, Debug)]
pub(in crate::tui) enum CursorAnchor {
    /// An item without an index.
    Fixed(Cursor),
    /// An event, and its index in the log.
    Event(Box<Event>, usize),
    /// A packet, by the number of packets of its flow before it, including evicted ones.
    Packet(FlowKey, u64),
}

impl CursorAnchor {
    /// Returns what a cursor is on.
    pub(in crate::tui) fn new(cursor: Cursor, run: &ScreenRun) -> Self {
        let found = match cursor {
            Cursor::Event(index) => run
                .event(index)
                .map(|event| Self::Event(Box::new(event.clone()), index)),
            Cursor::Packet(key, index) => run
                .trace
                .flow(&key)
                .map(|flow| Self::Packet(key, flow.evicted() + index as u64)),
            Cursor::Run | Cursor::Lane(..) | Cursor::Flow(_) => None,
        };
        found.unwrap_or(Self::Fixed(cursor))
    }

    /// Returns the cursor for the same item later in the run; `None` if the item is gone. For an
    /// evicted packet it is the first one that is still listed.
    pub(in crate::tui) fn resolve(&self, run: &ScreenRun) -> Option<Cursor> {
        match self {
            Self::Fixed(Cursor::Flow(key)) => {
                run.trace.flow(key).map(|flow| Cursor::Flow(flow.key))
            }
            Self::Fixed(Cursor::Lane(id, lane)) => run
                .trace
                .exchange(*id)
                .map(|exchange| Cursor::Lane(exchange.id, *lane)),
            Self::Fixed(cursor) => Some(*cursor),
            // Items before it may have been removed, but none are inserted there.
            Self::Event(event, index) => {
                let same = |index: &usize| run.event(*index).is_some_and(|found| found == &**event);
                (0..=*index).rev().find(same).map(Cursor::Event)
            }
            Self::Packet(key, number) => {
                let flow = run.trace.flow(key)?;
                let Some(last) = flow.packets().len().checked_sub(1) else {
                    return Some(Cursor::Flow(*key));
                };
                let index =
                    usize::try_from(number.saturating_sub(flow.evicted())).unwrap_or(usize::MAX);
                Some(Cursor::Packet(*key, index.min(last)))
            }
        }
    }
}
