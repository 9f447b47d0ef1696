//! Extraction of the entries of a HAR while its document is parsed.
//!
//! A HAR may have ten million entries. The parser therefore gets `0` in place of each element of
//! `log.entries`, and the elements are handed out one by one with their positions. Everything else
//! is passed through, so valid JSON remains valid, and invalid JSON is rejected as usual.

use std::io::{self, Read};

use super::list_elements::{ElementSink, ListElement};
use super::nesting::JsonNesting;
use crate::archive::ArchiveError;
use crate::archive::input::ArchiveInput;

/// A reader of the document without its entries.
pub(super) struct EntryExtractor<E> {
    source: ArchiveInput,
    elements: E,
    json_position: JsonPosition,
    /// The first bytes of the current element.
    held: Vec<u8>,
    /// The line and column reached in the file.
    input_position: (u64, u64),
    /// The line and column reached in the output.
    output_position: (u64, u64),
    /// The latest elements, for translating positions.
    latest: [Option<ElementAnchor>; 2],
    failed: Option<ArchiveError>,
}

impl<E: ElementSink> EntryExtractor<E> {
    const MAX_HELD: usize = super::string_truncation::MAX_STRING_BYTES;
    const BLOCK: usize = 1 << 16;

    /// Starts at the beginning of the document.
    pub(super) fn new(source: ArchiveInput, elements: E) -> Self {
        Self {
            source,
            elements,
            json_position: JsonPosition::default(),
            held: Vec::new(),
            input_position: (1, 0),
            output_position: (1, 0),
            latest: [None; 2],
            failed: None,
        }
    }

    /// Translates a position near the end of the output to a position in the file.
    pub(super) fn input_position_at(&self, output: (u64, u64)) -> (u64, u64) {
        let before = self
            .latest
            .iter()
            .flatten()
            .filter(|anchor| anchor.output_position <= output)
            .max_by_key(|anchor| anchor.output_position);
        before.map_or(output, |anchor| anchor.position(output))
    }

    /// Returns the sink; or the error of the input or an element.
    pub(super) fn finish(self) -> Result<E, ArchiveError> {
        self.failed.map_or(Ok(self.elements), Err)
    }

    fn next(&mut self) -> Result<Option<u8>, ArchiveError> {
        let Some(byte) = self.source.peek(1)?.first().copied() else {
            return Ok(None);
        };
        if self.json_position.begins_entry(byte) {
            self.output_position.1 += 1;
            self.extract_element()?;
            return Ok(Some(b'0'));
        }
        self.source.take(1, "the document")?;
        (self.input_position, self.output_position) = (
            position_after(self.input_position, &[byte]),
            position_after(self.output_position, &[byte]),
        );
        self.json_position.advance(byte);
        Ok(Some(byte))
    }

    fn extract_element(&mut self) -> Result<(), ArchiveError> {
        let at = self.source.offset();
        let begins = (self.input_position.0, self.input_position.1 + 1);
        let element = ListElement {
            at,
            bytes: 0,
            line: begins.0,
            column: begins.1,
        };
        let block = self.source.peek(Self::BLOCK)?;
        if let Some(bytes) = self.elements.take_beginning(element, block) {
            let taken = self.source.take(bytes, "the document")?;
            self.input_position = position_after(self.input_position, taken);
            self.add_anchor(begins);
            return Ok(());
        }
        let mut nesting = JsonNesting::default();
        let mut bytes = 0_u64;
        let mut ended = false;
        self.held.clear();
        while !ended {
            let block = self.source.peek(Self::BLOCK)?;
            if block.is_empty() {
                break;
            }
            let end = nesting.end_in(block);
            ended = end.is_some();
            let used = end.unwrap_or(block.len());
            bytes += used as u64;
            let taken = self.source.take(used, "the document")?;
            if self.held.len() <= Self::MAX_HELD {
                let room = (Self::MAX_HELD + 1 - self.held.len()).min(taken.len());
                self.held
                    .extend_from_slice(taken.get(..room).unwrap_or_default());
            }
            self.input_position = position_after(self.input_position, taken);
        }
        self.add_anchor(begins);
        let whole = (self.held.len() as u64 == bytes && bytes <= ListElement::MAX_SMALL)
            .then_some(self.held.as_slice());
        self.elements.take(ListElement { bytes, ..element }, whole)
    }

