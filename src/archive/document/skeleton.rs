//! A HAR's document with its entries taken out on the way to whoever parses it.
//!
//! A HAR may have ten million entries. So its document is parsed with `0` in the place of each
//! element of `log.entries`, and the elements are handed out one by one with where they lie.
//! Everything else passes as it is, so what was JSON stays JSON and what was none is refused as it
//! would have been.

use std::io::{self, Read};

use super::elements::{Element, Elements};
use super::nesting::Nesting;
use crate::archive::ArchiveError;
use crate::archive::source::Source;

/// Reads the document without its entries.
pub(super) struct Skeleton<E> {
    source: Source,
    elements: E,
    place: Place,
    /// The first bytes of an element.
    held: Vec<u8>,
    /// Lines, and bytes of the line, of the file so far.
    at: (u64, u64),
    /// The same of what was handed out.
    told: (u64, u64),
    /// The latest elements.
    latest: [Option<Anchor>; 2],
    failed: Option<ArchiveError>,
}

impl<E: Elements> Skeleton<E> {
    const HELD: usize = super::shortened::MOST;
    const BLOCK: usize = 1 << 16;

    /// Begins where the document does.
    pub(super) fn over(source: Source, elements: E) -> Self {
        Self {
            source,
            elements,
            place: Place::default(),
            held: Vec::new(),
            at: (1, 0),
            told: (1, 0),
            latest: [None; 2],
            failed: None,
        }
    }

    /// Returns which line and column of the file stand at a line and column of what was handed out,
    /// near its end.
    pub(super) fn position(&self, told: (u64, u64)) -> (u64, u64) {
        let before = self
            .latest
            .iter()
            .flatten()
            .filter(|anchor| anchor.told <= told)
            .max_by_key(|anchor| anchor.told);
        before.map_or(told, |anchor| anchor.position(told))
    }

    /// Returns what the elements came to; or why the source or an element could not be read.
    pub(super) fn end(self) -> Result<E, ArchiveError> {
        self.failed.map_or(Ok(self.elements), Err)
    }

    fn next(&mut self) -> Result<Option<u8>, ArchiveError> {
        let Some(byte) = self.source.peek(1)?.first().copied() else {
            return Ok(None);
        };
        if self.place.begins_entry(byte) {
            self.told.1 += 1;
            self.pass_element()?;
            return Ok(Some(b'0'));
        }
        self.source.take(1, "the document")?;
        (self.at, self.told) = (
            position_behind(self.at, &[byte]),
            position_behind(self.told, &[byte]),
        );
        self.place.pass(byte);
        Ok(Some(byte))
    }

    fn pass_element(&mut self) -> Result<(), ArchiveError> {
        let (at, begins) = (self.source.offset(), (self.at.0, self.at.1 + 1));
        let (mut nesting, mut bytes, mut ended) = (Nesting::default(), 0_u64, false);
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
            if self.held.len() <= Self::HELD {
                let room = (Self::HELD + 1 - self.held.len()).min(taken.len());
                self.held
                    .extend_from_slice(taken.get(..room).unwrap_or_default());
            }
            self.at = position_behind(self.at, taken);
        }
        let whole = (self.held.len() as u64 == bytes && bytes <= Element::SMALL)
            .then_some(self.held.as_slice());
        self.latest = [
            self.latest[1],
            Some(Anchor {
                told: self.told,
                begins,
                ends: self.at,
            }),
        ];
        self.elements.take(
            Element {
                at,
                bytes,
                line: begins.0,
                column: begins.1,
            },
            whole,
        )
    }
}

/// Where an element stands: what is handed out in its place, and its first and its last byte.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    told: (u64, u64),
    begins: (u64, u64),
    ends: (u64, u64),
}

impl Anchor {
    fn position(&self, (line, column): (u64, u64)) -> (u64, u64) {
        if (line, column) == self.told {
            self.begins
        } else if line == self.told.0 {
            (self.ends.0, self.ends.1 + (column - self.told.1))
        } else {
            (self.ends.0 + (line - self.told.0), column)
        }
    }
}

/// The line and column behind some bytes.
fn position_behind((line, column): (u64, u64), bytes: &[u8]) -> (u64, u64) {
    match memchr::memrchr(b'\n', bytes) {
        None => (line, column + bytes.len() as u64),
        Some(last) => (
            line + memchr::memchr_iter(b'\n', bytes).count() as u64,
            (bytes.len() - last - 1) as u64,
        ),
    }
}

impl<E: Elements> Read for Skeleton<E> {
    /// Reads one byte at most: an element that follows is no sooner taken than the parser comes to
    /// it.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(place) = into.first_mut() else {
            return Ok(0);
        };
        match self.next() {
            Ok(Some(byte)) => *place = byte,
            Ok(None) => return Ok(0),
            Err(error) => {
                let told = io::Error::other(error.to_string());
                self.failed = Some(error);
                return Err(told);
            }
        }
        Ok(1)
    }
}

/// Where in a document a byte is, as far as that matters to find `log.entries`.
#[derive(Debug, Default)]
struct Place {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// The string that may be a name.
    name: Vec<u8>,
    /// A name was read at depth 1 or 2, and its colon.
    named: Option<Name>,
    within: Within,
    /// There was a list of entries; another one is a mistake, which its parser says.
    seen: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Other,
    Log,
    Entries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Log,
    Entries,
    Other,
}

impl Place {
    /// Longer names are others.
    const LONGEST: usize = 64;

    /// Whether an entry begins with this byte.
    const fn begins_entry(&self, byte: u8) -> bool {
        matches!(self.within, Within::Entries)
            && self.depth == 3
            && !matches!(
                byte,
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}' | b':'
            )
    }

    fn pass(&mut self, byte: u8) {
        if self.in_string {
            return self.within(byte);
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.name.clear();
            }
            b':' if self.depth <= 2 => self.named = Some(self.name()),
            b',' if self.depth <= 2 => self.named = None,
            b'{' | b'[' => self.open(byte),
            b'}' | b']' => self.close(),
            _ => {}
        }
    }

    fn within(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
        if self.in_string && self.depth <= 2 && self.name.len() <= Self::LONGEST {
            self.name.push(byte);
        }
    }

    fn name(&self) -> Name {
        // A name may be written in escapes.
        let quoted = [b"\"", self.name.as_slice(), b"\""].concat();
        match serde_json::from_slice::<String>(&quoted).as_deref() {
            Ok("log") => Name::Log,
            Ok("entries") => Name::Entries,
            _ => Name::Other,
        }
    }

    fn open(&mut self, byte: u8) {
        let named = self.named.take();
        self.depth = self.depth.saturating_add(1);
        match (self.depth, byte, named) {
            (2, b'{', Some(Name::Log)) => self.within = Within::Log,
            (3, b'[', Some(Name::Entries)) if self.within == Within::Log && !self.seen => {
                (self.within, self.seen) = (Within::Entries, true);
            }
            _ => {}
        }
    }

    const fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.within = match self.within {
            Within::Entries if self.depth == 2 => Within::Log,
            Within::Log if self.depth < 2 => Within::Other,
            within => within,
        };
    }
}
