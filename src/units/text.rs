//! Untrusted and secret text.
//!
//! [`Untrusted`] has no `Display`: text from outside reaches a screen or a file only through
//! [`Untrusted::escaped`], the one escaping function. [`Secret`] shows nothing unless it is
//! explicitly [exposed](Secret::expose).

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar as _;

/// Text from the network, a file or a certificate. It may contain terminal escapes, bidirectional
/// controls, anything.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(String);

impl Untrusted {
    /// Wraps a text unchanged.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Decodes bytes as UTF-8 if they are valid, otherwise as ISO-8859-1, the historic charset of
    /// header fields (RFC 9110 §5.5), so that no byte is lost.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self(text.to_owned()),
            Err(_) => Self(bytes.iter().copied().map(char::from).collect()),
        }
    }

    /// The text unchanged, for comparing and parsing. Never for a screen.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text with everything escaped that could control a terminal or reorder a line: `\x1b`,
    /// `\u{202e}`. Of the combining marks on one character the first four are kept and the rest
    /// counted: `\{12 marks}`.
    pub fn escaped(&self) -> Cow<'_, str> {
        escape_for_terminal(&self.0)
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.escaped())
    }
}

impl<T: Into<String>> From<T> for Untrusted {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// Combining marks kept per character. Orthographies need no more: Hebrew with points and accents
/// has four, Thai, Vietnamese and decomposed Hangul two.
pub(super) const MAX_COMBINING_MARKS: usize = 4;

/// Escapes everything that could control a terminal, and replaces surplus combining marks by their
/// count.
pub fn escape_for_terminal(text: &str) -> Cow<'_, str> {
    if !needs_escaping(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(1 << 16) + 16);
    let mut marks = 0;
    let mut piled = 0_usize;
    for c in text.chars() {
        if is_combining_mark(c) {
            marks += 1;
            if marks > MAX_COMBINING_MARKS {
                piled += 1;
                continue;
            }
        } else {
            write_hidden_marks(&mut out, &mut piled);
            marks = 0;
        }
        if !is_unsafe_for_terminal(c) {
            out.push(c);
        } else if u32::from(c) < 0x100 {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        } else {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
    write_hidden_marks(&mut out, &mut piled);
    Cow::Owned(out)
}

/// Writes the number of omitted combining marks, `\\{12 marks}`, and resets it.
fn write_hidden_marks(out: &mut String, piled: &mut usize) {
    if *piled > 0 {
        let _ = write!(out, "\\{{{piled} marks}}");
        *piled = 0;
    }
}

fn needs_escaping(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks > MAX_COMBINING_MARKS || is_unsafe_for_terminal(c)
    })
}

/// Returns true for characters of zero width that combine with the one before (Unicode's general
/// categories Mn, Me and similar).
pub(super) fn is_combining_mark(c: char) -> bool {
    !c.is_ascii() && c.width() == Some(0) && !is_unsafe_for_terminal(c)
}

/// Returns true for control characters (C0, DEL, C1), line and paragraph separators, and the
/// invisible format characters of Unicode that reorder, join or hide text (general category Cf and
/// similar; Unicode Technical Report 36 and CVE-2021-42574).
pub fn is_unsafe_for_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A value that is masked wherever it would be shown, logged or exported, unless the user asked for
/// secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value where it enters the program.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one purpose it was given for.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_are_escaped() {
        let hostile = Untrusted::new("a\x1b[2Jb\u{202e}c\u{9b}d\r\n\u{7f}\u{2066}");
        assert_eq!(
            hostile.escaped(),
            r"a\x1b[2Jb\u{202e}c\x9bd\x0d\x0a\x7f\u{2066}"
        );
        assert_eq!(format!("{hostile:?}"), format!("{:?}", hostile.escaped()));
    }

    #[test]
    fn marks_that_pile_up_are_counted() {
        let piled = |marks: usize| format!("a{}b", "\u{301}".repeat(marks));
        for few in 0..=MAX_COMBINING_MARKS {
            assert_eq!(Untrusted::new(piled(few)).escaped(), piled(few));
        }
        assert_eq!(
            Untrusted::new(piled(5)).escaped(),
            piled(4).replace('b', r"\{1 marks}b")
        );
        assert_eq!(
            Untrusted::new(piled(1_000_000)).escaped(),
            piled(4).replace('b', r"\{999996 marks}b")
        );
        assert_eq!(
            Untrusted::new("\u{301}".repeat(6)).escaped(),
            "\u{301}\u{301}\u{301}\u{301}\\{2 marks}",
            "marks without a base"
        );
        for word in [
            "שָׁל֑וֹם",
            "ที่นี่",
            "\u{1112}\u{1161}\u{11ab}",
            "Tiếng Viê\u{323}t",
            "1\u{fe0f}\u{20e3}",
            "क्षि",
        ] {
            assert!(
                matches!(Untrusted::new(word).escaped(), Cow::Borrowed(_)),
                "{word}"
            );
        }
    }

    #[test]
    fn ordinary_text_is_not_touched() {
        let text = Untrusted::new("naïve 東京 🦀");
        assert!(matches!(text.escaped(), Cow::Borrowed("naïve 東京 🦀")));
    }

    #[test]
    fn bytes_that_are_not_utf8_survive_as_latin_1() {
        assert_eq!(Untrusted::from_bytes(b"caf\xe9").raw(), "café");
    }

    #[test]
    fn a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }
}
