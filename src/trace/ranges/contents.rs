//! Lookup of the records and parts in a range of a stream, such as a packet's payload.

use std::ops::Range;

use super::{Part, Record, StreamLayers};

/// Fragment of a record or part that lies in a range of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFragment<T> {
    /// The record or part.
    pub of: T,
    /// Range of its bytes, counted from its own first one.
    pub bytes: Range<u64>,
}

/// Contents of a range of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents<'a> {
    stream: Range<u64>,
    plain: Range<u64>,
    records: &'a [Record],
    parts: &'a [Part],
}

impl<'a> Contents<'a> {
    /// Returns the records in it.
    pub fn records(
        &self,
    ) -> impl ExactSizeIterator<Item = UnitFragment<Record>> + DoubleEndedIterator + 'a {
        let stream = self.stream.clone();
        self.records.iter().map(move |record| UnitFragment {
            of: *record,
            bytes: within(&stream, &record.range()),
        })
    }

    /// Returns the plaintext whose ciphertext is in it, or without TLS the range itself. It can be
    /// decrypted once its records are complete.
    pub const fn plain(&self) -> &Range<u64> {
        &self.plain
    }

    /// Returns the parts that overlap this plaintext.
    pub fn parts(
        &self,
    ) -> impl ExactSizeIterator<Item = UnitFragment<Part>> + DoubleEndedIterator + 'a {
        let plain = self.plain.clone();
        self.parts.iter().map(move |part| UnitFragment {
            of: *part,
            bytes: within(&plain, &part.range()),
        })
    }
}

impl StreamLayers {
    /// Returns the contents of a range of the stream. `nonce` is the number of bytes between a
    /// record's header and its ciphertext.
    pub(in crate::trace) fn contents(&self, stream: Range<u64>, nonce: u64) -> Contents<'_> {
        let records = self.records_in(&stream);
        let clear_to = self.clear_to();
        let plain = if stream.start >= clear_to {
            plain_in(records, &stream, nonce)
        } else if stream.end <= clear_to {
            stream.clone()
        } else {
            stream.start..plain_in(records, &stream, nonce).end.max(clear_to)
        };
        Contents {
            parts: self.parts_in(&plain),
            stream,
            plain,
            records,
        }
    }

    /// Returns the offset up to which the stream is plaintext: its end without TLS, else the start
    /// of the first record (after the exchange with a proxy), or 0 if those bytes do not count.
    fn clear_to(&self) -> u64 {
        self.records.first().map_or(u64::MAX, |first| {
            if first.plain_at == first.at {
                first.at
            } else {
                0
            }
        })
    }

    /// Returns the range of the stream that contains a range of the plaintext, from its first byte
    /// to its last.
    pub(in crate::trace) fn stream_of(&self, plain: &Range<u64>, nonce: u64) -> Option<Range<u64>> {
        if plain.end <= self.clear_to() {
            return (!plain.is_empty()).then(|| plain.clone());
        }
        let mut carrying = self
            .records_of(plain)
            .iter()
            .filter(|record| record.plain_bytes > 0);
        let first = carrying.next()?;
        let last = carrying.next_back().unwrap_or(first);
        let start = ciphertext(first, nonce)
            .start
            .saturating_add(plain.start.saturating_sub(first.plain_at));
        let end = ciphertext(last, nonce).start.saturating_add(
            plain
                .end
                .min(last.plain().end)
                .saturating_sub(last.plain_at),
        );
        (start < end).then_some(start..end)
    }
}

/// Returns the range of a record's ciphertext in the stream: after its header and the explicit
/// nonce. The ciphers of TLS preserve the order of bytes.
fn ciphertext(record: &Record, nonce: u64) -> Range<u64> {
    let start = record
        .at
        .saturating_add(Record::HEADER)
        .saturating_add(nonce)
        .min(record.range().end);
    start
        ..start
            .saturating_add(u64::from(record.plain_bytes))
            .min(record.range().end)
}

/// Returns the plaintext in the records' fragments. It is contiguous, because the plaintext of
/// consecutive records is.
fn plain_in(records: &[Record], stream: &Range<u64>, nonce: u64) -> Range<u64> {
    let piece = |record: &Record| {
        let lies = ciphertext(record, nonce);
        let Range { start, end } = within(stream, &lies);
        record.plain_at.saturating_add(start)..record.plain_at.saturating_add(end)
    };
    let mut pieces = records.iter().map(piece).filter(|piece| !piece.is_empty());
    let Some(first) = pieces.next() else {
        return 0..0;
    };
    let end = pieces.next_back().map_or(first.end, |last| last.end);
    first.start..end
}

/// Returns the part of `thing` in a range, counted from the first byte of `thing`.
fn within(range: &Range<u64>, thing: &Range<u64>) -> Range<u64> {
    let start = range.start.max(thing.start);
    let end = range.end.min(thing.end).max(start);
    start.saturating_sub(thing.start)..end.saturating_sub(thing.start)
}
