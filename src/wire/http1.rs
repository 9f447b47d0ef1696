//! HTTP/1 message heads (RFC 9112 §2 to §5), exactly as received: case and order are kept.

mod body;
mod chunk_merger;
mod framing;
mod lenient;

pub use body::{BodyReader, BodySection};
pub use chunk_merger::ChunkMerger;
pub use framing::{
    BodyFraming, LengthConflict, length_conflict, request_framing, response_framing,
};
pub use lenient::IrregularLine;

/// Largest head in bytes.
pub const MAX_HEAD_BYTES: usize = 256 * 1024;
/// Largest number of field lines.
pub const MAX_FIELD_LINES: usize = 4096;

/// A field line (RFC 9112 §5) in the bytes that were received.
///
/// What is saved of it is text: `trace::HttpHeader`, which is converted from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldLine {
    /// Field name as sent.
    pub name: Vec<u8>,
    /// Field value as sent, without the white space around it.
    pub value: Vec<u8>,
}

impl FieldLine {
    /// Whether it has this name, ignoring case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// A response's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor: u8,
    /// Status code.
    pub status: u16,
    /// Reason phrase.
    pub reason: Vec<u8>,
    /// Field lines in order.
    pub fields: Vec<FieldLine>,
    /// Bytes of the head, the empty line included.
    pub bytes: usize,
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor: u8,
    /// Method.
    pub method: String,
    /// Request target as written.
    pub target: Vec<u8>,
    /// Field lines in order.
    pub fields: Vec<FieldLine>,
    /// Bytes of the head, the empty line included.
    pub bytes: usize,
}

/// Why a head cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// It violates the grammar; a description.
    Malformed(&'static str),
    /// It is larger than [`MAX_HEAD_BYTES`] or has more field lines than [`MAX_FIELD_LINES`].
    TooLarge,
}

/// Collects a head byte by byte until its empty line.
#[derive(Debug, Default)]
pub struct HeadBuffer {
    bytes: Vec<u8>,
    complete: bool,
}

impl HeadBuffer {
    /// Consumes the bytes that belong to the head and returns their number. [`HeadError::TooLarge`]
    /// if the head exceeds the limit.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, HeadError> {
        let mut taken = 0;
        for &byte in bytes {
            if self.complete {
                break;
            }
            taken += 1;
            // A parser must ignore empty lines before the start line (RFC 9112 §2.2).
            if self.bytes.is_empty() && matches!(byte, b'\r' | b'\n') {
                continue;
            }
            if self.bytes.len() == MAX_HEAD_BYTES {
                return Err(HeadError::TooLarge);
            }
            self.bytes.push(byte);
            self.complete =
                byte == b'\n' && (self.bytes.ends_with(b"\n\r\n") || self.bytes.ends_with(b"\n\n"));
        }
        Ok(taken)
    }

    /// Returns true if the empty line was reached.
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Bytes collected so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Parses the collected bytes as a response head.
    pub fn response(&self) -> Result<ResponseHead, HeadError> {
        parse_with_capacity(|room| {
            let mut head = httparse::Response::new(room);
            let length = require_complete(head.parse(&self.bytes)?)?;
            Ok(ResponseHead {
                minor: head.version.unwrap_or(1),
                status: head.code.unwrap_or(0),
                reason: head.reason.unwrap_or("").as_bytes().to_vec(),
                fields: to_field_lines(head.headers),
                bytes: length,
            })
        })
    }

    /// Parses the collected bytes as a request head.
    pub fn request(&self) -> Result<RequestHead, HeadError> {
        parse_with_capacity(|room| {
            let mut head = httparse::Request::new(room);
            let length = require_complete(head.parse(&self.bytes)?)?;
            Ok(RequestHead {
                minor: head.version.unwrap_or(1),
                method: head.method.unwrap_or("").to_owned(),
                target: head.path.unwrap_or("").as_bytes().to_vec(),
                fields: to_field_lines(head.headers),
                bytes: length,
            })
        })
    }
}

enum ParseError {
    Grammar(httparse::Error),
    Partial,
}

impl From<httparse::Error> for ParseError {
    fn from(error: httparse::Error) -> Self {
        Self::Grammar(error)
    }
}

