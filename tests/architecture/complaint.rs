//! What is wrong, where, and which wall it breaks.

use std::fmt;

/// One breach of one wall.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Complaint {
    /// File, relative to the package.
    pub(super) file: String,
    /// Line, from 1.
    pub(super) line: usize,
    /// What stands there.
    pub(super) found: String,
    /// The wall, as a sentence.
    pub(super) wall: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: found {}: {}",
            self.file, self.line, self.found, self.wall
        )
    }
}
