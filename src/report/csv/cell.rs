//! A field of a CSV record.

use crate::units::{Nanos, Untrusted};

/// The content of a field.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CsvCell {
    /// Nothing: it was not measured.
    Empty,
    /// A number, or a name defined by this program.
    Plain(String),
    /// Text from outside.
    Text(Untrusted),
}

impl CsvCell {
    /// A value that may be absent.
    pub(super) fn plain(content: Option<impl ToString>) -> Self {
        content.map_or(Self::Empty, |content| Self::Plain(content.to_string()))
    }

    /// A time in nanoseconds.
    pub(super) fn time(time: Option<Nanos>) -> Self {
        Self::plain(time.map(|time| time.0))
    }

    /// Text that may be absent.
    pub(super) fn text(text: Option<Untrusted>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }

    /// The field as it is written.
    pub(super) fn encode(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Plain(text) => quote_if_needed(text),
            Self::Text(text) => quote_if_needed(&neutralize_formula(&text.escaped())),
        }
    }
}

/// Characters with which spreadsheets begin a formula, including the full-width forms that some
/// accept. Leading space does not prevent it.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Prefixes text that a spreadsheet would evaluate as a formula.
fn neutralize_formula(text: &str) -> String {
    let dangerous = text.trim_start().starts_with(FORMULA_STARTS);
    if dangerous {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Quotes a field if necessary, with inner quotes doubled (RFC 4180 §2).
fn quote_if_needed(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n', ';', '\t']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        CsvCell::Text(text.into()).encode()
    }

    #[test]
    fn formulas_become_text_and_quotes_are_doubled() {
        assert_eq!(
            text("=HYPERLINK(\"http://e\",\"x\")"),
            "\"'=HYPERLINK(\"\"http://e\"\",\"\"x\"\")\""
        );
        assert_eq!(
            [
                text("+1"),
                text("-1"),
                text("@SUM(A1)"),
                text("  =1"),
                text("＝1")
            ],
            ["'+1", "'-1", "'@SUM(A1)", "'  =1", "'＝1"]
        );
        assert_eq!(text("\t=1"), "\\x09=1");
        assert_eq!(text("a\r\n=1"), "a\\x0d\\x0a=1");
        assert_eq!([text("a,b"), text("a=b"), text("")], ["\"a,b\"", "a=b", ""]);
    }

    #[test]
    fn figures_are_not_quoted_and_unmeasured_ones_are_empty() {
        assert_eq!(CsvCell::plain(Some(-5_i64)).encode(), "-5");
        assert_eq!(CsvCell::time(Some(Nanos(0))).encode(), "0");
        assert_eq!(CsvCell::time(None), CsvCell::Empty);
        assert_eq!(CsvCell::Empty.encode(), "");
    }
}
