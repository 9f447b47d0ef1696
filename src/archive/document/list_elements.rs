//! Elements of a long list in a JSON document, each parsed by itself.

use std::io::{self, BufReader, Read};

use serde::de::DeserializeOwned;

use super::lenient::LenientObject;
use super::string_truncation::{MAX_STRING_BYTES, StringTruncator};
use crate::archive::ArchiveError;
use crate::archive::store::CaptureStore;

/// The position of an element in the file, with the line and column of its first byte, both counted
/// from 1.
#[derive(Clone, Copy, Debug)]
pub(in crate::archive) struct ListElement {
    pub(in crate::archive) at: u64,
    pub(in crate::archive) bytes: u64,
    pub(in crate::archive) line: u64,
    pub(in crate::archive) column: u64,
}

/// A consumer of elements as a document is read.
pub(in crate::archive) trait ElementSink {
    /// Takes an element, with its bytes if it is [small](ListElement::MAX_SMALL).
    ///
    /// # Errors
    /// The element is not valid JSON, which ends the reading.
    fn take(&mut self, element: ListElement, bytes: Option<&[u8]>) -> Result<(), ArchiveError>;
}

impl ListElement {
    /// Elements up to this size are parsed without truncating strings.
    pub(in crate::archive) const MAX_SMALL: u64 = MAX_STRING_BYTES as u64;
    /// A truncated element up to this size is parsed from memory; a larger one is parsed as it is
    /// read.
    const MAX_HELD: usize = 1 << 20;

    /// Parses a small element; `None` if it is not an object.
    ///
    /// # Errors
    /// The bytes are not valid JSON; the message has the line and column in the file.
    pub(in crate::archive) fn parse_small<T: DeserializeOwned>(
        self,
        bytes: &[u8],
    ) -> Result<Option<T>, ArchiveError> {
        serde_json::from_slice::<LenientObject<T>>(bytes)
            .map(|object| object.0)
            .map_err(|error| self.document_error(&error))
    }

    /// Parses an element from the store.
    ///
    /// # Errors
    /// As for small ones, or it cannot be read.
    pub(in crate::archive) fn parse_stored<T: DeserializeOwned>(
        self,
        store: &CaptureStore,
    ) -> Result<Option<T>, ArchiveError> {
        let whole = || {
            StringTruncator::new(BufReader::with_capacity(
                1 << 16,
                StoredRange {
                    store,
                    at: self.at,
                    left: self.bytes,
                },
            ))
        };
        let mut cut = Vec::new();
        let read = whole()
            .take(Self::MAX_HELD as u64 + 1)
            .read_to_end(&mut cut);
        read.map_err(|error| ArchiveError::system(self.at, &error))?;
        if cut.len() <= Self::MAX_HELD {
            return self.parse_small(&cut);
        }
        serde_json::from_reader::<_, LenientObject<T>>(whole())
            .map(|object| object.0)
            .map_err(|error| self.document_error(&error))
    }

    fn document_error(self, error: &serde_json::Error) -> ArchiveError {
        let line = error.line() as u64;
        let column = error.column() as u64;
        let place = if line <= 1 {
            (self.line, self.column - 1 + column)
        } else {
            (self.line + line - 1, column)
        };
        ArchiveError::Document {
            reason: super::describe_at(error, place),
        }
    }
}

/// A reader for a range of the store.
struct StoredRange<'a> {
    store: &'a CaptureStore,
    at: u64,
    left: u64,
}

impl Read for StoredRange<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(into.len());
        let read = self
            .store
            .read_at(into.get_mut(..most).unwrap_or_default(), self.at)
            .map_err(io::Error::other)?;
        (self.at, self.left) = (self.at + read as u64, self.left - read as u64);
        Ok(read)
    }
}
