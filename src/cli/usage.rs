//! Usage errors.

use std::fmt;

use crate::insight::redact::Redactor;

/// What is wrong with the command line, as a sentence. The exit code is 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsageError(String);

impl UsageError {
    /// Creates an error. The sentence may quote user input, so secrets in it are masked.
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
