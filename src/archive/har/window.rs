//! Entries, read where they lie.

use super::index::Place;
use super::log::Entry;
use crate::archive::ArchiveError;
use crate::archive::store::Store;

/// A piece of the file that is held: entries mostly stand in the order in which they are read.
pub(super) struct Window<'a> {
    store: &'a Store,
    held: Vec<u8>,
    at: u64,
}

impl<'a> Window<'a> {
    const BYTES: usize = 1 << 18;

    pub(super) const fn over(store: &'a Store) -> Self {
        Self {
            store,
            held: Vec::new(),
            at: 0,
        }
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// The file is no longer what it was.
    pub(super) fn entry(&mut self, place: Place) -> Result<Option<Entry>, ArchiveError> {
        let element = place.element();
        if element.bytes > crate::archive::document::Element::SMALL {
            return element.parse_stored(self.store);
        }
        element.parse_small(self.bytes(place)?)
    }

    fn bytes(&mut self, place: Place) -> Result<&[u8], ArchiveError> {
        let needed = usize::try_from(place.bytes).unwrap_or(usize::MAX);
        let from = |window: &Self| usize::try_from(place.at.checked_sub(window.at)?).ok();
        let is_held = from(self)
            .and_then(|from| from.checked_add(needed))
            .is_some_and(|end| end <= self.held.len());
        if !is_held {
            // Behind what was read last more will be wanted; elsewhere no more than the entry.
            let is_next = place.at >= self.at
                && place.at <= self.at + self.held.len() as u64 + Self::BYTES as u64;
            self.fill(
                place.at,
                if is_next {
                    Self::BYTES
                } else {
                    needed.max(1 << 12)
                },
                needed,
            )?;
        }
        let from = from(self).unwrap_or(usize::MAX);
        Ok(self
            .held
            .get(from..from.saturating_add(needed))
            .unwrap_or_default())
    }

    fn fill(&mut self, at: u64, wanted: usize, needed: usize) -> Result<(), ArchiveError> {
        let refused = |error: crate::trace::StoreError| ArchiveError::System {
            offset: at,
            reason: error.to_string(),
        };
        self.at = at;
        self.held.resize(wanted, 0);
        let mut filled = 0;
        while filled < needed {
            let room = self.held.get_mut(filled..).unwrap_or_default();
            let read = self
                .store
                .read_at(room, at + filled as u64)
                .map_err(refused)?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        self.held.truncate(filled);
        Ok(())
    }
}
