//! Wrapping text into lines.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::report::styling::{Role, StyledLine};

/// Words with styles, to be wrapped.
#[derive(Clone, Debug, Default)]
pub(super) struct StyledWords(Vec<(Role, String)>);

impl StyledWords {
    /// Adds text that may be broken between words.
    pub(super) fn add(mut self, role: Role, text: &str) -> Self {
        self.0
            .extend(text.split_whitespace().map(|word| (role, word.to_owned())));
        self
    }

    /// Adds text that is kept on one line if it fits on one at all.
    pub(super) fn add_unbroken(mut self, role: Role, text: &str) -> Self {
        self.0.push((role, text.to_owned()));
        self
    }

    /// Appends to the last word.
    pub(super) fn append(mut self, sign: &str) -> Self {
        if let Some((_, last)) = self.0.last_mut() {
            last.push_str(sign);
        }
        self
    }

    /// Returns true if there are no words.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fills lines up to a width. The first line continues `first`, the others are indented by its
    /// width. A word wider than a line is broken between characters.
    pub(super) fn wrap(self, first: StyledLine, width: usize) -> Vec<StyledLine> {
        let indent = first.width().min(width / 2);
        let room = width.saturating_sub(indent);
        let broken_up = |(role, text): (Role, String)| match text.width() {
            wide if wide > room => text
                .split_whitespace()
                .map(|word| (role, word.to_owned()))
                .collect(),
            _ => vec![(role, text)],
        };
        let mut lines = vec![first];
        let mut fresh = true;
        for (role, word) in self.0.into_iter().flat_map(broken_up) {
            let mut rest = word.as_str();
            while !rest.is_empty() {
                let line_width = lines.last().map_or(0, StyledLine::width);
                let room = width.saturating_sub(line_width + usize::from(!fresh));
                let fitting = if rest.width() <= room {
                    rest
                } else if fresh {
                    fitting_prefix(rest, room)
                } else {
                    ""
                };
                if fitting.is_empty() {
                    lines.push(StyledLine::indented(indent));
                    fresh = true;
                } else if let Some(line) = lines.last_mut() {
                    line.push(role, format!("{}{fitting}", if fresh { "" } else { " " }));
                    rest = rest.get(fitting.len()..).unwrap_or_default();
                    fresh = false;
                }
            }
        }
        lines
    }
}

/// The longest prefix that fits, but at least one grapheme, so that every line makes progress.
fn fitting_prefix(text: &str, room: usize) -> &str {
    let mut used = 0;
    let end = text.grapheme_indices(true).find(|(at, grapheme)| {
        used += grapheme.width();
        *at > 0 && used > room
    });
    end.map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ReportOptions;
    use crate::report::styling::Styler;

    fn flow(text: &str, width: usize) -> Vec<String> {
        let styler = Styler::new(&ReportOptions::default());
        let lines = StyledWords::default()
            .add(Role::Plain, text)
            .wrap(StyledLine::indented(2), width);
        lines
            .iter()
            .map(|line| styler.render(line).trim_end_matches('\n').to_owned())
            .collect()
    }

    #[test]
    fn words_fill_lines_and_keep_their_indent() {
        assert_eq!(
            flow("one two three four", 10),
            ["  one two", "  three", "  four"]
        );
        assert_eq!(flow("", 10), [""]);
    }

    #[test]
    fn a_word_that_is_too_long_is_broken_between_characters() {
        assert_eq!(
            flow("a 0123456789abc d", 8),
            ["  a", "  012345", "  6789ab", "  c d"]
        );
        assert_eq!(flow("東京東京", 7), ["  東京", "  東京"]);
        assert_eq!(flow("ab", 0), ["  a", "b"]);
    }
}
