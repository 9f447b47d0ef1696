//! Vectors with little spare capacity, for lists of which a trace has very many, most of them
//! short.

/// Pushes to a vector that grows by a twelfth instead of doubling. With doubling, the spare
/// capacity over all flows of a capture would be as large as the part in use.
pub(super) fn push_tight<T>(list: &mut Vec<T>, new: T) {
    if list.len() == list.capacity() {
        let least = (MIN_GROWTH_BYTES / size_of::<T>().max(1)).clamp(1, 4);
        list.reserve_exact((list.len() / 12).max(least));
    }
    list.push(new);
}

/// Minimum growth in bytes, unless that is more than four items.
const MIN_GROWTH_BYTES: usize = 192;

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
