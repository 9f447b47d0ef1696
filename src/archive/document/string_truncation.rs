//! Truncation of long strings in JSON while it is read.
//!
//! A JSON parser holds each string whole. The strings of a HAR may be bodies of any size, of which
//! only the beginning is needed, so the rest is dropped before parsing. Strings are only cut
//! between characters, never within an escape or a surrogate pair (RFC 8259 §7), so valid JSON
//! remains valid.

use std::io::Read;

/// Bytes of a string that are kept.
pub(super) const MAX_STRING_BYTES: usize = 1 << 16;

/// A reader that truncates the strings of the JSON it reads.
pub(super) struct StringTruncator<R> {
    inner: R,
    state: StringState,
    /// Bytes of the current string so far.
    length: usize,
    /// The code unit of the current escape so far.
    unit: u16,
    /// Whether the previous escape was the first half of a surrogate pair.
    paired: bool,
}

/// The position in the JSON syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StringState {
    Outside,
    Within,
    Escape,
    /// Within `\uXXXX`, with the number of digits still to come.
    Unicode(u8),
    /// In the dropped part, up to the closing quote.
    Cut,
    CutEscape,
}

impl<R> StringTruncator<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self {
            inner,
            state: StringState::Outside,
            length: 0,
            unit: 0,
            paired: false,
        }
    }

    pub(super) fn into_inner(self) -> R {
        self.inner
    }

    /// Returns true if a byte is kept.
    fn keeps_byte(&mut self, byte: u8) -> bool {
        self.length = self.length.saturating_add(1);
        match self.state {
            StringState::Outside if byte == b'"' => {
                (self.state, self.length, self.paired) = (StringState::Within, 0, false);
            }
            StringState::Outside => {}
            StringState::Within => return self.keeps_in_string(byte),
            StringState::Escape => {
                let unicode = byte == b'u';
                (self.state, self.unit) = (
                    if unicode {
                        StringState::Unicode(4)
                    } else {
                        StringState::Within
                    },
                    0,
                );
                self.paired &= unicode;
            }
            StringState::Unicode(left) => {
                let digit = char::from(byte)
                    .to_digit(16)
                    .and_then(|digit| u16::try_from(digit).ok())
                    .unwrap_or(0);
                self.unit = self.unit.wrapping_shl(4) | digit;
                if left > 1 {
                    self.state = StringState::Unicode(left - 1);
                } else {
                    self.state = StringState::Within;
                    self.paired = !self.paired && (0xd800..0xdc00).contains(&self.unit);
                }
            }
            StringState::Cut | StringState::CutEscape => return self.keeps_in_cut(byte),
        }
        true
    }

    fn keeps_in_string(&mut self, byte: u8) -> bool {
        // Bytes of the form 10xxxxxx continue a UTF-8 character.
        let begins = byte & 0xc0 != 0x80;
        if byte == b'"' {
            self.state = StringState::Outside;
        } else if self.length > MAX_STRING_BYTES && begins && !(self.paired && byte == b'\\') {
            self.state = if byte == b'\\' {
                StringState::CutEscape
            } else {
                StringState::Cut
            };
            return false;
        } else if byte == b'\\' {
            self.state = StringState::Escape;
        } else {
            self.paired = false;
        }
        true
    }

    const fn keeps_in_cut(&mut self, byte: u8) -> bool {
        self.state = match (self.state, byte) {
            (StringState::Cut, b'"') => StringState::Outside,
            (StringState::Cut, b'\\') => StringState::CutEscape,
            _ => StringState::Cut,
        };
        matches!(self.state, StringState::Outside)
    }
}

impl<R: Read> Read for StringTruncator<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let taken = self.inner.read(into)?;
            let mut written = 0;
            for at in 0..taken {
                let Some(byte) = into.get(at).copied() else {
                    break;
                };
                if self.keeps_byte(byte)
                    && let Some(place) = into.get_mut(written)
                {
                    *place = byte;
                    written += 1;
                }
            }
            if written > 0 || taken == 0 {
                return Ok(written);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn shortened(json: &str) -> String {
        let mut read = String::new();
        StringTruncator::new(json.as_bytes())
            .read_to_string(&mut read)
            .unwrap();
        read
    }

    #[test]
    fn short_strings_are_unchanged() {
        for json in [
            r#"{"a":"b\"c\\","d":[1,"\ud83e\udd80 🦀"]}"#,
            "",
            "\"",
            "{\"a",
        ] {
            assert_eq!(shortened(json), json);
        }
    }

    #[test]
    fn a_long_string_is_cut_between_characters_and_stays_a_string() {
        for (unit, whole) in [
            ("a", "a"),
            ("🦀", "🦀"),
            (r"\ud83e\udd80", "🦀"),
            (r#"\""#, "\""),
            (r"\\", "\\"),
            (r"\u00e9", "é"),
        ] {
            for before in 0..13 {
                let json = format!(
                    "[\"{}{}\", 7]",
                    "x".repeat(before),
                    unit.repeat(MAX_STRING_BYTES)
                );
                let cut = shortened(&json);
                assert!(cut.len() < MAX_STRING_BYTES + 40, "{unit}: {}", cut.len());
                let (text, number): (String, u32) = serde_json::from_str(&cut).unwrap();
                assert!(
                    text.trim_start_matches('x').replace(whole, "").is_empty() && number == 7,
                    "{unit} {before}"
                );
            }
        }
    }
}
