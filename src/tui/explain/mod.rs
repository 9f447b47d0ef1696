//! What the selected thing is, why it happens, what it cost, where it is written down, and what it
//! holds.

mod capture;
mod content;
mod conversation;
mod event;
mod failure;
mod overview;
mod packet;
mod page;
mod phase;

use super::cursor::Cursor;
use super::run::Run;
use crate::units::Moment;

pub(super) use page::Page;

/// The explanation of what is under the cursor.
pub(super) fn explanation(run: &Run, cursor: Cursor, now: Moment) -> Page {
    match cursor {
        Cursor::Run => overview::page(run, now),
        Cursor::Event(place) => run.event(place).map_or_else(
            || overview::page(run, now),
            |event| event::page(run, event, now),
        ),
        Cursor::Lane(id, _) => match (run.trace.exchange(id), cursor.phase(run)) {
            (Some(exchange), Some(phase)) => phase::page(run, exchange, phase, now),
            (Some(exchange), None) => overview::exchange(run, exchange, now),
            (None, _) => overview::page(run, now),
        },
        Cursor::Flow(flow) => conversation::page(run, &flow),
        Cursor::Packet(flow, place) => packet::page(run, flow, place),
    }
}

/// What the thing under the cursor holds: records, parameters, certificates, fields, the body's
/// beginning.
pub(super) fn content(run: &Run, cursor: Cursor) -> Page {
    let exchange = cursor.exchange(run).and_then(|id| run.trace.exchange(id));
    exchange.map_or_else(Page::default, |exchange| {
        content::page(run, exchange, cursor.phase(run))
    })
}
