//! Lenient parser for heads that violate the grammar, as far as their meaning is clear (RFC 9112
//! §2.2, §5.1, §5.2). It is for dissecting connections of other programs; an HTTP client or server
//! has to refuse such heads.

use super::{FieldLine, HeadBuffer, MAX_FIELD_LINES, RequestHead, ResponseHead};

/// The first line of a head that violates the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IrregularLine {
    /// Number of the line, from 1.
    pub number: usize,
    /// Violation, and how the line was interpreted.
    pub reason: &'static str,
}

impl HeadBuffer {
    /// Parses the collected bytes as a response head that [`response`](Self::response) refuses;
    /// `None` if it is not a response head.
    pub fn lenient_response(&self) -> Option<(ResponseHead, IrregularLine)> {
        let mut lines = HeadLinesReader::new(self.bytes());
        let (minor, rest) = version(lines.start_line()?)?;
        let rest = rest.trim_ascii_start();
        let (digits, reason) = rest.split_first_chunk::<3>()?;
        let is_status = digits.iter().all(u8::is_ascii_digit)
            && reason.first().is_none_or(u8::is_ascii_whitespace);
        let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
        if !is_status || !(100..=999).contains(&status) {
            return None;
        }
        let fields = lines.fields()?;
        let head = ResponseHead {
            minor,
            status,
            reason: reason.trim_ascii().to_vec(),
            fields,
            bytes: self.bytes().len(),
        };
        Some((head, lines.irregular("the status line is malformed")))
    }

    /// Parses the collected bytes as a request head that [`request`](Self::request) refuses; `None`
    /// if it is not a request head.
    pub fn lenient_request(&self) -> Option<(RequestHead, IrregularLine)> {
        let mut lines = HeadLinesReader::new(self.bytes());
        let line = lines.start_line()?;
        let method_end = line.iter().position(u8::is_ascii_whitespace)?;
        let target_end = line.iter().rposition(u8::is_ascii_whitespace)?;
        let (minor, rest) = version(line.get(target_end + 1..)?)?;
        let method = line.get(..method_end)?;
        let target = line.get(method_end..target_end)?.trim_ascii();
        if !rest.is_empty() || target.is_empty() || !is_token(method) {
            return None;
        }
        let fields = lines.fields()?;
        let head = RequestHead {
            minor,
            method: String::from_utf8(method.to_vec()).ok()?,
            target: target.to_vec(),
            fields,
            bytes: self.bytes().len(),
        };
        let reason = if target.iter().any(u8::is_ascii_whitespace) {
            "the target contains a space"
        } else {
            "the request line is malformed"
        };
        Some((head, lines.irregular(reason)))
    }
}

/// Parses `HTTP/1.x` and returns the minor version with the rest of the line.
fn version(line: &[u8]) -> Option<(u8, &[u8])> {
    let ([minor @ b'0'..=b'9'], rest) = line.strip_prefix(b"HTTP/1.")?.split_first_chunk()? else {
        return None;
    };
    Some((minor - b'0', rest))
}

/// Returns true for a token (RFC 9110 §5.6.2).
fn is_token(name: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
    !name.is_empty() && name.iter().all(is_allowed)
}

/// Reads a head line by line.
struct HeadLinesReader<'a> {
    lines: std::slice::Split<'a, u8, fn(&u8) -> bool>,
    /// Number of lines read.
    number: usize,
    irregular: Option<IrregularLine>,
}

impl<'a> HeadLinesReader<'a> {
    fn new(head: &'a [u8]) -> Self {
        Self {
            lines: head.split(|byte| *byte == b'\n'),
            number: 0,
            irregular: None,
        }
    }

