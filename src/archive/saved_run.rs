//! Reading of saved runs.
//!
//! The events of a saved run contain everything that the reader has to make up for other captures:
//! when it began, what was captured, and how it ended. So they are passed on unchanged, and packets
//! are regrouped into their original batches.

use crate::trace::{Event, EventKind, Packet};
use crate::units::{Moment, Untrusted, format_count};

use super::packet_meta::PacketMeta;

/// The state of reading a saved run.
#[derive(Debug, Default)]
pub(super) struct SavedRun {
    /// The time of the event that current packets belong to.
    batch: Option<Moment>,
    /// The latest instant seen.
    latest: Moment,
    /// Number of unreadable entries, and the error of the first.
    unreadable: u64,
    first_error: Option<Untrusted>,
    /// Whether the run's section of the file has ended.
    section_ended: bool,
}

impl SavedRun {
    /// Takes note of an event.
    pub(super) fn observe(&mut self, event: &Event) {
        self.latest = self.latest.max(event.at);
    }

    /// Returns true if a packet begins a new batch.
    pub(super) fn begins_batch(&self, meta: Option<PacketMeta>) -> bool {
        meta.and_then(|meta| meta.at)
            .is_some_and(|at| self.batch != Some(at))
    }

    /// Enters the batch of a packet.
    pub(super) fn enter_batch(&mut self, meta: Option<PacketMeta>) {
        self.batch = meta.and_then(|meta| meta.at).or(self.batch);
    }

    /// Packets of one batch as an event. If the time of the batch is missing, since another program
    /// removed it, the latest known instant is used.
    pub(super) fn batch_event(&self, packets: Vec<Packet>) -> Event {
        Event {
            at: self.batch.unwrap_or(self.latest),
            kind: EventKind::Packets { packets },
        }
    }

    /// Counts an unreadable entry.
    pub(super) fn add_unreadable(&mut self, why: Untrusted) {
        self.unreadable += 1;
        self.first_error.get_or_insert(why);
    }

    /// The note on unreadable entries.
    pub(super) fn unreadable_note(&self) -> Option<String> {
        let why = self.first_error.as_ref()?;
        Some(format!(
            "{} of the run cannot be read; the first error is: {}",
            format_count(self.unreadable, "event"),
            why.raw()
        ))
    }

    /// Marks the end of the run's section.
    pub(super) const fn end_section(&mut self) {
        self.section_ended = true;
    }

    /// Returns true after the end of the section: a run that begins now is another one.
    pub(super) const fn has_ended_section(&self) -> bool {
        self.section_ended
    }

    /// The latest instant seen.
    pub(super) const fn latest(&self) -> Moment {
        self.latest
    }
}
