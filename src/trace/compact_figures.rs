//! Lists of figures of which a trace has very many.

use crate::units::push_tight;

/// A compact, unordered list of figures: 4 bytes for one below 2^32 (4.29 s in nanoseconds), 8
/// bytes for a larger one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactFigures {
    small: Vec<u32>,
    large: Vec<u64>,
}

impl CompactFigures {
    /// Adds a figure.
    pub fn push(&mut self, figure: u64) {
        match u32::try_from(figure) {
            Ok(small) => push_tight(&mut self.small, small),
            Err(_) => push_tight(&mut self.large, figure),
        }
    }

    /// Returns the figures.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.small
            .iter()
            .copied()
            .map(u64::from)
            .chain(self.large.iter().copied())
    }

    /// Returns their number.
    pub const fn len(&self) -> usize {
        self.small.len() + self.large.len()
    }

    /// Returns true if there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
