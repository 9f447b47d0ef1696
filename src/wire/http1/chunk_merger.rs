//! Merges small chunks of a chunked body (RFC 9112 §7.1): the same data with fewer chunk headers.

use super::BodyFraming;
use super::body::{BodyReader, BodySection};

/// Largest chunk that is merged, in bytes. Copying the data of larger ones would cost more than it
/// saves.
const MAX_MERGED_CHUNK: usize = 1_024;

/// Follows a chunked body from the end of its head and merges small chunks that arrive together.
///
/// A merged chunk is at most as long as the chunks it replaces, so it fits into their buffer. The
/// first chunk is never merged: every other one starts with the line end that closes the chunk
/// before it, which makes whole chunks recognisable as `CRLF size CRLF data`.
#[derive(Debug)]
pub struct ChunkMerger {
    reader: BodyReader,
    /// Data of the first chunk was seen.
    is_past_first: bool,
    merged: Vec<u8>,
}

impl Default for ChunkMerger {
    fn default() -> Self {
        Self {
            reader: BodyReader::new(BodyFraming::Chunked),
            is_past_first: false,
            merged: Vec::new(),
        }
    }
}

impl ChunkMerger {
    /// Takes the next bytes and returns the same data in fewer chunks, never more bytes; `None` if
    /// nothing is merged. Incomplete or malformed chunks, and those with extensions, stay as they
    /// are.
    pub fn merge(&mut self, bytes: &[u8]) -> Option<&[u8]> {
        self.merged.clear();
        let mut at = 0;
        let mut copied = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.reader.is_done() {
                break;
            }
            let run = if self.is_past_first && self.reader.is_between_chunks() {
                ChunkRun::find(rest)
            } else {
                ChunkRun::default()
            };
            if run.chunks > 1 {
                let before = bytes.get(copied..at).unwrap_or_default();
                self.merged.extend_from_slice(before);
                run.write(rest, &mut self.merged);
                at += run.bytes;
                copied = at;
            } else {
                let (section, taken) = self.reader.take_section(rest);
                self.is_past_first |= section == BodySection::Data;
                at += taken;
            }
        }
        if copied == 0 {
            return None;
        }
        let rest = bytes.get(copied..).unwrap_or_default();
        self.merged.extend_from_slice(rest);
        Some(&self.merged)
    }
}

/// Complete small chunks in a row, each from the line end before its size to the end of its data.
#[derive(Clone, Copy, Debug, Default)]
struct ChunkRun {
    chunks: usize,
    bytes: usize,
    data: usize,
}

impl ChunkRun {
    fn find(bytes: &[u8]) -> Self {
        let mut run = Self::default();
        while let Some((header, data)) = bytes.get(run.bytes..).and_then(small_chunk) {
            run.chunks += 1;
            run.bytes += header + data;
            run.data += data;
        }
        run
    }

    fn write(self, bytes: &[u8], to: &mut Vec<u8>) {
        to.extend_from_slice(format!("\r\n{:x}\r\n", self.data).as_bytes());
        let mut at = 0;
        while at < self.bytes
            && let Some((header, data)) = bytes.get(at..).and_then(small_chunk)
        {
            let begin = at + header;
            at = begin + data;
            to.extend_from_slice(bytes.get(begin..at).unwrap_or_default());
        }
    }
}

/// Returns the length of a complete small chunk's header and of its data; `None` if `bytes` start
/// with anything else.
fn small_chunk(bytes: &[u8]) -> Option<(usize, usize)> {
    let line = bytes.strip_prefix(b"\r\n")?;
    let mut size = 0_usize;
    let mut digits = 0_usize;
    for byte in line.iter().take(4) {
        let Some(digit) = char::from(*byte).to_digit(16) else {
            break;
        };
        size = size * 16 + usize::try_from(digit).ok()?;
        digits += 1;
    }
    let data = line.get(digits..)?.strip_prefix(b"\r\n")?;
    // The size 0 ends the body.
    (digits > 0 && (1..=MAX_MERGED_CHUNK).contains(&size) && data.len() >= size)
        .then_some((digits + 4, size))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The output for these pieces, put together.
    fn merge_all(pieces: &[&[u8]]) -> Vec<u8> {
        let mut merger = ChunkMerger::default();
        let mut all = Vec::new();
        for piece in pieces {
            all.extend_from_slice(merger.merge(piece).unwrap_or(piece));
        }
        all
    }

    #[test]
    fn small_chunks_that_arrive_together_become_one() {
        let body = b"1\r\na\r\n1\r\nb\r\n2\r\ncd\r\n3\r\nefg\r\n0\r\nX: y\r\n\r\n";
        let merged = b"1\r\na\r\n6\r\nbcdefg\r\n0\r\nX: y\r\n\r\n";
        assert_eq!(merge_all(&[body]), merged);
        let (first, second) = body.split_at(18);
        assert_eq!(
            merge_all(&[first, second]),
            b"1\r\na\r\n3\r\nbcd\r\n3\r\nefg\r\n0\r\nX: y\r\n\r\n"
        );
    }

    #[test]
    fn anything_but_complete_plain_chunks_stays_unchanged() {
        for body in [
            &b"5\r\nhello\r\n0\r\n\r\n"[..],
            b"1\r\na\r\n1;x=y\r\nb\r\n1 \r\nc\r\n0\r\n\r\n",
            b"1\r\na\r\n1\nb\r\n1\nc\r\n",
            b"1\r\na1\r\nb1\r\nc",
            b"1\r\na\r\nx\r\nb\r\n-1\r\nc",
            b"1\r\na\r\n00001\r\nb\r\n00001\r\nc\r\n",
            b"1\r\na\r\n\r\n1\r\nb\r\n\r\n1\r\nc\r\n",
            b"0\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n",
            b"0\r\nA: \r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n\r\n",
        ] {
            assert_eq!(merge_all(&[body]), body);
        }
    }

    /// The data of a body, and the bytes after it.
    fn split_data(mut body: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut reader, mut data) = (BodyReader::new(BodyFraming::Chunked), Vec::new());
        while !body.is_empty() && !reader.is_done() {
            let (section, taken) = reader.take_section(body);
            if section == BodySection::Data {
                data.extend_from_slice(&body[..taken]);
            }
            body = &body[taken..];
        }
        (data, body.to_vec())
    }

    proptest! {
        #[test]
        fn the_data_stay_the_same_however_they_are_cut(
            chunks in proptest::collection::vec(
                proptest::collection::vec(any::<u8>(), 1..40), 1..40),
            cuts in proptest::collection::vec(1_usize..30, 1..40),
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend(format!("{:X}\r\n", chunk.len()).into_bytes());
                body.extend(chunk);
                body.extend(b"\r\n");
            }
            body.extend(b"0\r\n\r\nnext");
            let mut pieces: Vec<&[u8]> = Vec::new();
            let (mut rest, mut cut) = (&body[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let (piece, more) = rest.split_at(rest.len().min(*cut.next().unwrap_or(&1) * 5));
                pieces.push(piece);
                rest = more;
            }
            let merged = merge_all(&pieces);
            prop_assert!(merged.len() <= body.len());
            prop_assert_eq!(split_data(&merged), split_data(&body));
        }

        #[test]
        fn arbitrary_bytes_never_grow(
            pieces in proptest::collection::vec("[0-9a-f\r\n;x]{0,60}", 0..10),
        ) {
            let mut merger = ChunkMerger::default();
            for piece in &pieces {
                if let Some(merged) = merger.merge(piece.as_bytes()) {
                    prop_assert!(merged.len() < piece.len());
                }
            }
        }
    }
}
