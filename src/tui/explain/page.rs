//! A page of explanation, and its layout in lines.

use crate::trace::Phase;
use crate::tui::text_layout::{display_width, escape_controls, truncate_text, wrap};
use crate::tui::theme::StyleRole;

/// A block of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) enum PageBlock {
    /// A paragraph.
    Text(StyleRole, String),
    /// A label and its value.
    Fact(String, String),
    /// A heading.
    Heading(String),
    /// A row of figures: the name of a phase in its colour, a figure, a note.
    Figure(Phase, String, String),
    /// Text that keeps its line breaks.
    Verbatim(String),
    /// A reference to a specification.
    Reference(String),
    /// A blank line.
    Gap,
}

/// A title and blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct ExplanationPage {
    pub(in crate::tui) title: String,
    pub(in crate::tui) blocks: Vec<PageBlock>,
}

/// A line of a page: texts with their roles.
pub(in crate::tui) type PageLine = Vec<(String, StyleRole)>;

impl ExplanationPage {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            blocks: Vec::new(),
        }
    }

    pub(super) fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks
            .push(PageBlock::Text(StyleRole::Text, text.into()));
    }

    pub(super) fn styled_paragraph(&mut self, role: StyleRole, text: impl Into<String>) {
        self.blocks.push(PageBlock::Text(role, text.into()));
    }

    pub(super) fn fact(&mut self, label: impl Into<String>, value: impl Into<String>) {
        self.blocks
            .push(PageBlock::Fact(label.into(), value.into()));
    }

    pub(super) fn fact_if(&mut self, label: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.fact(label, value);
        }
    }

    pub(super) fn heading(&mut self, text: impl Into<String>) {
        self.gap();
        self.blocks.push(PageBlock::Heading(text.into()));
    }

    pub(super) fn reference(&mut self, text: &str) {
        self.blocks.push(PageBlock::Reference(text.to_owned()));
    }

    /// Adds a blank line, unless the page is empty or ends with one.
    pub(super) fn gap(&mut self) {
        if !matches!(self.blocks.last(), None | Some(PageBlock::Gap)) {
            self.blocks.push(PageBlock::Gap);
        }
    }

    /// Appends another page under a heading.
    pub(in crate::tui) fn followed_by(mut self, other: Self) -> Self {
        match other.blocks.first() {
            None => return self,
            Some(PageBlock::Heading(_)) => self.gap(),
            Some(_) => self.heading(other.title),
        }
        self.blocks.extend(other.blocks);
        self
    }

    /// Returns at most `most` lines from `first` on, at most `columns` wide. Only these are laid
    /// out in full.
    pub(in crate::tui) fn lines(&self, columns: usize, first: usize, most: usize) -> Vec<PageLine> {
        let labels = self.label_width(columns);
        self.blocks
            .iter()
            .flat_map(|block| block_lines(block, columns, labels))
            .skip(first)
            .take(most)
            .collect()
    }

    /// Returns the number of lines.
    pub(in crate::tui) fn height(&self, columns: usize) -> usize {
        let labels = self.label_width(columns);
        self.blocks
            .iter()
            .map(|block| block_lines(block, columns, labels).len())
            .sum()
    }

    /// Returns the page as plain text, for the clipboard.
    pub(in crate::tui) fn plain(&self) -> String {
        let lines = self.lines(usize::MAX, 0, usize::MAX).into_iter();
        let lines = lines.map(|line| {
            line.into_iter()
                .map(|(text, _)| escape_controls(&text).into_owned())
                .collect::<String>()
                .trim_end()
                .to_owned()
        });
        std::iter::once(self.title.clone())
            .chain(lines)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Returns the width of the label column: that of the widest label, at most a third of the
    /// page.
    fn label_width(&self, columns: usize) -> usize {
        let widest = self
            .blocks
            .iter()
            .filter_map(|block| {
                if let PageBlock::Fact(label, _) = block {
                    Some(display_width(label))
                } else {
                    None
                }
            })
            .max();
        widest.unwrap_or(0).min(columns / 3).min(28)
    }
}

fn block_lines(block: &PageBlock, columns: usize, labels: usize) -> Vec<PageLine> {
    match block {
        PageBlock::Gap => vec![Vec::new()],
        PageBlock::Text(role, text) => wrap(text, columns)
            .into_iter()
            .map(|line| vec![(line, *role)])
            .collect(),
        PageBlock::Heading(text) => vec![vec![(truncate_text(text, columns), StyleRole::Strong)]],
        PageBlock::Reference(text) => wrap(text, columns)
            .into_iter()
            .map(|line| vec![(line, StyleRole::Accent)])
            .collect(),
        PageBlock::Verbatim(text) => wrap(text, columns)
            .into_iter()
            .map(|line| vec![(line, StyleRole::Dim)])
            .collect(),
        PageBlock::Figure(phase, figure, note) => {
            let name = format!("{:<8}", phase.label());
            let room = columns.saturating_sub(8 + display_width(figure));
            vec![vec![
                (truncate_text(&name, columns), StyleRole::Phase(*phase)),
                (
                    truncate_text(figure, columns.saturating_sub(8)),
                    StyleRole::Text,
                ),
                (truncate_text(note, room), StyleRole::Dim),
            ]]
        }
        PageBlock::Fact(label, value) => fact_lines(label, value, columns, labels),
    }
}

/// Lays out a label and its value, which is wrapped within its own column.
fn fact_lines(label: &str, value: &str, columns: usize, labels: usize) -> Vec<PageLine> {
    let values = wrap(value, columns.saturating_sub(labels + 1));
    let values = if values.is_empty() {
        vec![String::new()]
    } else {
        values
    };
    let label = truncate_text(label, labels);
    values
        .into_iter()
        .enumerate()
        .map(|(n, value)| {
            let name = if n == 0 { label.as_str() } else { "" };
            let fill = labels + 1 - display_width(name).min(labels);
            vec![
                (format!("{name}{:fill$}", ""), StyleRole::Dim),
                (value, StyleRole::Text),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> ExplanationPage {
        let mut page = ExplanationPage::new("TLS");
        page.paragraph("One round trip out and back.");
        page.fact("cipher", "TLS_AES_128_GCM_SHA256");
        page.fact("a very long label indeed", "x");
        page.heading("Certificates");
        page.blocks.push(PageBlock::Figure(
            Phase::Tls,
            " 43.0".to_owned(),
            "  23 %".to_owned(),
        ));
        page
    }

    #[test]
    fn no_line_is_wider_than_the_panel() {
        for columns in 0..60 {
            for line in page().lines(columns, 0, 100) {
                let wide: usize = line.iter().map(|(text, _)| display_width(text)).sum();
                assert!(wide <= columns.max(1), "{wide} of {columns}: {line:?}");
            }
        }
    }

    #[test]
    fn lines_returns_the_requested_range() {
        let all = page().lines(24, 0, usize::MAX);
        assert_eq!(page().height(24), all.len());
        assert_eq!(page().lines(24, 2, 3), all[2..5]);
    }

    #[test]
    fn the_clipboard_gets_plain_text() {
        assert!(
            page()
                .plain()
                .starts_with("TLS\nOne round trip out and back.\ncipher")
        );
    }
}
