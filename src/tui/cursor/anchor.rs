//! What the cursor is on, so that it stays there when what is before it goes.

use super::Cursor;
use crate::trace::{Event, FlowKey};
use crate::tui::screen_run::ScreenRun;

/// What a cursor is on, whatever its place.
#[derive(Clone, Debug)]
pub(in crate::tui) enum CursorAnchor {
    /// What has no place.
    Fixed(Cursor),
    /// An event, and its place in the log.
    Event(Box<Event>, usize),
    /// A packet, by how many of its flow's came before it.
    Packet(FlowKey, u64),
}

impl CursorAnchor {
    /// What a cursor is on in a run.
    pub(in crate::tui) fn new(cursor: Cursor, run: &ScreenRun) -> Self {
        let found = match cursor {
            Cursor::Event(place) => run
                .event(place)
                .map(|event| Self::Event(Box::new(event.clone()), place)),
            Cursor::Packet(key, place) => run
                .trace
                .flow(&key)
                .map(|flow| Self::Packet(key, flow.evicted() + place as u64)),
            Cursor::Run | Cursor::Lane(..) | Cursor::Flow(_) => None,
        };
        found.unwrap_or(Self::Fixed(cursor))
    }

    /// The cursor that is on it in the same run later on; `None` where it is gone. Of a packet that
    /// is no longer listed the first one that is stands in.
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
            // What was before it may have gone, and nothing came there.
            Self::Event(event, place) => {
                let same = |place: &usize| run.event(*place).is_some_and(|found| found == &**event);
                (0..=*place).rev().find(same).map(Cursor::Event)
            }
            Self::Packet(key, number) => {
                let flow = run.trace.flow(key)?;
                let Some(last) = flow.packets().len().checked_sub(1) else {
                    return Some(Cursor::Flow(*key));
                };
                let place =
                    usize::try_from(number.saturating_sub(flow.evicted())).unwrap_or(usize::MAX);
                Some(Cursor::Packet(*key, place.min(last)))
            }
        }
    }
}
