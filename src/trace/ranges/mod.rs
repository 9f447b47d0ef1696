//! Ranges of a connection's byte streams by layer: segments, TLS records, plaintext, parts of HTTP.
//!
//! ```text
//! segments    ├────────┼────────┼────────┤   [offset, offset + payload) of the stream
//! records     ├──────────────┼───────────┤   [at, at + bytes) of the stream
//! plaintext      ├─────────┤     ├─────┤     plaintext of the records, joined: its own axis
//! parts          ├──┼──────┼─────┼─────┤     [at, at + bytes) of the plaintext, if any
//! ```
//!
//! Without TLS, parts are ranges of the stream itself. The contents of a packet
//! ([`Connection::contents`](super::Connection::contents)) and the packets that carried a range
//! ([`Flow::packets_carrying`](super::Flow::packets_carrying)) are lookups.

mod contents;
mod part_kind;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::wire::Side;
use crate::wire::assembler::overlapping_items;

pub use contents::{Contents, UnitFragment};

/// A TLS record (RFC 8446 §5.1, RFC 5246 §6.2.1) in the stream that TCP carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Stream offset of its header's first byte.
    pub at: u64,
    /// Its length in bytes, including its header of 5 bytes.
    pub bytes: u32,
    /// Content type in its header. With TLS 1.3 it is 23 for encrypted records, whose actual type
    /// is encrypted.
    pub kind: u8,
    /// Plaintext offset of the data that it carries. If it carries none, the current plaintext
    /// offset.
    pub plain_at: u64,
    /// Number of application data bytes in it; 0 for a handshake message, an alert, a session
    /// ticket.
    pub plain_bytes: u32,
}

/// A part of the application data: a head, a body, a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Plaintext offset of its first byte; without TLS the stream offset.
    pub at: u64,
    /// Its length so far. If it is extended, it is emitted again with the same `at`.
    pub bytes: u64,
    /// Kind of the part.
    pub what: PartKind,
}

/// Kind of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Start line, field lines and the empty line of a request or a final response (RFC 9112 §2.1).
    Http1Head,
    /// The same of an informational response (RFC 9110 §15.2).
    Http1InformationalHead,
    /// A body, or the data of one chunk.
    Http1Body,
    /// A chunk header: size, extensions and line end, and the line end that closes the previous
    /// chunk (RFC 9112 §7.1).
    Http1ChunkHeader,
    /// The trailer section with its empty line (RFC 9112 §7.1.2).
    Http1Trailers,
    /// HTTP/2's connection preface (RFC 9113 §3.4).
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
    /// Length of a record's header in bytes.
    pub const HEADER: u64 = 5;

    /// Returns its range in the stream.
    pub const fn range(&self) -> Range<u64> {
        self.at..self.at.saturating_add(self.bytes as u64)
    }

    /// Returns the range of the plaintext that it carries.
    pub const fn plain(&self) -> Range<u64> {
        self.plain_at..self.plain_at.saturating_add(self.plain_bytes as u64)
    }
}

impl Part {
    /// Returns its range in the plaintext.
    pub const fn range(&self) -> Range<u64> {
        self.at..self.at.saturating_add(self.bytes)
    }
}

/// Records and parts in the stream sent by one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamLayers {
    records: Vec<Record>,
    parts: Vec<Part>,
    unlisted: u64,
}

impl StreamLayers {
    /// Maximum number of records, and of parts. Further ones are only counted, so that memory stays
    /// bounded.
    pub const MOST: usize = 400_000;

    /// Returns the records, in stream order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Returns the parts, in plaintext order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the number of records and parts that are not listed because there were too many.
    pub const fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// Returns the records that overlap a range of the stream.
    pub fn records_in(&self, stream: &Range<u64>) -> &[Record] {
        overlapping_items(&self.records, stream, Record::range)
    }

    /// Returns the records that carry part of a range of the plaintext, and records without
    /// application data between them.
    pub fn records_of(&self, plain: &Range<u64>) -> &[Record] {
        overlapping_items(&self.records, plain, Record::plain)
    }

    /// Returns the parts that overlap a range of the plaintext.
    pub fn parts_in(&self, plain: &Range<u64>) -> &[Part] {
        overlapping_items(&self.parts, plain, Part::range)
    }

    /// Adds records and parts in order. Those before the end of the known ones are invalid and
    /// ignored.
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

/// Records and parts in both streams of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    client: StreamLayers,
    server: StreamLayers,
}

impl Layers {
    /// Returns the contents of a range of the stream from one side. `nonce` is the number of bytes
    /// between a record's header and its ciphertext.
    pub fn contents(&self, from: Side, stream: Range<u64>, nonce: u64) -> Contents<'_> {
        self.of(from).contents(stream, nonce)
    }

    /// Returns the layers of the stream from one side.
    pub const fn of(&self, from: Side) -> &StreamLayers {
        match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// Adds records and parts of the stream from one side, in order. Those before the end of the
    /// known ones are invalid and ignored.
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

/// Appends an item to a list, or replaces the last one if it is the same. Returns the number of
/// items that are not listed because of the limit.
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
