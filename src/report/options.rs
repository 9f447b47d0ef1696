//! What a report shall look like.

use crate::dissect::DissectedFlows;
use crate::insight::ServerNames;
use crate::insight::budget::Budget;
use crate::insight::redact::{RedactionRules, Redactor};
use crate::trace::Event;

/// How reports are written.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportOptions {
    /// Columns a text report may use.
    pub width: usize,
    /// Colour text with terminal sequences (SGR).
    pub color: bool,
    /// Draw with ASCII alone.
    pub ascii: bool,
    /// Leave secrets as they are.
    pub with_secrets: bool,
    /// What is secret.
    pub rules: RedactionRules,
    /// The limits the run is held to.
    pub budget: Option<Budget>,
    /// The names of conversations' servers, where they were looked for.
    pub names: ServerNames,
    /// What conversations say, where they were taken apart.
    pub taken_apart: DissectedFlows,
}

/// 80 columns, no colour, Unicode, secrets masked, no budget, no names.
impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            width: 80,
            color: false,
            ascii: false,
            with_secrets: false,
            rules: RedactionRules::default(),
            budget: None,
            names: ServerNames::default(),
            taken_apart: DissectedFlows::default(),
        }
    }
}

impl ReportOptions {
    /// Masks an event before it is folded into the trace that reports are of.
    ///
    /// Reports mask once more what they take from a trace: a secret may have become known only
    /// after it was told.
    pub fn mask(&self, event: &mut Event) {
        self.redactor().mask_event(event);
    }

    /// Takes in what conversations say, with what is secret in it masked.
    #[must_use]
    pub fn with_taken_apart(mut self, mut taken_apart: DissectedFlows) -> Self {
        taken_apart.mask(self.redactor());
        self.taken_apart = taken_apart;
        self
    }

    /// What masks secrets, or does not.
    pub(super) const fn redactor(&self) -> Redactor<'_> {
        if self.with_secrets {
            Redactor::new(true)
        } else {
            Redactor::with_rules(&self.rules)
        }
    }
}