    /// Adds an anchor for the element that ends at the current position.
    fn add_anchor(&mut self, begins: (u64, u64)) {
        let anchor = ElementAnchor {
            output_position: self.output_position,
            begins,
            ends: self.input_position,
        };
        self.latest = [self.latest[1], Some(anchor)];
    }
}

/// The position of an extracted element: in the output, and its first and last byte in the file.
#[derive(Clone, Copy, Debug)]
struct ElementAnchor {
    output_position: (u64, u64),
    begins: (u64, u64),
    ends: (u64, u64),
}

impl ElementAnchor {
    fn position(&self, (line, column): (u64, u64)) -> (u64, u64) {
        if (line, column) == self.output_position {
            self.begins
        } else if line == self.output_position.0 {
            (self.ends.0, self.ends.1 + (column - self.output_position.1))
        } else {
            (self.ends.0 + (line - self.output_position.0), column)
        }
    }
}

/// The line and column after some bytes.
fn position_after((line, column): (u64, u64), bytes: &[u8]) -> (u64, u64) {
    match memchr::memrchr(b'\n', bytes) {
        None => (line, column + bytes.len() as u64),
        Some(last) => (
            line + memchr::memchr_iter(b'\n', bytes).count() as u64,
            (bytes.len() - last - 1) as u64,
        ),
    }
}

impl<E: ElementSink> Read for EntryExtractor<E> {
    /// Reads at most one byte, so that an element is not extracted before the parser reaches it:
    /// its errors then come in order.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(place) = into.first_mut() else {
            return Ok(0);
        };
        match self.next() {
            Ok(Some(byte)) => *place = byte,
            Ok(None) => return Ok(0),
            Err(error) => {
                let for_parser = io::Error::other(error.to_string());
                self.failed = Some(error);
                return Err(for_parser);
            }
        }
        Ok(1)
    }
}

/// The position in a document, as far as needed to find `log.entries`.
#[derive(Debug, Default)]
struct JsonPosition {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// The current string, which may be a member name.
    name: Vec<u8>,
    /// The name before the latest colon at depth 1 or 2.
    named: Option<MemberName>,
    within: JsonContainer,
    /// Whether a list of entries was found; a second one is a duplicate, which the parser reports.
    seen: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum JsonContainer {
    #[default]
    Other,
    Log,
    Entries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MemberName {
    Log,
    Entries,
    Other,
}

impl JsonPosition {
    /// Longer names cannot be relevant ones.
    const MAX_NAME: usize = 64;

    /// Returns true if an entry begins with this byte.
    const fn begins_entry(&self, byte: u8) -> bool {
        matches!(self.within, JsonContainer::Entries)
            && self.depth == 3
            && !matches!(
                byte,
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}' | b':'
            )
    }

    fn advance(&mut self, byte: u8) {
        if self.in_string {
            return self.advance_in_string(byte);
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.name.clear();
            }
            b':' if self.depth <= 2 => self.named = Some(self.member_name()),
            b',' if self.depth <= 2 => self.named = None,
            b'{' | b'[' => self.open(byte),
            b'}' | b']' => self.close(),
            _ => {}
        }
    }

    fn advance_in_string(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
        if self.in_string && self.depth <= 2 && self.name.len() <= Self::MAX_NAME {
            self.name.push(byte);
        }
    }

    fn member_name(&self) -> MemberName {
        // Names may contain escapes.
        let quoted = [b"\"", self.name.as_slice(), b"\""].concat();
        match serde_json::from_slice::<String>(&quoted).as_deref() {
            Ok("log") => MemberName::Log,
            Ok("entries") => MemberName::Entries,
            _ => MemberName::Other,
        }
    }

    fn open(&mut self, byte: u8) {
        let named = self.named.take();
        self.depth = self.depth.saturating_add(1);
        match (self.depth, byte, named) {
            (2, b'{', Some(MemberName::Log)) => self.within = JsonContainer::Log,
            (3, b'[', Some(MemberName::Entries))
                if self.within == JsonContainer::Log && !self.seen =>
            {
                (self.within, self.seen) = (JsonContainer::Entries, true);
            }
            _ => {}
        }
    }

    const fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.within = match self.within {
            JsonContainer::Entries if self.depth == 2 => JsonContainer::Log,
            JsonContainer::Log if self.depth < 2 => JsonContainer::Other,
            within => within,
        };
    }
}
