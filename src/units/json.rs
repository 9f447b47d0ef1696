//! JSON that is safe to print on a terminal. Characters [unsafe for a
//! terminal](is_unsafe_for_terminal), and combining marks beyond the first four on one character,
//! are written as `\uXXXX`; a parser reads the original text back.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::is_unsafe_for_terminal;
use super::text::{MAX_COMBINING_MARKS, is_combining_mark};

/// Serializes a value as one line, without a line break at its end.
pub fn json_line(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    write_json(value, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Serializes a value into a writer that cannot fail, such as a `Vec<u8>`.
pub fn write_json(value: &impl Serialize, to: &mut impl Write) {
    let mut serializer = serde_json::Serializer::with_formatter(to, Escaping);
    // Serialization can only fail on maps whose keys are not strings, and those do not occur here.
    let result = value.serialize(&mut serializer);
    debug_assert!(result.is_ok(), "{result:?}");
}

/// A compact formatter that also escapes characters unsafe for a terminal.
struct Escaping;

impl Formatter for Escaping {
    /// Receives the parts of a string that JSON itself does not require to be escaped (RFC 8259
    /// §7).
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        let mut marks = 0;
        let mut spelt_out = |c: char| {
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            marks > MAX_COMBINING_MARKS || is_unsafe_for_terminal(c)
        };
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| spelt_out(*c)) {
            let (plain, after) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = after.get(c.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_are_escaped_and_parse_to_the_original() {
        let text = "a\x1b[2Jb\u{202e}c\u{9b}d\r\n\t\u{7f}\u{2066}\"\\ naïve 東京 🦀 \u{e0041}";
        let written = json_line(&text);
        assert_eq!(
            written,
            r#""a\u001b[2Jb\u202ec\u009bd\r\n\t\u007f\u2066\"\\ naïve 東京 🦀 \udb40\udc41""#
        );
        assert_eq!(
            serde_json::from_str::<String>(&written).ok().as_deref(),
            Some(text)
        );
        let piled = format!("a{}b", "\u{301}".repeat(6));
        assert_eq!(
            json_line(&piled),
            format!("\"a{}\\u0301\\u0301b\"", "\u{301}".repeat(4))
        );
    }
}
