//! Elements of a long list in a JSON document, each parsed by itself.

use std::io::{self, BufReader, Read};

use serde::Deserialize;

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

    /// Takes the element at the beginning of a block, whose length is not known yet, and returns
    /// its length; `None` if it takes nothing and the element must be passed to
    /// [`take`](Self::take).
    fn take_beginning(&mut self, element: ListElement, block: &[u8]) -> Option<usize>;
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
    pub(in crate::archive) fn parse_small<'b, T: Deserialize<'b>>(
        self,
        bytes: &'b [u8],
    ) -> Result<Option<T>, ArchiveError> {
        serde_json::from_slice::<LenientObject<T>>(bytes)
            .map(|object| object.0)
            .map_err(|error| self.document_error(&error))
    }

    /// Parses the object at the beginning of a block, and returns it with its length; `None` if the
    /// block does not begin with a complete, small and valid object.
    pub(in crate::archive) fn parse_beginning<'b, T: Deserialize<'b>>(
        block: &'b [u8],
    ) -> Option<(Option<T>, usize)> {
        // Anything else may continue after the part that can be parsed.
        block.first().filter(|byte| **byte == b'{')?;
        let mut values =
            serde_json::Deserializer::from_slice(block).into_iter::<LenientObject<T>>();
        let object = values.next()?.ok()?;
        let bytes = values.byte_offset();
        (bytes as u64 <= Self::MAX_SMALL).then_some((object.0, bytes))
    }

    /// Parses an element from the store. Its strings may borrow from `buffer`, which is
    /// overwritten with its truncated bytes.
    ///
    /// # Errors
    /// As for small ones, or it cannot be read.
    pub(in crate::archive) fn parse_stored<'b, T: Deserialize<'b>>(
        self,
        store: &CaptureStore,
        buffer: &'b mut Vec<u8>,
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
        buffer.clear();
        let read = whole().take(Self::MAX_HELD as u64 + 1).read_to_end(buffer);
        read.map_err(|error| ArchiveError::system(self.at, &error))?;
        if buffer.len() <= Self::MAX_HELD {
            return self.parse_small(buffer);
        }
        let mut parser = serde_json::Deserializer::from_reader(whole());
        LenientObject::<T>::deserialize(&mut parser)
            .and_then(|object| parser.end().map(|()| object.0))
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Map, Value};

    use super::super::nesting::JsonNesting;
    use super::*;

    fn length(block: &[u8]) -> Option<usize> {
        ListElement::parse_beginning::<Map<String, Value>>(block).map(|(_, bytes)| bytes)
    }

    #[test]
    fn an_object_at_the_beginning_of_a_block_is_parsed_if_it_is_whole_and_small() {
        for whole in [
            "{}",
            r#"{"a":1}"#,
            r#"{"a":"}","b":[{"c":{}}]}"#,
            r#"{"a":"\"}\u00e9"}"#,
            "{ \"a\" :\n 2 }",
        ] {
            for behind in ["", ",", "]", " ,{}", "x", "\n]}}", "{"] {
                let block = format!("{whole}{behind}");
                let end = JsonNesting::default().end_in(block.as_bytes());
                assert_eq!(length(block.as_bytes()), Some(whole.len()), "{block}");
                assert_eq!(end, Some(whole.len()), "{block}");
            }
            for cut in 0..whole.len() {
                assert_eq!(
                    length(&whole.as_bytes()[..cut]),
                    None,
                    "{whole} cut at {cut}"
                );
            }
        }
        for other in [
            "",
            "[]",
            "[1],",
            "7",
            "7,",
            "null",
            "\"a\"",
            " {}",
            "{a:1}",
            "{]",
            "{\"a\":}",
            "}",
            "{\"a\":1,}",
        ] {
            assert_eq!(length(other.as_bytes()), None, "{other}");
        }
        assert_eq!(length(b"{\"a\":\"\xff\"}"), None);
        let of_bytes = |bytes: u64| {
            let filling = usize::try_from(bytes).unwrap() - r#"{"a":""}"#.len();
            format!(r#"{{"a":"{}"}}"#, "x".repeat(filling))
        };
        assert!(length(of_bytes(ListElement::MAX_SMALL).as_bytes()).is_some());
        assert_eq!(
            length(of_bytes(ListElement::MAX_SMALL + 1).as_bytes()),
            None
        );
    }
}
