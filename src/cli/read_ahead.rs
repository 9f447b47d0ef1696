//! Reading a HAR file ahead of folding its events: one thread parses it, and another masks secrets.
//!
//! Parsing JSON, masking and folding take about equally long, so two processors halve the time for
//! a large file. Captures are read on the thread that folds them: their events are cheap to read,
//! but large.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::threads::start_thread;
use crate::archive::{Archive, Attachments};
use crate::trace::Event;

/// Events passed on at a time.
const BATCH: usize = 512;
/// Capacity of each channel in batches; the sending thread blocks while it is full.
const MAX_QUEUED_BATCHES: usize = 4;

/// Processing of events between reading and folding.
pub(super) trait Prepare: Send + 'static {
    /// Processes an event in place. Events are passed in order.
    fn prepare(&mut self, event: &mut Event);
}

/// Passes on all events of a file in order, each of them prepared. Returns what the file contains
/// besides events, and the preparer.
///
/// # Errors
/// A thread cannot be started.
pub(super) fn read_events_ahead<P: Prepare>(
    archive: Archive,
    mut prepare: P,
    mut to: impl FnMut(Event),
) -> io::Result<(Attachments, P)> {
    if !archive.is_har() {
        let attachments = archive.read_events(|mut event| {
            prepare.prepare(&mut event);
            to(event);
        });
        return Ok((attachments, prepare));
    }
    let (sender, events) = sync_channel(MAX_QUEUED_BATCHES);
    let reader = start_thread("reader", move || send_batches(archive, &sender))?;
    let (sender, prepared) = sync_channel(MAX_QUEUED_BATCHES);
    let masker = start_thread("masker", move || {
        prepare_batches(&mut prepare, &events, &sender);
        prepare
    })?;
    prepared.iter().flatten().for_each(&mut to);
    // A panic of a thread ends the process.
    let ended = |_| io::Error::other("a thread ended before the file did");
    Ok((reader.join().map_err(ended)?, masker.join().map_err(ended)?))
}

fn send_batches(archive: Archive, to: &SyncSender<Vec<Event>>) -> Attachments {
    let mut batch = Vec::with_capacity(BATCH);
    let attachments = archive.read_events(|event| {
        batch.push(event);
        if batch.len() == BATCH {
            // Errors are ignored: a receiver that is gone wants no more events.
            let _ = to.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
    });
    let _ = to.send(batch);
    attachments
}

fn prepare_batches(
    prepare: &mut impl Prepare,
    events: &Receiver<Vec<Event>>,
    to: &SyncSender<Vec<Event>>,
) {
    for mut batch in events {
        for event in &mut batch {
            prepare.prepare(event);
        }
        let _ = to.send(batch);
    }
}
