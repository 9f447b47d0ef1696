//! What each layer owns of a connection's byte streams.
//!
//! ```text
//! segments    ├────────┼────────┼────────┤   [offset, offset + payload) of the stream, from the packets
//! records     ├──────────────┼───────────┤   [at, at + bytes) of the stream
//! plaintext      ├─────────┤     ├─────┤     the records' plaintext, put together: an axis of its own
//! parts          ├──┼──────┼─────┼─────┤     [at, at + bytes) of the plaintext; without TLS, of the stream
//! ```
//!
//! So what is in a packet ([`Connection::contents`](super::Connection::contents)) and which packets
//! carried something ([`Flow::carriers`](super::Flow::carriers)) are look-ups.

mod contents;
mod part_kind;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::wire::Side;
use crate::wire::assembler::overlapping_items;

pub use contents::{Contents, UnitFragment};

/// A TLS record (RFC 8446 §5.1, RFC 5246 §6.2.1) as it lies in the stream that TCP carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Stream offset of its header's first byte.
    pub at: u64,
    /// Its length, the header's 5 bytes included.
    pub bytes: u32,
    /// The content type in its header. TLS 1.3 puts its own under encryption and says 23 here.
    pub kind: u8,
    /// Where in the plaintext that it carries begins. Where it carries none: where the plaintext
    /// stood.
    pub plain_at: u64,
    /// How much of the application's plaintext it carries; 0 for a handshake message, an alert, a
    /// session ticket.
    pub plain_bytes: u32,
}

/// A part of what the application says: a head, a body, a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Plaintext offset of its first byte; on a connection without TLS that is the stream offset.
    pub at: u64,
    /// Its length so far. A part that goes on is told again, with the same `at`.
    pub bytes: u64,
    /// What it is.
    pub what: PartKind,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Start line, field lines and the empty line of a request or a final response (RFC 9112 §2.1).
    Http1Head,
    /// The same of an informational response (RFC 9110 §15.2).
    Http1InformationalHead,
    /// A body, or one chunk's share of it.
    Http1Body,
    /// A chunk's size, its extensions and the line's end, and the line's end before it that closes
    /// the chunk before (RFC 9112 §7.1).
    Http1ChunkHeader,
    /// The trailer section with its empty line (RFC 9112 §7.1.2).
    Http1Trailers,
    /// What a client says before its first frame (RFC 9113 §3.4).
    Http2Preface,
    /// A frame with its header (RFC 9113 §4.1).
    Http2Frame {
        /// Its type.
        kind: u8,
        /// Its flags.
        flags: u8,
        /// Its stream; 0 for the connection.
        stream: u32,
    },
}

impl Record {
    /// Bytes of a record's header.
    pub const HEADER: u64 = 5;

    /// The stream's bytes that it is.
    pub const fn range(&self) -> Range<u64> {
        self.at..self.at.saturating_add(self.bytes as u64)
    }

    /// The plaintext that it carries.
    pub const fn plain(&self) -> Range<u64> {
        self.plain_at..self.plain_at.saturating_add(self.plain_bytes as u64)
    }
}

impl Part {
    /// The plaintext that it is.
    pub const fn range(&self) -> Range<u64> {
        self.at..self.at.saturating_add(self.bytes)
    }
}

/// What lies in the stream from one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamLayers {
    records: Vec<Record>,
    parts: Vec<Part>,
    unlisted: u64,
}

impl StreamLayers {
    /// Records listed, and as many parts. Further ones are counted only, so that memory stays
    /// bounded.
    pub const MOST: usize = 400_000;

    /// The records, by their place in the stream.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The parts, by their place in the plaintext.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Records and parts that are not listed because there were too many.
    pub const fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// The records of which a stretch of the stream has something.
    pub fn records_in(&self, stream: &Range<u64>) -> &[Record] {
        overlapping_items(&self.records, stream, Record::range)
    }

    /// The records that carry something of a stretch of the plaintext, and such between them as
    /// carry none.
    pub fn records_of(&self, plain: &Range<u64>) -> &[Record] {
        overlapping_items(&self.records, plain, Record::plain)
    }

    /// The parts of which a stretch of the plaintext has something.
    pub fn parts_in(&self, plain: &Range<u64>) -> &[Part] {
        overlapping_items(&self.parts, plain, Part::range)
    }

    /// Takes what was told: in order; what lies before something known is no sense and is ignored.
    pub(super) fn take(&mut self, records: &[Record], parts: &[Part], unlisted: u64) {
        self.unlisted = self.unlisted.saturating_add(unlisted);
        for record in records
            .iter()
            .filter(|record| u64::from(record.bytes) >= Record::HEADER)
        {
            let follows = |before: &Record| {
                before.range().end <= record.at && before.plain().end <= record.plain_at
            };
            self.unlisted += append(
                &mut self.records,
                *record,
                |known| known.at == record.at,
                follows,
            );
        }
        for part in parts.iter().filter(|part| part.bytes > 0) {
            self.unlisted += append(
                &mut self.parts,
                *part,
                |known| known.at == part.at,
                |before| before.range().end <= part.at,
            );
        }
    }
}

/// What lies in both streams of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    client: StreamLayers,
    server: StreamLayers,
}

impl Layers {
    /// What a stretch of the stream from one side carries. `nonce` are the bytes between a record's
    /// header and its ciphertext.
    pub fn contents(&self, from: Side, stream: Range<u64>, nonce: u64) -> Contents<'_> {
        self.of(from).contents(stream, nonce)
    }

    /// The stream from one side.
    pub const fn of(&self, from: Side) -> &StreamLayers {
        match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// Adds what lies in the stream from one side, each in its order; what lies before something
    /// known is no sense and is ignored.
    pub fn tell(&mut self, from: Side, records: &[Record], parts: &[Part]) {
        self.of_mut(from).take(records, parts, 0);
    }

    pub(super) const fn of_mut(&mut self, from: Side) -> &mut StreamLayers {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

/// Puts something at the end of a list, in the place of the last if that is the same; how many are
/// not listed for it.
fn append<T>(
    list: &mut Vec<T>,
    new: T,
    is_same: impl Fn(&T) -> bool,
    follows: impl Fn(&T) -> bool,
) -> u64 {
    let kept = list.len() - usize::from(list.last().is_some_and(is_same));
    if !list.get(..kept).and_then(<[T]>::last).is_none_or(follows) {
        return 0;
    }
    if kept == StreamLayers::MOST {
        return 1;
    }
    list.truncate(kept);
    list.push(new);
    0
}

#[cfg(test)]
mod tests;