/// Parses with room for a usual number of fields, and if they are more, again with the maximum.
fn parse_with_capacity<'b, T>(
    mut parse: impl FnMut(&mut [httparse::Header<'b>]) -> Result<T, ParseError>,
) -> Result<T, HeadError> {
    let mut result = parse(&mut [httparse::EMPTY_HEADER; 64]);
    if matches!(
        result,
        Err(ParseError::Grammar(httparse::Error::TooManyHeaders))
    ) {
        result = parse(&mut vec![httparse::EMPTY_HEADER; MAX_FIELD_LINES]);
    }
    result.map_err(|error| match error {
        ParseError::Grammar(httparse::Error::TooManyHeaders) => HeadError::TooLarge,
        ParseError::Grammar(error) => HeadError::Malformed(grammar_error(error)),
        ParseError::Partial => HeadError::Malformed("the head is incomplete"),
    })
}

fn require_complete(status: httparse::Status<usize>) -> Result<usize, ParseError> {
    match status {
        httparse::Status::Complete(length) => Ok(length),
        httparse::Status::Partial => Err(ParseError::Partial),
    }
}

const fn grammar_error(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a field name is malformed",
        httparse::Error::HeaderValue => "a field value is malformed",
        httparse::Error::NewLine => "a line ending is malformed",
        httparse::Error::Status => "the status code is malformed",
        httparse::Error::Token => "the start line is malformed",
        httparse::Error::TooManyHeaders => "there are too many fields",
        httparse::Error::Version => "the HTTP version is malformed",
    }
}

fn to_field_lines(fields: &[httparse::Header<'_>]) -> Vec<FieldLine> {
    fields
        .iter()
        .map(|field| FieldLine {
            name: field.name.as_bytes().to_vec(),
            value: field.value.to_vec(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use proptest::prelude::*;

    use super::*;

    fn buffer(bytes: &[u8]) -> HeadBuffer {
        let mut buffer = HeadBuffer::default();
        buffer.take(bytes).expect("small");
        buffer
    }

    #[test]
    fn a_head_keeps_case_and_order_and_leaves_the_body() {
        let text = b"HTTP/1.1 200 All right\r\nsErVer: x\r\nA: 1\r\na: 2\r\n\r\nbody";
        let mut head = HeadBuffer::default();
        assert_eq!(head.take(text), Ok(text.len() - 4));
        let head = head.response().unwrap();
        assert_eq!(
            (head.minor, head.status, head.reason.as_slice(), head.bytes),
            (1, 200, b"All right".as_slice(), text.len() - 4)
        );
        let names: Vec<&[u8]> = head
            .fields
            .iter()
            .map(|field| field.name.as_slice())
            .collect();
        assert_eq!(names, [b"sErVer".as_slice(), b"A", b"a"]);
    }

    #[test]
    fn a_head_in_pieces_is_the_same_head() {
        let text = b"\r\nHTTP/1.0 404 No\nX: y\n\n";
        let mut pieces = HeadBuffer::default();
        for byte in text {
            pieces.take(&[*byte]).unwrap();
        }
        assert_eq!(pieces.response(), buffer(text).response());
        assert_eq!(pieces.response().unwrap().status, 404);
    }

    #[test]
    fn grammar_errors_are_described() {
        assert_eq!(
            buffer(b"HTTX/1.1 200 OK\r\n\r\n").response(),
            Err(HeadError::Malformed("the HTTP version is malformed"))
        );
        assert_eq!(
            buffer(b"HTTP/1.1 2x0 OK\r\n\r\n").response(),
            Err(HeadError::Malformed("the status code is malformed"))
        );
        assert_eq!(
            buffer(b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n").response(),
            Err(HeadError::Malformed("a field name is malformed"))
        );
        assert_eq!(
            buffer(b"HTTP/1.1 200 OK\r\n").response(),
            Err(HeadError::Malformed("the head is incomplete"))
        );
    }

    #[test]
    fn a_head_without_end_is_given_up() {
        let mut head = HeadBuffer::default();
        assert_eq!(
            head.take(&vec![b'a'; MAX_HEAD_BYTES + 1]),
            Err(HeadError::TooLarge)
        );
    }

    #[test]
    fn too_many_fields_are_too_large() {
        let many = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert_eq!(
            buffer(many(MAX_FIELD_LINES).as_bytes())
                .response()
                .unwrap()
                .fields
                .len(),
            MAX_FIELD_LINES
        );
        assert_eq!(
            buffer(many(MAX_FIELD_LINES + 1).as_bytes()).response(),
            Err(HeadError::TooLarge)
        );
    }

    #[test]
    fn a_request_is_read_as_written() {
        let head = buffer(b"GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n")
            .request()
            .unwrap();
        assert_eq!(
            (
                head.method.as_str(),
                head.target.as_slice(),
                head.fields.len()
            ),
            ("GET", b"/a?b".as_slice(), 1)
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let head = buffer(&bytes);
            let _ = (head.response(), head.request());
        }
    }
}
