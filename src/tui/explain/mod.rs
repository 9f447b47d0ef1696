//! Explanation of what is selected: what it is, why it happens, what it cost, where it is
//! specified, and its contents.

mod capture;
mod content;
mod conversation;
mod event;
mod failure;
mod overview;
mod owner;
mod packet;
mod page;
mod phase;

use super::cursor::Cursor;
use super::screen_run::ScreenRun;
use crate::units::Moment;

pub(super) use owner::owner_page;
pub(super) use page::ExplanationPage;

/// Returns the explanation of what is under the cursor.
pub(super) fn explanation_page(run: &ScreenRun, cursor: Cursor, now: Moment) -> ExplanationPage {
    match cursor {
        Cursor::Run => overview::explain_run(run, now),
        Cursor::Event(index) => run.event(index).map_or_else(
            || overview::explain_run(run, now),
            |event| event::explain_event(run, event, now),
        ),
        Cursor::Lane(id, _) => match (run.trace.exchange(id), cursor.phase(run)) {
            (Some(exchange), Some(phase)) => phase::explain_phase(run, exchange, phase, now),
            (Some(exchange), None) => overview::explain_exchange(run, exchange, now),
            (None, _) => overview::explain_run(run, now),
        },
        Cursor::Flow(flow) => conversation::explain_conversation(run, &flow),
        Cursor::Packet(flow, index) => packet::explain_packet(run, flow, index),
    }
}

/// Returns the contents of what is under the cursor: records, parameters, certificates, header
/// fields, the beginning of the body.
pub(super) fn selected_content(run: &ScreenRun, cursor: Cursor) -> ExplanationPage {
    let exchange = cursor.exchange(run).and_then(|id| run.trace.exchange(id));
    exchange.map_or_else(ExplanationPage::default, |exchange| {
        content::exchange_content(run, exchange, cursor.phase(run))
    })
}
