//! A command line that cannot be followed.

use std::fmt;

use crate::insight::redact::Redactor;

/// What is wrong with the command line, in a sentence. Ends with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsageError(String);

impl UsageError {
    /// What was typed may be repeated in the sentence, so what is secret in it is masked.
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(Redactor::default().sentence(&sentence.into()))
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