    fn start_line(&mut self) -> Option<&'a [u8]> {
        self.next_line().map(<[u8]>::trim_ascii_end)
    }

    fn next_line(&mut self) -> Option<&'a [u8]> {
        self.number += 1;
        let line = self.lines.next()?;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Returns the field lines up to the empty line; `None` if there are too many.
    fn fields(&mut self) -> Option<Vec<FieldLine>> {
        let mut fields: Vec<FieldLine> = Vec::new();
        while let Some(line) = self.next_line().filter(|line| !line.is_empty()) {
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                self.take_continuation(line, &mut fields);
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':');
            let Some((name, value)) = colon.and_then(|at| line.split_at_checked(at)) else {
                self.note("it has no colon and is ignored");
                continue;
            };
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            if name.trim_ascii_end().len() < name.len() {
                self.note("there is a space before the colon, which is ignored");
            } else if !is_token(name) {
                self.note("the field's name is malformed");
            }
            if value
                .iter()
                .any(|byte| byte.is_ascii_control() && *byte != b'\t')
            {
                self.note("the field's value contains a control character");
            }
            if fields.len() == MAX_FIELD_LINES {
                return None;
            }
            fields.push(FieldLine {
                name: name.trim_ascii_end().to_vec(),
                value: value.to_vec(),
            });
        }
        Some(fields)
    }

    /// Appends a folded line to the field before it (RFC 9112 §5.2); after the start line it is
    /// ignored (§2.2).
    fn take_continuation(&mut self, line: &[u8], fields: &mut [FieldLine]) {
        if let Some(field) = fields.last_mut().filter(|_| self.number > 2) {
            self.note("it continues the field before it, which is obsolete");
            field.value.push(b' ');
            field.value.extend_from_slice(line.trim_ascii());
        } else {
            self.note("it begins with a space and is ignored");
        }
    }

    fn note(&mut self, reason: &'static str) {
        let number = self.number;
        self.irregular
            .get_or_insert(IrregularLine { number, reason });
    }

    /// Returns the first irregular line; the start line with `reason` if no field line is
    /// irregular.
    fn irregular(self, reason: &'static str) -> IrregularLine {
        self.irregular
            .unwrap_or(IrregularLine { number: 1, reason })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn buffer(head: &[u8]) -> HeadBuffer {
        let mut buffer = HeadBuffer::default();
        buffer.take(head).unwrap();
        buffer
    }

    /// Returns the status, the fields as text, and the irregular line of a response that the strict
    /// parser refuses.
    fn response(head: &str) -> Option<(u16, String, usize, &'static str)> {
        let buffer = buffer(head.as_bytes());
        assert!(buffer.response().is_err(), "{head:?}");
        let (head, irregular) = buffer.lenient_response()?;
        Some((
            head.status,
            fields(&head.fields),
            irregular.number,
            irregular.reason,
        ))
    }

    fn fields(fields: &[FieldLine]) -> String {
        let field = |field: &FieldLine| [&field.name[..], b"=", &field.value].concat();
        let fields: Vec<Vec<u8>> = fields.iter().map(field).collect();
        String::from_utf8(fields.join(&b'|')).unwrap()
    }

    #[test]
    fn responses_are_read_and_the_line_is_named() {
        for (head, expected) in [
            (
                "HTTP/1.1  200 OK\r\nA: 1\r\n\r\n",
                (200, "A=1", 1, "the status line is malformed"),
            ),
            (
                "HTTP/1.1\t200 OK\r\nA: 1\r\n\r\n",
                (200, "A=1", 1, "the status line is malformed"),
            ),
            (
                "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\tagain\r\nA: 2\r\n\r\n",
                (
                    200,
                    "X=1 folded again|A=2",
                    3,
                    "it continues the field before it, which is obsolete",
                ),
            ),
            (
                "HTTP/1.1 200 OK\r\n B: a\r\nA: 1\r\n\r\n",
                (200, "A=1", 2, "it begins with a space and is ignored"),
            ),
            (
                "HTTP/1.1 200 OK\r\nA : 1\r\n\r\n",
                (
                    200,
                    "A=1",
                    2,
                    "there is a space before the colon, which is ignored",
                ),
            ),
            (
                "HTTP/1.1 200 OK\r\nA: 1\r\nnonsense\r\n\r\n",
                (200, "A=1", 3, "it has no colon and is ignored"),
            ),
            (
                "HTTP/1.1 200 OK\r\nA(1): 1\r\n\r\n",
                (200, "A(1)=1", 2, "the field's name is malformed"),
            ),
            (
                "HTTP/1.1 200 OK\r\nA: 1\0 2\r\n\r\n",
                (
                    200,
                    "A=1\0 2",
                    2,
                    "the field's value contains a control character",
                ),
            ),
        ] {
            let (status, fields, number, reason) = response(head).unwrap();
            assert_eq!(
                (status, fields.as_str(), number, reason),
                expected,
                "{head:?}"
            );
        }
    }

    #[test]
    fn other_input_is_not_a_response() {
        for head in [
            "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 OK\r\n\r\n",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 020 OK\r\nA : 1\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "ICY 200 OK\r\n\r\n",
        ] {
            assert_eq!(buffer(head.as_bytes()).lenient_response(), None, "{head:?}");
        }
    }

    #[test]
    fn requests_are_read_and_the_line_is_named() {
        for (head, method, target, number, reason) in [
            (
                "GET /a b c HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET",
                "/a b c",
                1,
                "the target contains a space",
            ),
            (
                "GET  /a HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET",
                "/a",
                1,
                "the request line is malformed",
            ),
            (
                "GET /a  HTTP/1.0\r\n\r\n",
                "GET",
                "/a",
                1,
                "the request line is malformed",
            ),
            (
                "GET /a HTTP/1.1\r\nHost : h\r\n\r\n",
                "GET",
                "/a",
                2,
                "there is a space before the colon, which is ignored",
            ),
        ] {
            let buffer = buffer(head.as_bytes());
            assert!(buffer.request().is_err(), "{head:?}");
            let (read, irregular) = buffer.lenient_request().unwrap();
            assert_eq!(
                (
                    read.method.as_str(),
                    read.target.as_slice(),
                    irregular.number,
                    irregular.reason
                ),
                (method, target.as_bytes(), number, reason)
            );
        }
        for head in [
            "GET /a\r\n\r\n",
            "G(T /a b HTTP/1.1\r\n\r\n",
            "GET HTTP/1.1\r\n\r\n",
            "GET /a b HTTP/1.1x\r\n\r\n",
        ] {
            assert_eq!(buffer(head.as_bytes()).lenient_request(), None, "{head:?}");
        }
    }

    proptest! {
        /// The lenient parser agrees with the strict one on regular heads.
        #[test]
        fn a_regular_head_is_the_same_head(
            reason in "[a-zA-Z ]{0,12}",
            lines in prop::collection::vec(("[a-zA-Z-]{1,12}", "[!-~]{0,12}"), 0..6),
        ) {
            let lines: String = lines
                .iter()
                .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
                .collect();
            let head = buffer(format!("HTTP/1.1 204 {}\r\n{lines}\r\n", reason.trim()).as_bytes());
            prop_assert_eq!(head.response().unwrap(), head.lenient_response().unwrap().0);
            let head = buffer(format!("PUT /a?b HTTP/1.0\r\n{lines}\r\n").as_bytes());
            prop_assert_eq!(head.request().unwrap(), head.lenient_request().unwrap().0);
        }

        #[test]
        fn no_bytes_make_it_panic(
            start in prop::sample::select(vec!["", "HTTP/1.1 200 ", "GET / ", "HTTP/1.1"]),
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let head = buffer(&[start.as_bytes(), &bytes].concat());
            _ = (head.lenient_response(), head.lenient_request());
        }
    }
}
