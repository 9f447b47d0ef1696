//! Conversation of the cursor.

use super::cursor::Cursor;
use super::screen_run::ScreenRun;
use crate::dissect::ConversationView;

/// Returns the conversation of the cursor's packet, otherwise that of its exchange.
pub(super) fn talk_of_cursor(run: &ScreenRun, cursor: Cursor) -> Option<ConversationView<'_>> {
    let trace = &run.trace;
    if let Some(key) = cursor.flow() {
        let connection = trace.connection_of(&key);
        let dissection = run.dissections.get(&key);
        return Some(ConversationView {
            trace,
            flow: trace.flow(&key)?,
            connection,
            dissection,
        });
    }
    ConversationView::of_exchange(trace, trace.exchange(cursor.exchange(run)?)?)
}
