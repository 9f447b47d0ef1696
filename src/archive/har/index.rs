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

/// Maximum number of entries that are read.
pub(super) const MAX_ENTRIES: usize = 10_000_000;

/// A HAR file whose entries have not been read for events yet. Clones share the positions of the
/// entries.
#[derive(Clone)]
pub(in crate::archive) struct HarFile {
    pub(in crate::archive) log: HarLog<'static>,
    pub(in crate::archive) entries: SortedEntries,
}

/// The positions of the entries and what is missing in them, collected as the document is read.
pub(in crate::archive) struct EntryIndex {
    store: Arc<CaptureStore>,
    places: Vec<EntryPlace>,
    missing: MissingValues,
    over_limit: u64,
}

/// The positions of the entries in order of their start times, and what is missing in them.
#[derive(Clone)]
pub(in crate::archive) struct SortedEntries {
    places: Arc<Vec<EntryPlace>>,
    /// The start time of the first entry.
    pub(super) start: i64,
    pub(super) missing: MissingValues,
    /// Entries beyond [`MAX_ENTRIES`].
    pub(super) over_limit: u64,
    /// Maximum number of entries to emit.
    max_entries: usize,
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
        let mut buffer = Vec::new();
        let entry: Option<HarEntry<'_>> = match bytes {
            Some(bytes) => element.parse_small(bytes)?,
            None => element.parse_stored(&self.store, &mut buffer)?,
        };
        self.add(element, entry.as_ref());
        Ok(())
    }

    fn take_beginning(&mut self, element: ListElement, block: &[u8]) -> Option<usize> {
        if self.store.overwritten().is_some() {
            return None;
        }
        let (entry, bytes) = ListElement::parse_beginning::<HarEntry<'_>>(block)?;
        let element = ListElement {
            bytes: bytes as u64,
            ..element
        };
        self.add(element, entry.as_ref());
        Some(bytes)
    }
}

impl EntryIndex {
    pub(in crate::archive) const fn new(store: Arc<CaptureStore>) -> Self {
        Self {
            store,
            places: Vec::new(),
            missing: MissingValues::NONE,
            over_limit: 0,
        }
    }

    fn add(&mut self, element: ListElement, entry: Option<&HarEntry<'_>>) {
        let Some(entry) = entry else { return };
        if self.places.len() >= MAX_ENTRIES {
            self.over_limit += 1;
            return;
        }
        let began = parse_date(&entry.started_date_time);
        self.missing.add(entry, began.is_none());
        self.places.push(EntryPlace {
            began: began.unwrap_or(EntryPlace::UNDATED),
            at: element.at,
            bytes: element.bytes,
        });
    }

    /// The entries in order of their start times. Entries without one go to the beginning.
    ///
    /// # Errors
    /// More piped input came than is kept, so the entries can no longer be read again.
    pub(in crate::archive) fn into_sorted(self) -> Result<SortedEntries, ArchiveError> {
        if let Some((_, limit)) = self.store.overwritten() {
            return Err(ArchiveError::Overwritten { limit });
        }
        let mut places = self.places;
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
        Ok(SortedEntries {
            places: Arc::new(places),
            start,
            missing: self.missing,
            over_limit: self.over_limit,
            max_entries: MAX_ENTRIES,
        })
    }
}

impl SortedEntries {
    /// Limits the number of entries to those that began first.
    pub(in crate::archive) const fn limit_entries(&mut self, most: usize) {
        self.max_entries = most;
    }

    /// The positions of the entries to emit.
    pub(super) fn places(&self) -> &[EntryPlace] {
        self.places.get(..self.max_entries).unwrap_or(&self.places)
    }

    /// The number of entries left out.
    pub(super) fn left_out(&self) -> u64 {
        (self.places.len() - self.places().len()) as u64
    }
}

/// Parses a date (RFC 3339) as nanoseconds since 1970; dates before 1677 or after 2262 are clamped.
pub(super) fn parse_date(text: &LenientText<'_>) -> Option<i64> {
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
