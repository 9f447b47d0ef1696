//! Layout of text: truncation with an ellipsis and wrapping at words. Widths are terminal columns.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::units::escape_for_terminal;

/// Returns the text with control characters escaped. Text from the network is escaped where it is
/// put into sentences; this is a second line of defence for strings that should be harmless but
/// need not be in a crafted file.
pub(super) fn escape_controls(text: &str) -> Cow<'_, str> {
    escape_for_terminal(text)
}

/// Returns the columns that a text takes.
pub(super) fn display_width(text: &str) -> usize {
    text.width()
}

/// Returns the text, truncated at its end with `…` if it is wider than `columns`.
pub(super) fn truncate_text(text: &str, columns: usize) -> String {
    if display_width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    format!("{}\u{2026}", prefix_within(text, room))
}

/// Returns the text, truncated in its middle if it is wider than `columns`: the two ends of a URL
/// say more than its middle.
pub(super) fn truncate_middle(text: &str, columns: usize) -> String {
    if display_width(text) <= columns || columns < 8 {
        return truncate_text(text, columns);
    }
    let back = columns / 3;
    let front = columns - 1 - back;
    let tail: String = prefix_within(
        &text.graphemes(true).rev().collect::<Vec<_>>().concat(),
        back,
    );
    let tail: String = tail.graphemes(true).rev().collect();
    format!("{}\u{2026}{tail}", prefix_within(text, front))
}

/// Returns the longest prefix that fits.
fn prefix_within(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.graphemes(true)
        .take_while(|grapheme| {
            used += display_width(grapheme);
            used <= columns
        })
        .collect()
}

/// Returns the first of several wordings that fits, if any does.
pub(super) fn first_that_fits(wordings: &[String], columns: usize) -> Option<&str> {
    wordings
        .iter()
        .map(String::as_str)
        .find(|way| display_width(way) <= columns)
}

/// Wraps text into lines of at most `columns`, at spaces where possible. Line ends in the text are
/// kept.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    if columns == 0 {
        return Vec::new();
    }
    text.split('\n')
        .flat_map(|paragraph| wrap_paragraph(paragraph, columns))
        .collect()
}

fn wrap_paragraph(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let used = lines.last().map_or(0, |line| display_width(line));
        if used > 0 && used + display_width(word.trim_end()) > columns {
            lines.push(String::new());
        }
        let mut word = word;
        while display_width(word.trim_end()) > columns {
            let piece = prefix_within(word, columns);
            // A character wider than the line is dropped, since it would cause an endless loop.
            let taken = if piece.is_empty() {
                first_grapheme_bytes(word)
            } else {
                piece.len()
            };
            push_to_last_line(&mut lines, &piece);
            lines.push(String::new());
            word = word.get(taken..).unwrap_or_default();
        }
        push_to_last_line(&mut lines, word);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

fn first_grapheme_bytes(word: &str) -> usize {
    word.graphemes(true).next().map_or(word.len(), str::len)
}

fn push_to_last_line(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_text_is_truncated_at_a_character() {
        assert_eq!(truncate_text("example", 7), "example");
        assert_eq!(truncate_text("example", 4), "exa…");
        assert_eq!(truncate_text("東京都", 4), "東…");
        assert_eq!(truncate_text("example", 0), "");
        assert_eq!(
            truncate_middle("https://example.test/a/long/path.html", 20),
            "https://examp…h.html"
        );
    }

    #[test]
    fn lines_break_at_words_and_long_words_break_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(wrap("東", 1).concat(), "");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be(text in "\\PC{0,80}", columns in 1_usize..40) {
            prop_assert!(display_width(&truncate_text(&text, columns)) <= columns);
            prop_assert!(display_width(&truncate_middle(&text, columns)) <= columns);
            for line in wrap(&text, columns) {
                prop_assert!(display_width(&line) <= columns, "{line:?}");
            }
        }
    }
}
