//! Reading a HAR on a thread of its own, ahead of what its events are folded into.
//!
//! Parsing JSON and masking what it says take about as long as each other, so that two processors
//! halve the time of a large file. Captures are read on the thread that folds them: their events
//! are cheap to read, and large.

use std::io;
use std::sync::mpsc::sync_channel;

use super::threads::start_thread;
use crate::archive::{Archive, Attachments};
use crate::trace::Event;

/// Events handed over at a time.
const BATCH: usize = 128;
/// Batches that may wait; the reader waits when there are more.
const MAX_QUEUED_BATCHES: usize = 4;

/// Tells all events of a file in its order, as [`Archive::tell`] does, and returns what is no
/// event.
///
/// # Errors
/// No thread could be started.
pub(super) fn read_events_ahead(
    archive: Archive,
    mut to: impl FnMut(Event),
) -> io::Result<Attachments> {
    if !archive.is_har() {
        return Ok(archive.read_events(to));
    }
    let (sender, batches) = sync_channel::<Vec<Event>>(MAX_QUEUED_BATCHES);
    let reader = start_thread("reader", move || {
        let mut batch = Vec::with_capacity(BATCH);
        let kept = archive.read_events(|event| {
            batch.push(event);
            if batch.len() == BATCH {
                // A receiver that is gone wants nothing.
                let _ = sender.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
            }
        });
        let _ = sender.send(batch);
        kept
    })?;
    batches.iter().flatten().for_each(&mut to);
    // A panic of the thread ends the process.
    Ok(reader.join().unwrap_or_default())
}
