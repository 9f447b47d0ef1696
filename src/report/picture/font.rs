//! Estimated text widths. The reader's font is unknown, so the widths are those of a wide font
//! (`DejaVu` Sans).

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthChar as _;

/// A font, by size and weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Font {
    /// Size of the font in pixels.
    pub(in crate::report) size: f64,
    /// Bold letters are wider.
    pub(in crate::report) bold: bool,
}

impl Font {
    /// A regular font of a size.
    pub(in crate::report) const fn regular(size: f64) -> Self {
        Self { size, bold: false }
    }

    /// A bold font of a size.
    pub(in crate::report) const fn bold(size: f64) -> Self {
        Self { size, bold: true }
    }

    /// The width of a text in pixels.
    pub(in crate::report) fn width(self, text: &str) -> f64 {
        let ems: f64 = text.chars().map(em_width).sum();
        ems * self.size * if self.bold { 1.12 } else { 1.0 }
    }

    /// The text, truncated with an ellipsis if it does not fit.
    pub(in crate::report) fn truncate(self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let left = room - self.width("\u{2026}");
        let mut used = 0.0;
        let fits = |grapheme: &&str| {
            used += self.width(grapheme);
            used <= left
        };
        let prefix: String = text.graphemes(true).take_while(fits).collect();
        if left < 0.0 {
            String::new()
        } else {
            prefix.trim_end().to_owned() + "\u{2026}"
        }
    }

    /// Wraps text at spaces, and within words wider than a line. At most `most` lines; the last one
    /// is truncated.
    pub(in crate::report) fn wrap(self, text: &str, room: f64, most: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let fits = |line: &str| self.width(line) + self.width(" ") + self.width(word) <= room;
            let full = lines.len() == most;
            match lines.last_mut() {
                Some(line) if line.is_empty() => line.push_str(word),
                Some(line) if full || fits(line) => line.extend([" ", word]),
                _ => lines.push(word.to_owned()),
            }
        }
        lines
            .iter()
            .map(|line| self.truncate(line, room))
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// The first of several alternative texts that fits.
    pub(in crate::report) fn first_that_fits(self, texts: &[String], room: f64) -> Option<&str> {
        texts
            .iter()
            .map(String::as_str)
            .find(|text| !text.is_empty() && self.width(text) <= room)
    }
}

/// The width of a character in ems.
fn em_width(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.28,
        ' ' | '.' | ',' | ':' | ';' | '/' | '\\' | 'I' | '\u{00b7}' | '!' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '\u{2026}' | '\u{2014}' => 1.0,
        '\u{2190}'..='\u{21ff}' | '+' | '=' | '<' | '>' | '~' | '#' | '\u{00d7}' | '\u{2212}' => {
            0.84
        }
        'A'..='Z' => 0.74,
        '!'..='~' => 0.64,
        _ => match c.width() {
            Some(2) => 1.05,
            Some(0) | None => 0.0,
            Some(_) => 0.8,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_fit_is_truncated_between_letters() {
        let text = Font::regular(10.0);
        assert_eq!(text.truncate("abc", 100.0), "abc");
        assert_eq!(
            text.truncate("abcdefgh", text.width("abc\u{2026}") + 0.1),
            "abc\u{2026}"
        );
        assert_eq!(
            text.truncate("e\u{301}e\u{301}e\u{301}", text.width("e\u{2026}") + 0.1),
            "e\u{301}\u{2026}"
        );
        assert_eq!(text.truncate("abc", 3.0), "");
    }

    #[test]
    fn words_that_do_not_fit_go_to_the_next_line_and_the_last_line_is_cut() {
        let text = Font::regular(10.0);
        assert_eq!(
            text.wrap("aa bb cc dd", text.width("aa bb") + 1.0, 9),
            ["aa bb", "cc dd"]
        );
        assert_eq!(
            text.wrap("aa bb cc dd ee", text.width("aa bb\u{2026}") + 0.1, 2),
            ["aa bb", "cc dd\u{2026}"]
        );
        assert_eq!(text.wrap("", 10.0, 2), [""; 0]);
    }
}
