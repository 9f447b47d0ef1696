//! Errors in a suite's file.

/// An error in a suite's file, with its line number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {sentence}")]
pub(super) struct SuiteError {
    /// Counted from 1.
    line: usize,
    sentence: String,
}

impl SuiteError {
    pub(super) fn new(line: usize, sentence: impl Into<String>) -> Self {
        Self {
            line,
            sentence: sentence.into(),
        }
    }
}
