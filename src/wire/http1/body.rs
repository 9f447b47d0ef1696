//! Tracks the sections of an HTTP/1 body: data, chunk headers and trailers (RFC 9112 §6, §7.1). The
//! content is not kept.

use super::BodyFraming;

/// Section of the bytes after a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodySection {
    /// Body data, or the data of one chunk.
    Data,
    /// A chunk header: the line end of the previous chunk, the size, extensions, the line end.
    ChunkHeader,
    /// The trailer section with its empty line.
    Trailers,
}

/// Tracks a body from the end of its head.
#[derive(Clone, Copy, Debug)]
pub struct BodyReader(State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data {
        left: u64,
        chunked: bool,
    },
    UntilClose,
    /// In a chunk-size line: the number so far, if there was a digit, and whether it is complete.
    ChunkSize {
        size: Option<u64>,
        over: bool,
    },
    /// In the trailer section: whether the current line is non-empty.
    Trailers {
        line: bool,
    },
    Done,
}

impl BodyReader {
    /// Creates a tracker for a body with this framing.
    pub const fn new(framing: BodyFraming) -> Self {
        Self(match framing {
            BodyFraming::Length(0) => State::Done,
            BodyFraming::Length(left) => State::Data {
                left,
                chunked: false,
            },
            BodyFraming::Chunked => State::ChunkSize {
                size: None,
                over: false,
            },
            BodyFraming::UntilClose => State::UntilClose,
        })
    }

    /// Returns true if the body is complete, or invalid from here on.
    pub fn is_done(&self) -> bool {
        self.0 == State::Done
    }

    /// Skips unknown bytes; false if they may include more than the rest of a body or chunk.
    pub const fn skip(&mut self, bytes: u64) -> bool {
        match &mut self.0 {
            State::Data { left, .. } if bytes < *left => {
                *left -= bytes;
                true
            }
            State::UntilClose => true,
            _ => false,
        }
    }

