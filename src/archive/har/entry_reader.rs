//! Reading of HAR entries from their positions in the file.

use super::index::EntryPlace;
use super::log::HarEntry;
use crate::archive::ArchiveError;
use crate::archive::store::CaptureStore;

/// Reads entries with a read-ahead buffer, since they are mostly in the order of the file.
pub(super) struct EntryReader<'a> {
    store: &'a CaptureStore,
    buffer: Vec<u8>,
    at: u64,
    /// The bytes of a large entry with its strings truncated.
    truncated: Vec<u8>,
}

impl<'a> EntryReader<'a> {
    const READ_AHEAD: usize = 1 << 18;

    pub(super) const fn new(store: &'a CaptureStore) -> Self {
        Self {
            store,
            buffer: Vec::new(),
            at: 0,
            truncated: Vec::new(),
        }
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// The file has changed, or cannot be read.
    pub(super) fn read_entry(
        &mut self,
        place: EntryPlace,
    ) -> Result<Option<HarEntry<'_>>, ArchiveError> {
        let element = place.element();
        if element.bytes > crate::archive::document::ListElement::MAX_SMALL {
            return element.parse_stored(self.store, &mut self.truncated);
        }
        element.parse_small(self.entry_bytes(place)?)
    }

    fn entry_bytes(&mut self, place: EntryPlace) -> Result<&[u8], ArchiveError> {
        let needed = usize::try_from(place.bytes).unwrap_or(usize::MAX);
        let from = |window: &Self| usize::try_from(place.at.checked_sub(window.at)?).ok();
        let is_held = from(self)
            .and_then(|from| from.checked_add(needed))
            .is_some_and(|end| end <= self.buffer.len());
        if !is_held {
            // Read ahead in sequential reading; elsewhere read only the entry.
            let is_next = place.at >= self.at
                && place.at <= self.at + self.buffer.len() as u64 + Self::READ_AHEAD as u64;
            self.fill(
                place.at,
                if is_next {
                    Self::READ_AHEAD
                } else {
                    needed.max(1 << 12)
                },
                needed,
            )?;
        }
        let from = from(self).unwrap_or(usize::MAX);
        Ok(self
            .buffer
            .get(from..from.saturating_add(needed))
            .unwrap_or_default())
    }

    fn fill(&mut self, at: u64, wanted: usize, needed: usize) -> Result<(), ArchiveError> {
        let refused = |error: crate::trace::StoreError| ArchiveError::System {
            offset: at,
            reason: error.to_string(),
        };
        self.at = at;
        self.buffer.resize(wanted, 0);
        let mut filled = 0;
        while filled < needed {
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            let read = self
                .store
                .read_at(room, at + filled as u64)
                .map_err(refused)?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        self.buffer.truncate(filled);
        Ok(())
    }
}
