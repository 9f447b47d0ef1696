//! An index of the entries of a HAR file, in the order of their start times.
//!
//! Entries are read twice: once with the document, for their start times and missing values, and
//! again from their positions to emit events in chronological order. In between an entry takes up
//! 24 bytes.

use std::sync::Arc;

use jiff::Timestamp;

use super::entry::MissingValues;
use super::log::{HarEntry, HarLog};
use crate::archive::ArchiveError;
use crate::archive::document::lenient::LenientText;
use crate::archive::document::{ElementSink, ListElement};
use crate::archive::store::CaptureStore;
use crate::units::Bytes;

/// Maximum number of entries that are read.
pub(super) const MAX_ENTRIES: usize = 10_000_000;

/// A HAR file whose entries have not been read for events yet.
pub(in crate::archive) struct HarFile {
    pub(in crate::archive) log: HarLog,
    pub(in crate::archive) index: EntryIndex,
}

/// The positions of the entries, and what is missing in them.
pub(in crate::archive) struct EntryIndex {
    store: Arc<CaptureStore>,
    places: Vec<EntryPlace>,
    pub(super) missing: MissingValues,
    /// Entries beyond [`MAX_ENTRIES`].
    pub(super) over_limit: u64,
    /// Entries to emit, and those left out.
    max_entries: usize,
    pub(super) left_out: u64,
}

/// The position of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryPlace {
    /// Its start time in nanoseconds since 1970.
    pub(super) began: i64,
    pub(super) at: u64,
    pub(super) bytes: u64,
}

impl EntryPlace {
    /// The start time is missing.
    const UNDATED: i64 = i64::MIN;

    /// The element, for parsing it again. Its line and column are unknown then.
    pub(super) const fn element(self) -> ListElement {
        ListElement {
            at: self.at,
            bytes: self.bytes,
            line: 1,
            column: 1,
        }
    }
}

impl ElementSink for EntryIndex {
    fn take(&mut self, element: ListElement, bytes: Option<&[u8]>) -> Result<(), ArchiveError> {
        if let Some((_, limit)) = self.store.overwritten() {
            return Err(ArchiveError::Overwritten { limit });
        }
        let entry: Option<HarEntry> = match bytes {
            Some(bytes) => element.parse_small(bytes)?,
            None => element.parse_stored(&self.store)?,
        };
        match entry {
            Some(_) if self.places.len() >= MAX_ENTRIES => self.over_limit += 1,
            Some(entry) => {
                let began = parse_date(&entry.started_date_time);
                self.missing.add(&entry, began.is_none());
                self.places.push(EntryPlace {
                    began: began.unwrap_or(EntryPlace::UNDATED),
                    at: element.at,
                    bytes: element.bytes,
                });
            }
            None => {}
        }
        Ok(())
    }
}

impl EntryIndex {
    pub(in crate::archive) const fn new(store: Arc<CaptureStore>) -> Self {
        Self {
            store,
            places: Vec::new(),
            missing: MissingValues::NONE,
            over_limit: 0,
            max_entries: MAX_ENTRIES,
            left_out: 0,
        }
    }

    /// Limits the number of entries to those that began first.
    pub(in crate::archive) const fn limit_entries(&mut self, most: usize) {
        self.max_entries = most;
    }

    /// The start time of the first entry, and the entries in order of their start times. Entries
    /// without one go to the beginning.
    pub(super) fn sorted(&mut self) -> (i64, Vec<EntryPlace>) {
        let mut places = std::mem::take(&mut self.places);
        let dates = places
            .iter()
            .map(|place| place.began)
            .filter(|began| *began != EntryPlace::UNDATED);
        let start = dates.min().unwrap_or(0);
        for place in &mut places {
            place.began = place.began.max(start);
        }
        if !places.is_sorted_by_key(|place| place.began) {
            // Entries with the same start time keep the order of the file.
            places.sort_unstable_by_key(|place| (place.began, place.at));
        }
        self.left_out = places.len().saturating_sub(self.max_entries) as u64;
        places.truncate(self.max_entries);
        (start, places)
    }

    /// Fails if the piped input can no longer be read again.
    ///
    /// # Errors
    /// More input came than is kept.
    pub(in crate::archive) fn ensure_rereadable(self) -> Result<Self, ArchiveError> {
        let forgotten: Option<(Bytes, Bytes)> = self.store.overwritten();
        forgotten.map_or(Ok(self), |(_, limit)| {
            Err(ArchiveError::Overwritten { limit })
        })
    }
}

/// Parses a date (RFC 3339) as nanoseconds since 1970; dates before 1677 or after 2262 are clamped.
pub(super) fn parse_date(text: &LenientText) -> Option<i64> {
    let nanos = text
        .non_empty()?
        .trim()
        .parse()
        .ok()
        .map(Timestamp::as_nanosecond)?;
    Some(
        i64::try_from(nanos)
            .unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
            .max(EntryPlace::UNDATED + 1),
    )
}
