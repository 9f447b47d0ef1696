//! Where the pieces of a body lie: chunks, what stands between them, and trailers (RFC 9112 §6,
//! §7.1). What is in them is not kept.

use super::BodyFraming;

/// What bytes behind a head are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodySection {
    /// The body, or one chunk's share of it.
    Data,
    /// What stands before a chunk: the end of the line that closes the chunk before, the size,
    /// extensions, the end of the line.
    ChunkHeader,
    /// The trailer section, its empty line included.
    Trailers,
}

/// Follows a body from behind its head.
#[derive(Clone, Copy, Debug)]
pub struct BodyReader(State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data {
        left: u64,
        chunked: bool,
    },
    UntilClose,
    /// In a line of chunk size: the number so far, once there is a digit, and whether it is over.
    ChunkSize {
        size: Option<u64>,
        over: bool,
    },
    /// In the trailer section: whether the present line has anything in it.
    Trailers {
        line: bool,
    },
    Done,
}

impl BodyReader {
    /// For a body that ends so.
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

    /// Whether the body is over, or makes no sense from here on.
    pub fn is_done(&self) -> bool {
        self.0 == State::Done
    }

    /// Passes over bytes that are not known; false where more than a body's or a chunk's bytes may
    /// be among them.
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

    /// Takes the next bytes and tells what they are: how many of what, and whether that ends with
    /// them. Bytes behind the end are not told.
    pub fn read(&mut self, mut bytes: &[u8], mut tell: impl FnMut(BodySection, usize, bool)) {
        while !bytes.is_empty() && !self.is_done() {
            let before = self.0;
            let (stretch, taken) = self.take(bytes);
            let ends = std::mem::discriminant(&before) != std::mem::discriminant(&self.0);
            tell(stretch, taken, ends);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
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

/// A size line's number with one byte more. The line's end before the first digit closes the chunk
/// before.
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

    /// What is told, put together; and how many bytes of it there are.
    fn told(framing: BodyFraming, pieces: &[&[u8]]) -> (Vec<(BodySection, usize)>, bool) {
        let (mut reader, mut told, mut fresh) = (
            BodyReader::new(framing),
            Vec::<(BodySection, usize)>::new(),
            true,
        );
        for piece in pieces {
            reader.read(piece, |stretch, bytes, ends| {
                match told.last_mut().filter(|_| !fresh) {
                    Some((_, known)) => *known += bytes,
                    None => told.push((stretch, bytes)),
                }
                fresh = ends;
            });
        }
        (told, reader.is_done())
    }

    #[test]
    fn chunks_their_headers_and_trailers_are_told_apart() {
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
        assert_eq!(told(BodyFraming::Chunked, &[body]), (expected, true));
        assert_eq!(
            told(BodyFraming::Chunked, &[b"0\r\n\r\n"]).0,
            [(ChunkHeader, 3), (Trailers, 2)]
        );
    }

    #[test]
    fn a_body_of_known_length_ends_with_it_and_an_endless_one_never() {
        assert_eq!(
            told(BodyFraming::Length(3), &[b"ab", b"cd"]),
            (vec![(BodySection::Data, 3)], true)
        );
        assert_eq!(
            told(BodyFraming::UntilClose, &[b"ab", b"cd"]),
            (vec![(BodySection::Data, 4)], false)
        );
        assert_eq!(told(BodyFraming::Length(0), &[b"ab"]), (Vec::new(), true));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_a_body_is_cut(body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            proptest::collection::vec(prop::sample::select(b"0123fF;\r\n x".to_vec()), 0..200),
        ], cut in 0_usize..200) {
            let cut = cut.min(body.len());
            let whole = told(BodyFraming::Chunked, &[&body]);
            prop_assert!(whole.0.iter().map(|(_, bytes)| bytes).sum::<usize>() <= body.len());
            prop_assert_eq!(told(BodyFraming::Chunked, &[&body[..cut], &body[cut..]]), whole);
        }
    }
}