    /// Classifies the next bytes: calls `tell` with the section, its length, and whether it ends
    /// there. Bytes after the body are ignored.
    pub fn read(&mut self, mut bytes: &[u8], mut tell: impl FnMut(BodySection, usize, bool)) {
        while !bytes.is_empty() && !self.is_done() {
            let before = self.0;
            let (section, taken) = self.take(bytes);
            // A section ends where the state becomes one of another kind; a change within a kind,
            // such as fewer bytes left of the data, does not end it.
            let ends = std::mem::discriminant(&before) != std::mem::discriminant(&self.0);
            tell(section, taken, ends);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    /// Returns true between a chunk's data and the line end that closes it, and before the first
    /// chunk.
    pub(super) fn is_between_chunks(&self) -> bool {
        let between = State::ChunkSize {
            size: None,
            over: false,
        };
        self.0 == between
    }

    /// Takes the bytes of the section at the beginning of `bytes`, at least one, and returns the
    /// section and their number.
    pub(super) fn take_section(&mut self, bytes: &[u8]) -> (BodySection, usize) {
        self.take(bytes)
    }

    fn take(&mut self, bytes: &[u8]) -> (BodySection, usize) {
        match self.0 {
            State::Data { left, chunked } => {
                let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let left = left - taken as u64;
                self.0 = match (left, chunked) {
                    (0, true) => State::ChunkSize {
                        size: None,
                        over: false,
                    },
                    (0, false) => State::Done,
                    _ => State::Data { left, chunked },
                };
                (BodySection::Data, taken)
            }
            State::UntilClose | State::Done => (BodySection::Data, bytes.len()),
            State::ChunkSize { mut size, mut over } => {
                let end = bytes.iter().position(|byte| {
                    (size, over) = with_digit(size, over, *byte);
                    *byte == b'\n' && size.is_some()
                });
                self.0 = match (end, size) {
                    (Some(_), Some(0)) => State::Trailers { line: false },
                    (Some(_), Some(left)) => State::Data {
                        left,
                        chunked: true,
                    },
                    _ => State::ChunkSize { size, over },
                };
                (
                    BodySection::ChunkHeader,
                    end.map_or(bytes.len(), |end| end + 1),
                )
            }
            State::Trailers { mut line } => {
                let end = bytes.iter().position(|byte| {
                    let empty = *byte == b'\n' && !line;
                    line = *byte != b'\n' && (line || *byte != b'\r');
                    empty
                });
                self.0 = if end.is_some() {
                    State::Done
                } else {
                    State::Trailers { line }
                };
                (
                    BodySection::Trailers,
                    end.map_or(bytes.len(), |end| end + 1),
                )
            }
        }
    }
}

/// Adds a byte to the number in a chunk-size line. A line end before the first digit closes the
/// previous chunk.
fn with_digit(size: Option<u64>, over: bool, byte: u8) -> (Option<u64>, bool) {
    match char::from(byte).to_digit(16) {
        Some(digit) if !over => (
            Some(
                size.unwrap_or(0)
                    .saturating_mul(16)
                    .saturating_add(digit.into()),
            ),
            false,
        ),
        _ => (size, over || size.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The reported sections, merged, and their total length.
    fn read_sections(framing: BodyFraming, pieces: &[&[u8]]) -> (Vec<(BodySection, usize)>, bool) {
        let mut reader = BodyReader::new(framing);
        let mut sections = Vec::<(BodySection, usize)>::new();
        let mut is_new_section = true;
        for piece in pieces {
            reader.read(piece, |section, bytes, ends| {
                match sections.last_mut().filter(|_| !is_new_section) {
                    Some((_, total)) => *total += bytes,
                    None => sections.push((section, bytes)),
                }
                is_new_section = ends;
            });
        }
        (sections, reader.is_done())
    }

    #[test]
    fn chunks_chunk_headers_and_trailers_are_distinguished() {
        use BodySection::{ChunkHeader, Data, Trailers};
        let body = b"5\r\nhello\r\n1;x=\"0\"\r\n!\r\n0\r\nX: y\r\n\r\nHTTP/1.1 next";
        let expected = vec![
            (ChunkHeader, 3),
            (Data, 5),
            (ChunkHeader, 11),
            (Data, 1),
            (ChunkHeader, 5),
            (Trailers, 8),
        ];
        assert_eq!(
            read_sections(BodyFraming::Chunked, &[body]),
            (expected, true)
        );
        assert_eq!(
            read_sections(BodyFraming::Chunked, &[b"0\r\n\r\n"]).0,
            [(ChunkHeader, 3), (Trailers, 2)]
        );
    }

    #[test]
    fn a_body_of_known_length_ends_with_it_and_an_endless_one_never() {
        assert_eq!(
            read_sections(BodyFraming::Length(3), &[b"ab", b"cd"]),
            (vec![(BodySection::Data, 3)], true)
        );
        assert_eq!(
            read_sections(BodyFraming::UntilClose, &[b"ab", b"cd"]),
            (vec![(BodySection::Data, 4)], false)
        );
        assert_eq!(
            read_sections(BodyFraming::Length(0), &[b"ab"]),
            (Vec::new(), true)
        );
    }

    proptest! {
        #[test]
        fn the_result_does_not_depend_on_how_a_body_is_split(body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            proptest::collection::vec(prop::sample::select(b"0123fF;\r\n x".to_vec()), 0..200),
        ], cut in 0_usize..200) {
            let cut = cut.min(body.len());
            let whole = read_sections(BodyFraming::Chunked, &[&body]);
            prop_assert!(whole.0.iter().map(|(_, bytes)| bytes).sum::<usize>() <= body.len());
            let cut_in_two = read_sections(BodyFraming::Chunked, &[&body[..cut], &body[cut..]]);
            prop_assert_eq!(cut_in_two, whole);
        }
    }
}
