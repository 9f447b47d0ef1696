//! Where the entries of a file lie, in the order in which they began.
//!
//! Entries are read twice: once as the document is read, to know when each began and what is so of
//! all of them; and once more where they lie, to tell their events in the order of time. In between
//! an entry takes 24 bytes.

use std::sync::Arc;

use jiff::Timestamp;

use super::entry::Remarks;
use super::log::{Entry, Log};
use crate::archive::ArchiveError;
use crate::archive::document::lenient::Text;
use crate::archive::document::{Element, Elements};
use crate::archive::store::Store;
use crate::units::Bytes;

/// Entries that are read.
pub(super) const MOST_ENTRIES: usize = 10_000_000;

/// A file whose entries are still to be told.
pub(in crate::archive) struct Har {
    pub(in crate::archive) log: Log,
    pub(in crate::archive) index: Index,
}

/// Where the entries lie, and what is so of all of them.
pub(in crate::archive) struct Index {
    store: Arc<Store>,
    places: Vec<Place>,
    pub(super) remarks: Remarks,
    /// Entries beyond those that are read.
    pub(super) beyond: u64,
    /// Entries that are told, and those beyond them.
    told: usize,
    pub(super) untold: u64,
}

/// Where an entry lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// When it began, in nanoseconds since 1970.
    pub(super) began: i64,
    pub(super) at: u64,
    pub(super) bytes: u64,
}

impl Place {
    /// It does not say when.
    const UNDATED: i64 = i64::MIN;

    /// Returns where it lies, to be parsed again: then what is wrong with it is no longer told by
    /// line and column.
    pub(super) const fn element(self) -> Element {
        Element {
            at: self.at,
            bytes: self.bytes,
            line: 1,
            column: 1,
        }
    }
}

impl Elements for Index {
    fn take(&mut self, element: Element, bytes: Option<&[u8]>) -> Result<(), ArchiveError> {
        if let Some((_, limit)) = self.store.forgotten() {
            return Err(ArchiveError::Forgotten { limit });
        }
        let entry: Option<Entry> = match bytes {
            Some(bytes) => element.parse_small(bytes)?,
            None => element.parse_stored(&self.store)?,
        };
        match entry {
            Some(_) if self.places.len() >= MOST_ENTRIES => self.beyond += 1,
            Some(entry) => {
                let began = date(&entry.started_date_time);
                self.remarks.add(&entry, began.is_none());
                self.places.push(Place {
                    began: began.unwrap_or(Place::UNDATED),
                    at: element.at,
                    bytes: element.bytes,
                });
            }
            None => {}
        }
        Ok(())
    }
}

impl Index {
    pub(in crate::archive) const fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            places: Vec::new(),
            remarks: Remarks::NONE,
            beyond: 0,
            told: MOST_ENTRIES,
            untold: 0,
        }
    }

    /// Tells no more than so many entries: those that began first.
    pub(in crate::archive) const fn tell_first(&mut self, most: usize) {
        self.told = most;
    }

    /// Returns when the first entry began, and the entries in the order in which they began. Those
    /// that do not say when stand at the beginning.
    pub(super) fn sorted(&mut self) -> (i64, Vec<Place>) {
        let mut places = std::mem::take(&mut self.places);
        let dates = places
            .iter()
            .map(|place| place.began)
            .filter(|began| *began != Place::UNDATED);
        let start = dates.min().unwrap_or(0);
        for place in &mut places {
            place.began = place.began.max(start);
        }
        if !places.is_sorted_by_key(|place| place.began) {
            // In the order of the file where they began at one time.
            places.sort_unstable_by_key(|place| (place.began, place.at));
        }
        self.untold = places.len().saturating_sub(self.told) as u64;
        places.truncate(self.told);
        (start, places)
    }

    /// Fails where what came through a pipe is no longer there to be read again.
    ///
    /// # Errors
    /// More came than is kept.
    pub(in crate::archive) fn readable_again(self) -> Result<Self, ArchiveError> {
        let forgotten: Option<(Bytes, Bytes)> = self.store.forgotten();
        forgotten.map_or(Ok(self), |(_, limit)| {
            Err(ArchiveError::Forgotten { limit })
        })
    }
}

/// A date (RFC 3339) in nanoseconds since 1970; one before 1677 or after 2262 as the first or the
/// last that can be told so.
pub(super) fn date(text: &Text) -> Option<i64> {
    let nanos = text
        .some()?
        .trim()
        .parse()
        .ok()
        .map(Timestamp::as_nanosecond)?;
    Some(
        i64::try_from(nanos)
            .unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
            .max(Place::UNDATED + 1),
    )
}
