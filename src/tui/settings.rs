//! Settings of the screen, fixed at its start.

use crate::insight::redact::RedactionPolicy;
use crate::trace::PacketLimits;

/// Appearance and initial contents of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Colour theme.
    pub theme: Theme,
    /// Whether colours are used at all (`NO_COLOR`).
    pub color: bool,
    /// Draw with ASCII alone, for terminals and fonts that lack the block and line characters.
    pub ascii: bool,
    /// URL to request at once; without it the start screen is shown.
    pub url: Option<String>,
    /// Name of the opened capture file; without it, runs are shown.
    pub opened: Option<String>,
    /// Suggestions of the start screen.
    pub suggestions: Vec<Suggestion>,
    /// A sentence on what is not real in this environment, if anything.
    pub notice: Option<String>,
    /// Masking of secrets, since a screen may be seen by others.
    pub masking: RedactionPolicy,
    /// Limits on listed packets and conversations.
    pub limits: PacketLimits,
}

/// A suggested URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The URL.
    pub url: String,
    /// One line on what it shows.
    pub description: String,
    /// Heading that it is listed under; empty for none. Headings are in order of first appearance.
    pub group: String,
}

/// A colour theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// For dark backgrounds.
    #[default]
    Dark,
    /// For light backgrounds.
    Light,
    /// Colours that people with any of the usual colour vision deficiencies can tell apart (Okabe
    /// and Ito's set).
    ColorBlind,
}

impl Theme {
    /// All themes.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::ColorBlind];

    /// Returns the name on the command line and on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::ColorBlind => "color-blind",
        }
    }
}
