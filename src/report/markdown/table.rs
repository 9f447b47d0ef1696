//! Tables in GitHub-flavoured Markdown (§4.10).

/// A table whose cells are already Markdown.
pub(in crate::report) struct MarkdownTable {
    columns: usize,
    out: String,
}

impl MarkdownTable {
    /// Creates a table with these columns: name, and whether they contain numbers.
    pub(in crate::report) fn new(columns: &[(&str, bool)]) -> Self {
        let mut table = Self {
            columns: columns.len(),
            out: String::new(),
        };
        table.line(columns.iter().map(|(name, _)| (*name).to_owned()));
        table.line(
            columns
                .iter()
                .map(|(_, figures)| if *figures { "---:" } else { "---" }.to_owned()),
        );
        table
    }

    /// Adds a row.
    pub(in crate::report) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.line(cells.into_iter());
    }

    /// The table without a final line break.
    pub(in crate::report) fn as_str(&self) -> &str {
        self.out.trim_end()
    }

    /// In a table `\|` stands for `|`, even within code. An empty cell is one space wide.
    fn line(&mut self, cells: impl Iterator<Item = String>) {
        let cells = cells
            .chain(std::iter::repeat_with(String::new))
            .take(self.columns);
        self.out.push('|');
        for cell in cells {
            self.out.extend([
                " ",
                &cell.replace('|', "\\|"),
                if cell.is_empty() { "|" } else { " |" },
            ]);
        }
        self.out.push('\n');
    }
}
