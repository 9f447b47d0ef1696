//! Boundaries of TLS records in a byte stream (RFC 8446 §5.1), independent of their content.

/// Tracks the records of a stream. Only their headers are parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordBoundary {
    /// Offset of the next byte.
    at: u64,
    /// Offset of the first byte of the current record.
    start: u64,
    /// Content type of the current record, once it was read.
    kind: u8,
    /// Value of the length field, as far as it was read.
    length: u16,
}

/// Header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Offset of its first byte.
    pub at: u64,
    /// Length of the record in bytes, header included.
    pub bytes: u32,
    /// The content type.
    pub kind: u8,
}

impl Header {
    /// Returns the same header in a stream that has `before` bytes in front.
    #[must_use]
    pub const fn offset_by(self, before: u64) -> Self {
        Self {
            at: self.at.saturating_add(before),
            ..self
        }
    }
}

impl RecordBoundary {
    const HEADER: u64 = 5;

    /// Returns the offset of the record that contains the next byte; between two records, the
    /// offset of the next byte.
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// Returns how many of the next bytes belong to a single record.
    pub fn bytes_within_record(&self, bytes: &[u8]) -> usize {
        let mut ahead = *self;
        let header = usize::try_from(Self::HEADER.saturating_sub(self.at - self.start))
            .unwrap_or(0)
            .min(bytes.len());
        ahead.advance(bytes.get(..header).unwrap_or_default());
        if ahead.start > self.start || ahead.at - ahead.start < Self::HEADER {
            return header;
        }
        let left = usize::try_from(ahead.end() - ahead.at).unwrap_or(usize::MAX);
        left.saturating_add(header).min(bytes.len())
    }

    /// Advances past bytes of the stream.
    pub fn advance(&mut self, bytes: &[u8]) {
        self.for_each_header(bytes, |_| {});
    }

    /// Advances past bytes of the stream and calls `tell` for each record whose header they
    /// complete.
    pub fn for_each_header(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Header)) {
        while let Some((first, rest)) = bytes.split_first() {
            let into = self.at - self.start;
            if into < Self::HEADER {
                self.kind = if into == 0 { *first } else { self.kind };
                self.length = if into < 3 {
                    0
                } else {
                    (self.length << 8) | u16::from(*first)
                };
                self.at += 1;
                bytes = rest;
                if into + 1 == Self::HEADER {
                    tell(Header {
                        at: self.start,
                        bytes: u32::from(self.length) + 5,
                        kind: self.kind,
                    });
                }
            } else {
                let left = self.end() - self.at;
                let passed = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.at += passed as u64;
                bytes = bytes.get(passed..).unwrap_or_default();
            }
            if self.at - self.start >= Self::HEADER && self.at == self.end() {
                self.start = self.at;
            }
        }
    }

    const fn end(&self) -> u64 {
        self.start + Self::HEADER + self.length as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(payload: u16) -> Vec<u8> {
        let mut bytes = vec![23, 3, 3];
        bytes.extend(payload.to_be_bytes());
        bytes.extend(std::iter::repeat_n(0xff, payload.into()));
        bytes
    }

    #[test]
    fn between_records_the_next_begins_here_and_within_one_it_began_before() {
        let mut boundary = RecordBoundary::default();
        boundary.advance(&record(10));
        assert_eq!(boundary.start(), 15);
        boundary.advance(&record(300)[..3]);
        assert_eq!(boundary.start(), 15);
        boundary.advance(&record(300)[3..200]);
        assert_eq!(boundary.start(), 15);
        boundary.advance(&record(300)[200..]);
        assert_eq!(boundary.start(), 320);
        boundary.advance(&record(0));
        assert_eq!(boundary.start(), 325);
    }

    #[test]
    fn each_record_is_reported_with_the_last_byte_of_its_header() {
        let stream = [record(10), record(0), record(300)].concat();
        let (mut boundary, mut told) = (RecordBoundary::default(), Vec::new());
        for byte in &stream[..25] {
            boundary.for_each_header(std::slice::from_ref(byte), |header| told.push(header));
        }
        let header = |at, bytes| Header {
            at,
            bytes,
            kind: 23,
        };
        assert_eq!(told, [header(0, 15), header(15, 5), header(20, 305)]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_a_stream_is_cut(
            lengths in prop::collection::vec(0_u16..600, 0..6),
            cuts in prop::collection::vec(1_usize..90, 0..60),
        ) {
            let stream: Vec<u8> = lengths.iter().flat_map(|length| record(*length)).collect();
            let (mut whole, mut pieces) = (RecordBoundary::default(), RecordBoundary::default());
            whole.advance(&stream);
            let mut left = stream.as_slice();
            for cut in cuts {
                let (piece, rest) = left.split_at(cut.min(left.len()));
                pieces.advance(piece);
                left = rest;
            }
            pieces.advance(left);
            prop_assert_eq!(whole, pieces);
            prop_assert_eq!(whole.start(), stream.len() as u64);
        }

        #[test]
        fn pieces_within_one_record_end_where_it_does(
            lengths in prop::collection::vec(0_u16..600, 0..6),
            room in 1_usize..700,
        ) {
            let stream: Vec<u8> = lengths.iter().flat_map(|length| record(*length)).collect();
            let mut boundary = RecordBoundary::default();
            let mut left = stream.as_slice();
            let mut starts = vec![0];
            while !left.is_empty() {
                let count = boundary.bytes_within_record(&left[..left.len().min(room)]);
                prop_assert!(count > 0);
                boundary.advance(&left[..count]);
                left = &left[count..];
                if starts.last() != Some(&boundary.start()) {
                    starts.push(boundary.start());
                }
            }
            let ends = lengths.iter().scan(0, |at, length| {
                *at += 5 + u64::from(*length);
                Some(*at)
            });
            prop_assert_eq!(starts, std::iter::once(0).chain(ends).collect::<Vec<u64>>());
        }

        #[test]
        fn any_bytes_pass(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            let mut boundary = RecordBoundary::default();
            boundary.advance(&bytes);
            prop_assert!(boundary.start() <= bytes.len() as u64);
        }
    }
}
