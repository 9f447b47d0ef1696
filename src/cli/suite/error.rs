//! What is wrong with a suite's file.

/// Where a suite's file cannot be followed, and why.
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
