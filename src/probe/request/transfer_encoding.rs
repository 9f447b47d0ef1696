//! Encoder for the `Content-Transfer-Encoding` of a form's part (RFC 2045 §6), as a stream.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::probe::spec::TransferEncoding;

/// Maximum length of a line of encoded text (RFC 2045 §6.7, §6.8).
const MAX_LINE: usize = 76;
/// Number of bytes encoded in one line of base64.
const BYTES_PER_BASE64_LINE: usize = MAX_LINE / 4 * 3;
/// Number of bytes that decide how the first of them is written in quoted-printable.
const LOOK_AHEAD: usize = 4;

/// Encodes a stream of bytes.
#[derive(Debug)]
pub(super) struct TransferEncoder {
    encoding: TransferEncoding,
    /// Bytes whose encoding depends on what follows.
    buffered: Vec<u8>,
    /// Number of characters in the current line.
    column: usize,
}

impl TransferEncoder {
    pub(super) const fn new(encoding: TransferEncoding) -> Self {
        Self {
            encoding,
            buffered: Vec::new(),
            column: 0,
        }
    }

    /// Returns the encoded length of `length` bytes, if it does not depend on their values.
    pub(super) fn length_of(encoding: TransferEncoding, length: u64) -> Option<u64> {
        match encoding {
            TransferEncoding::Base64 => {
                let characters = length.div_ceil(3).checked_mul(4)?;
                characters.checked_add(characters.saturating_sub(1) / MAX_LINE as u64 * 2)
            }
            TransferEncoding::QuotedPrintable => None,
            TransferEncoding::SevenBit | TransferEncoding::EightBit | TransferEncoding::Binary => {
                Some(length)
            }
        }
    }

    /// Encodes the next bytes; at the end also those that were buffered.
    pub(super) fn encode(&mut self, bytes: &[u8], is_end: bool) -> io::Result<Vec<u8>> {
        match self.encoding {
            TransferEncoding::SevenBit if !bytes.is_ascii() => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a byte above 127 cannot be encoded with encoder=7bit",
            )),
            TransferEncoding::SevenBit | TransferEncoding::EightBit | TransferEncoding::Binary => {
                Ok(bytes.to_vec())
            }
            TransferEncoding::Base64 => {
                self.buffered.extend_from_slice(bytes);
                Ok(self.encode_base64(is_end))
            }
            TransferEncoding::QuotedPrintable => {
                self.buffered.extend_from_slice(bytes);
                Ok(self.encode_quoted_printable(is_end))
            }
        }
    }

    /// Encodes whole lines, and at the end the rest. Lines are separated, not ended, by a line
    /// break.
    fn encode_base64(&mut self, is_end: bool) -> Vec<u8> {
        let whole = self.buffered.len() / BYTES_PER_BASE64_LINE * BYTES_PER_BASE64_LINE;
        let rest = self
            .buffered
            .split_off(if is_end { self.buffered.len() } else { whole });
        let lines = std::mem::replace(&mut self.buffered, rest);
        let mut out =
            Vec::with_capacity(lines.len() / 3 * 4 + lines.len() / BYTES_PER_BASE64_LINE * 2 + 6);
        for line in lines.chunks(BYTES_PER_BASE64_LINE) {
            if self.column > 0 {
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(STANDARD.encode(line).as_bytes());
            self.column = MAX_LINE;
        }
        out
    }

    fn encode_quoted_printable(&mut self, is_end: bool) -> Vec<u8> {
        let held = std::mem::take(&mut self.buffered);
        let mut out = Vec::with_capacity(held.len() + held.len() / 2);
        let mut rest = held.as_slice();
        while let [byte, after @ ..] = rest {
            if !is_end && rest.len() < LOOK_AHEAD {
                break;
            }
            if rest.starts_with(b"\r\n") {
                out.extend_from_slice(b"\r\n");
                self.column = 0;
                rest = rest.get(2..).unwrap_or_default();
                continue;
            }
            let line_ends = after.is_empty() || after.starts_with(b"\r\n");
            let is_literal = matches!(byte, b'!'..=b'<' | b'>'..=b'~')
                || (matches!(byte, b' ' | b'\t') && !line_ends);
            let width = if is_literal { 1 } else { 3 };
            // The last column is reserved for the `=` of a soft line break, unless the line ends
            // here.
            if self.column + width > MAX_LINE || (self.column + width == MAX_LINE && !line_ends) {
                out.extend_from_slice(b"=\r\n");
                self.column = 0;
            }
            if is_literal {
                out.push(*byte);
            } else {
                out.extend_from_slice(format!("={byte:02X}").as_bytes());
            }
            self.column += width;
            rest = after;
        }
        self.buffered = rest.to_vec();
        out
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Encoded in pieces of every length, which must not matter.
    fn encode_in_pieces(encoding: TransferEncoding, bytes: &[u8]) -> String {
        let all = |size: usize| {
            let mut encoder = TransferEncoder::new(encoding);
            let mut out: Vec<u8> = bytes
                .chunks(size)
                .flat_map(|piece| encoder.encode(piece, false).unwrap())
                .collect();
            out.extend(encoder.encode(&[], true).unwrap());
            String::from_utf8(out).unwrap()
        };
        let whole = all(bytes.len().max(1));
        for size in 1..bytes.len() {
            assert_eq!(all(size), whole, "pieces of {size}");
        }
        whole
    }

    #[test]
    fn base64_is_in_lines_and_its_length_is_known() {
        for length in [0, 1, 2, 3, 56, 57, 58, 114, 115, 200] {
            let bytes = vec![b'x'; length];
            let text = encode_in_pieces(TransferEncoding::Base64, &bytes);
            assert_eq!(
                TransferEncoder::length_of(TransferEncoding::Base64, length as u64),
                Some(text.len() as u64),
                "{length}"
            );
            assert!(text.split("\r\n").all(|line| line.len() <= MAX_LINE));
            assert_eq!(STANDARD.decode(text.replace("\r\n", "")).unwrap(), bytes);
        }
    }

    #[test]
    fn quoted_printable_keeps_lines_and_escapes_the_rest() {
        for (text, wanted) in [
            ("a=b\u{e9}", "a=3Db=C3=A9"),
            ("a \r\nb\t", "a=20\r\nb=09"),
            ("a\nb\rc", "a=0Ab=0Dc"),
            ("a  b", "a  b"),
        ] {
            assert_eq!(
                encode_in_pieces(TransferEncoding::QuotedPrintable, text.as_bytes()),
                wanted
            );
        }
        let long = encode_in_pieces(
            TransferEncoding::QuotedPrintable,
            "x".repeat(152).as_bytes(),
        );
        assert_eq!(
            long,
            format!("{}=\r\n{}=\r\nxx", "x".repeat(75), "x".repeat(75))
        );
        assert_eq!(
            encode_in_pieces(TransferEncoding::QuotedPrintable, "x".repeat(76).as_bytes()),
            "x".repeat(76)
        );
    }

    #[test]
    fn seven_bit_rejects_other_bytes() {
        assert!(
            TransferEncoder::new(TransferEncoding::SevenBit)
                .encode("\u{e9}".as_bytes(), true)
                .is_err()
        );
        assert_eq!(encode_in_pieces(TransferEncoding::Binary, b"ab"), "ab");
    }
}
