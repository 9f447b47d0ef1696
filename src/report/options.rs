//! Options of reports.

use crate::dissect::DissectedFlows;
use crate::insight::ServerNames;
use crate::insight::budget::Budget;
use crate::insight::redact::{RedactionRules, Redactor};
use crate::trace::Event;

/// Options that reports are written with.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportOptions {
    /// Width of a text report in columns.
    pub width: usize,
    /// Colour text with terminal sequences (SGR).
    pub color: bool,
    /// Use only ASCII characters.
    pub ascii: bool,
    /// Do not mask secrets.
    pub with_secrets: bool,
    /// Rules that define what is secret.
    pub rules: RedactionRules,
    /// The limits to check.
    pub budget: Option<Budget>,
    /// Server names of conversations, if known.
    pub names: ServerNames,
    /// The content of conversations, if dissected.
    pub dissections: DissectedFlows,
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
            dissections: DissectedFlows::default(),
        }
    }
}

impl ReportOptions {
    /// Masks an event before it is folded into a trace.
    ///
    /// Reports mask what they take from the trace once more, since a secret may have been learned
    /// only later.
    pub fn mask(&self, event: &mut Event) {
        self.redactor().mask_event(event);
    }

    /// Adds the content of conversations, masked.
    #[must_use]
    pub fn with_dissections(mut self, mut dissections: DissectedFlows) -> Self {
        dissections.mask(self.redactor());
        self.dissections = dissections;
        self
    }

    /// The redactor, which does nothing if secrets are shown.
    pub(super) const fn redactor(&self) -> Redactor<'_> {
        if self.with_secrets {
            Redactor::new(true)
        } else {
            Redactor::with_rules(&self.rules)
        }
    }
}
