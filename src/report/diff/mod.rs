//! Comparison of two runs: for people, for programs (schema `tapline/diff/1`), and for pull
//! requests.
//!
//! The first two lines say what got slower or failed, and why.

mod conclusion;
mod json;
mod markdown;
mod text;
mod wording;

use std::fmt;
use std::str::FromStr;

use super::ReportOptions;
use crate::insight::diff::RunDifference;
use crate::units::Untrusted;

/// Two compared runs, and the names of their files.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The differences.
    pub difference: &'a RunDifference<'a>,
    /// The file names: before, now.
    pub names: [&'a Untrusted; 2],
}

/// A format of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiffFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// Markdown, for a pull request.
    Markdown,
}

impl DiffFormat {
    const ALL: [Self; 3] = [Self::Text, Self::Json, Self::Markdown];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Markdown => "markdown",
        }
    }

    /// Writes the comparison in this format. It ends with a line break.
    pub fn write(self, compared: Comparison<'_>, options: &ReportOptions) -> String {
        match self {
            Self::Text => text::diff_text(compared, options),
            Self::Json => json::diff_json(compared, options),
            Self::Markdown => markdown::diff_markdown(compared, options),
        }
    }
}

/// The name of an unknown comparison format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDiffFormat(String);

impl fmt::Display for UnknownDiffFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown comparison format {:?}; expected text, json or markdown",
            self.0
        )
    }
}

impl std::error::Error for UnknownDiffFormat {}

impl FromStr for DiffFormat {
    type Err = UnknownDiffFormat;

    fn from_str(name: &str) -> Result<Self, UnknownDiffFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownDiffFormat(name.to_owned()))
    }
}
