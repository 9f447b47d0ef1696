//! What a report shall look like.

use crate::dissect::TakenApart;
use crate::insight::ServerNames;
use crate::insight::budget::Budget;
use crate::insight::redact::Redactor;

/// How reports are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Columns a text report may use.
    pub width: usize,
    /// Colour text with terminal sequences (SGR).
    pub color: bool,
    /// Draw with ASCII alone.
    pub ascii: bool,
    /// Leave secrets as they are.
    pub with_secrets: bool,
    /// The limits the run is held to.
    pub budget: Option<Budget>,
    /// The names of conversations' servers, where they were looked for.
    pub names: ServerNames,
    /// What conversations say, where they were taken apart.
    pub taken_apart: TakenApart,
}

/// 80 columns, no colour, Unicode, secrets masked, no budget, no names.
impl Default for Options {
    fn default() -> Self {
        Self {
            width: 80,
            color: false,
            ascii: false,
            with_secrets: false,
            budget: None,
            names: ServerNames::default(),
            taken_apart: TakenApart::default(),
        }
    }
}

impl Options {
    /// What masks secrets, or does not.
    pub(super) const fn redactor(&self) -> Redactor {
        Redactor::new(self.with_secrets)
    }
}
