//! A run of this program's that was saved, as it is read again.
//!
//! Its events say all that a capture of others has to be told of by the reader: when it began, what
//! was captured and how it ended. So they are passed on as they are, and packets as the batches in
//! which they were told.

use crate::trace::{Event, EventKind, Packet};
use crate::units::{Moment, Untrusted};

use super::packet_meta::PacketMeta;

/// What is known of the run so far.
#[derive(Debug, Default)]
pub(super) struct SavedRun {
    /// When the batch was told that packets are of now.
    batch: Option<Moment>,
    /// The latest instant that was heard of.
    latest: Moment,
    /// Entries that could not be read, and why the first could not.
    unreadable: u64,
    first_error: Option<Untrusted>,
    /// The section of the file that it began in is over.
    section_ended: bool,
}

impl SavedRun {
    /// An event as it was told.
    pub(super) fn observe(&mut self, event: &Event) {
        self.latest = self.latest.max(event.at);
    }

    /// Whether a packet begins another batch than the ones before it are of.
    pub(super) fn begins_batch(&self, aside: Option<PacketMeta>) -> bool {
        aside
            .and_then(|aside| aside.at)
            .is_some_and(|at| self.batch != Some(at))
    }

    /// The batch of a packet.
    pub(super) fn enter_batch(&mut self, aside: Option<PacketMeta>) {
        self.batch = aside.and_then(|aside| aside.at).or(self.batch);
    }

    /// Packets of one batch as they were told. Where somebody took away when that was, as of the
    /// latest that is known.
    pub(super) fn batch_event(&self, packets: Vec<Packet>) -> Event {
        Event {
            at: self.batch.unwrap_or(self.latest),
            kind: EventKind::Packets { packets },
        }
    }

    /// An entry could not be read.
    pub(super) fn add_unreadable(&mut self, why: Untrusted) {
        self.unreadable += 1;
        self.first_error.get_or_insert(why);
    }

    /// What is to be said of such entries.
    pub(super) fn unreadable_note(&self) -> Option<String> {
        let why = self.first_error.as_ref()?;
        Some(format!(
            "{} events of the run cannot be read; of the first it is said: {}",
            self.unreadable,
            why.raw()
        ))
    }

    /// The section of the file is over.
    pub(super) const fn end_section(&mut self) {
        self.section_ended = true;
    }

    /// Whether that was so: a run that begins now is another one.
    pub(super) const fn has_ended_section(&self) -> bool {
        self.section_ended
    }

    /// The latest instant that was heard of.
    pub(super) const fn latest(&self) -> Moment {
        self.latest
    }
}
