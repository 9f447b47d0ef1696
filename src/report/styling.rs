//! Styled text for terminals: roles with colours, and glyphs with ASCII alternatives.

use unicode_width::UnicodeWidthStr as _;

use crate::report::ReportOptions;
use crate::trace::Phase;
use crate::units::{Nanos, Untrusted};

/// The role of a piece of text, which determines its colour. Colour never carries information that
/// is not in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Plain,
    Strong,
    Dim,
    Good,
    Warning,
    Bad,
    Phase(Phase),
}

impl Role {
    /// SGR parameters (ECMA-48 §8.3.117). Phases have the colours of browser developer tools, in
    /// shades of the 256-colour palette that are readable on dark and light backgrounds.
    const fn sgr(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "1;31",
            Self::Phase(Phase::Dns) => "38;5;37",
            Self::Phase(Phase::Connect) => "38;5;172",
            Self::Phase(Phase::Proxy) => "38;5;136",
            Self::Phase(Phase::Tls) => "38;5;133",
            Self::Phase(Phase::Send) => "38;5;67",
            Self::Phase(Phase::Wait) => "38;5;71",
            Self::Phase(Phase::Receive) => "38;5;68",
        }
    }
}

/// A line of text pieces with roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StyledLine(Vec<(Role, String)>);

impl StyledLine {
    /// A line that begins with spaces.
    pub(super) fn indented(columns: usize) -> Self {
        Self(vec![(Role::Plain, " ".repeat(columns))])
    }

    /// Adds a piece. Control characters in it are escaped, whatever its origin.
    pub(super) fn push(&mut self, role: Role, text: impl Into<String>) {
        let text = Untrusted::new(text);
        match self.0.last_mut() {
            Some((last, line)) if *last == role => line.push_str(&text.escaped()),
            _ => self.0.push((role, text.escaped().into_owned())),
        }
    }

    /// Adds a piece.
    pub(super) fn with(mut self, role: Role, text: impl Into<String>) -> Self {
        self.push(role, text);
        self
    }

    /// Pads with spaces up to a column.
    pub(super) fn pad_to(&mut self, column: usize) {
        let missing = column.saturating_sub(self.width());
        self.push(Role::Plain, " ".repeat(missing));
    }

    /// The width in columns.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }
}

/// Renders lines with or without colour and Unicode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Styler {
    color: bool,
    ascii: bool,
}

impl Styler {
    pub(super) const fn new(options: &ReportOptions) -> Self {
        Self {
            color: options.color,
            ascii: options.ascii,
        }
    }

    /// Renders a line with its line break, without trailing space.
    pub(super) fn render(self, line: &StyledLine) -> String {
        let mut out = String::new();
        let drawn = line
            .0
            .iter()
            .rposition(|(_, text)| !text.trim_end().is_empty())
            .map_or(0, |last| last + 1);
        for (i, (role, text)) in line.0.iter().take(drawn).enumerate() {
            let text = if i + 1 == drawn {
                text.trim_end()
            } else {
                text
            };
            match role.sgr() {
                sgr if self.color && !sgr.is_empty() && !text.trim().is_empty() => {
                    out.extend(["\x1b[", sgr, "m", text, "\x1b[0m"]);
                }
                _ => out.push_str(text),
            }
        }
        out.push('\n');
        out
    }

    /// Selects a glyph or its ASCII alternative.
    pub(super) const fn glyph(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// A duration.
    pub(super) fn time(self, duration: Nanos) -> String {
        let shown = duration.to_string();
        if self.ascii {
            shown.replace('µ', "u")
        } else {
            shown
        }
    }

    /// A duration, or a dash if it was not measured.
    pub(super) fn time_or_dash(self, duration: Option<Nanos>) -> String {
        duration.map_or_else(
            || self.glyph("—", "-").to_owned(),
            |duration| self.time(duration),
        )
    }

    /// A bar of a length in eighths of a column.
    pub(super) fn bar(self, eighths: usize) -> String {
        const ENDS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let full = eighths / 8;
        let rest = eighths % 8;
        if self.ascii {
            let cells = full + usize::from(rest >= 4);
            return if cells == 0 && eighths > 0 {
                "|".to_owned()
            } else {
                "#".repeat(cells)
            };
        }
        "█".repeat(full) + ENDS.get(rest).unwrap_or(&"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_drawn_in_its_roles_and_ends_without_space() {
        let line = StyledLine::indented(2)
            .with(Role::Bad, "no")
            .with(Role::Plain, " 東 ")
            .with(Role::Dim, "  ");
        assert_eq!(line.width(), 10);
        let plain = Styler::new(&ReportOptions::default());
        assert_eq!(plain.render(&line), "  no 東\n");
        let colored = Styler::new(&ReportOptions {
            color: true,
            ..ReportOptions::default()
        });
        assert_eq!(colored.render(&line), "  \x1b[1;31mno\x1b[0m 東\n");
        assert_eq!(plain.render(&StyledLine::indented(3)), "\n");
    }

    #[test]
    fn a_bar_ends_within_a_column_and_is_never_invisible() {
        let unicode = Styler::new(&ReportOptions::default());
        let ascii = Styler::new(&ReportOptions {
            ascii: true,
            ..ReportOptions::default()
        });
        for (eighths, shown, stand_in) in [
            (0, "", ""),
            (1, "▏", "|"),
            (8, "█", "#"),
            (19, "██▍", "##"),
            (20, "██▌", "###"),
        ] {
            assert_eq!(
                (unicode.bar(eighths).as_str(), ascii.bar(eighths).as_str()),
                (shown, stand_in)
            );
        }
    }
}
