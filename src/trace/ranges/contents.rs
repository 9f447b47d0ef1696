//! What is in a packet: the other way through the layers.

use std::ops::Range;

use super::{Part, Record, StreamLayers};

/// Something of which a stretch of the stream carries a piece, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFragment<T> {
    /// The thing.
    pub of: T,
    /// Which of its bytes, counted from its own first one.
    pub bytes: Range<u64>,
}

/// What a stretch of one stream carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents<'a> {
    stream: Range<u64>,
    plain: Range<u64>,
    records: &'a [Record],
    parts: &'a [Part],
}

impl<'a> Contents<'a> {
    /// The records in it.
    pub fn records(
        &self,
    ) -> impl ExactSizeIterator<Item = UnitFragment<Record>> + DoubleEndedIterator + 'a {
        let stream = self.stream.clone();
        self.records.iter().map(move |record| UnitFragment {
            of: *record,
            bytes: within(&stream, &record.range()),
        })
    }

    /// The plaintext whose ciphertext is in it, or without TLS the stretch itself. It can be read
    /// once its records are complete.
    pub const fn plain(&self) -> &Range<u64> {
        &self.plain
    }

    /// The parts of which there is something in that plaintext.
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
    /// What a stretch of the stream carries. `nonce` are the bytes between a record's header and
    /// its ciphertext.
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

    /// Offset up to which the stream is plaintext as it stands: all of it without TLS, and what a
    /// client and its proxy or server say before TLS, where that counts as plaintext.
    fn clear_to(&self) -> u64 {
        self.records.first().map_or(u64::MAX, |first| {
            if first.plain_at == first.at {
                first.at
            } else {
                0
            }
        })
    }

    /// The stretch of the stream in which a stretch of the plaintext lies, from its first byte to
    /// its last.
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

/// Where a record's plaintext lies in the stream: behind its header and what is sent of the nonce.
/// The ciphers of TLS keep its order.
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

/// The plaintext of the records' pieces. It is one stretch, for what records carry follows on.
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

/// Which bytes of a thing lie in a stretch, counted from the thing's first.
fn within(stretch: &Range<u64>, thing: &Range<u64>) -> Range<u64> {
    let start = stretch.start.max(thing.start);
    let end = stretch.end.min(thing.end).max(start);
    start.saturating_sub(thing.start)..end.saturating_sub(thing.start)
}
