//! Which talk the cursor is about.

use super::cursor::Cursor;
use super::run::Run;
use crate::dissect::Talk;

/// That of the cursor's packet, else of its exchange.
pub(super) fn talk_at(run: &Run, cursor: Cursor) -> Option<Talk<'_>> {
    let trace = &run.trace;
    if let Some(key) = cursor.flow() {
        let (connection, dissection) = (trace.connection_of(&key), run.dissections.of(&key));
        return Some(Talk {
            trace,
            flow: trace.flow(&key)?,
            connection,
            dissection,
        });
    }
    Talk::of_exchange(trace, trace.exchange(cursor.exchange(run)?)?)
}
