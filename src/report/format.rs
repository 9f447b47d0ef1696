//! The report formats.

use std::fmt;
use std::str::FromStr;

/// A report format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text with a diagram, for people.
    Text,
    /// One JSON document.
    Json,
    /// One JSON object per event, one per line.
    Events,
    /// The timeline as an image.
    Svg,
    /// The whole run as one web page.
    Html,
    /// Markdown, for issues and pull requests.
    Markdown,
    /// HAR 1.2, for developer tools.
    Har,
    /// Comma-separated values with one row per exchange.
    Csv,
    /// Metrics in Prometheus's text format.
    Prometheus,
    /// `JUnit` XML, for build servers.
    Junit,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Json,
        Self::Events,
        Self::Svg,
        Self::Html,
        Self::Markdown,
        Self::Har,
        Self::Csv,
        Self::Prometheus,
        Self::Junit,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Events => "events",
            Self::Svg => "svg",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Har => "har",
            Self::Csv => "csv",
            Self::Prometheus => "prometheus",
            Self::Junit => "junit",
        }
    }
}

/// The name of an unknown format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFormat(String);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        write!(
            f,
            "unknown format {:?}; expected one of {}",
            self.0,
            known.join(", ")
        )
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_name_and_an_error_lists_the_names() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        let refusal = "xml".parse::<Format>().err().map(|error| error.to_string());
        assert_eq!(
            refusal.as_deref(),
            Some(
                "unknown format \"xml\"; expected one of text, json, events, svg, html, \
                 markdown, har, csv, prometheus, junit"
            )
        );
    }
}
