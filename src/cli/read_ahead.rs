//! Reading a HAR file on a separate thread.
//!
//! Parsing JSON and masking its content take about equally long, so two processors halve the time
//! for a large file. Captures are read on the thread that folds them: their events are cheap to
//! read, but large.

use std::io;
use std::sync::mpsc::sync_channel;

use super::threads::start_thread;
use crate::archive::{Archive, Attachments};
use crate::trace::Event;

/// Events passed on at a time.
const BATCH: usize = 128;
/// Capacity of the channel in batches; the reader blocks while it is full.
const MAX_QUEUED_BATCHES: usize = 4;

/// Passes on all events of a file in order, and returns what the file contains besides events.
///
/// # Errors
/// The thread cannot be started.
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
        let attachments = archive.read_events(|event| {
            batch.push(event);
            if batch.len() == BATCH {
                // Errors are ignored: a receiver that is gone wants no more events.
                let _ = sender.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
            }
        });
        let _ = sender.send(batch);
        attachments
    })?;
    batches.iter().flatten().for_each(&mut to);
    // A panic of the thread ends the process.
    Ok(reader.join().unwrap_or_default())
}
