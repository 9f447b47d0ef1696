//! What the screen is told once, at its start.

use crate::insight::redact::RedactionPolicy;
use crate::trace::PacketLimits;

/// How the screen looks and what it begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The colours.
    pub theme: Theme,
    /// Whether colours are used at all (`NO_COLOR`).
    pub color: bool,
    /// Draw with ASCII alone, for terminals and fonts that lack the block and line characters.
    pub ascii: bool,
    /// Where to go at once; without it the start screen asks.
    pub url: Option<String>,
    /// The name of the capture file that is looked at; without it, runs are.
    pub opened: Option<String>,
    /// What the start screen offers.
    pub suggestions: Vec<Suggestion>,
    /// What is not real here, in a sentence; nothing where everything is.
    pub notice: Option<String>,
    /// What is masked: a screen is looked at by more than one.
    pub masking: RedactionPolicy,
    /// How many packets and conversations are listed.
    pub limits: PacketLimits,
}

/// A place worth going to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Where it is.
    pub url: String,
    /// One line on what it shows.
    pub description: String,
    /// The heading it stands under. Headings are in the order in which they first come; where it
    /// is empty there is none.
    pub group: String,
}

/// A set of colours.
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

    /// The name on the command line and on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::ColorBlind => "color-blind",
        }
    }
}
