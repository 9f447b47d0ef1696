//! Which bytes were there before.

use std::collections::BTreeMap;
use std::ops::Range;

/// A set of bytes, as stretches that lie apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage(BTreeMap<u64, u64>);

impl Coverage {
    /// Adds a stretch; whether any of it is new.
    pub(super) fn add(&mut self, Range { mut start, mut end }: Range<u64>) -> bool {
        if start >= end {
            return false;
        }
        if let Some((_, known)) = self.0.range(..=start).next_back()
            && *known >= end
        {
            return false;
        }
        while let Some((known_start, known_end)) = self
            .0
            .range(..=end)
            .next_back()
            .map(|(start, end)| (*start, *end))
        {
            if known_end < start {
                break;
            }
            self.0.remove(&known_start);
            (start, end) = (start.min(known_start), end.max(known_end));
        }
        self.0.insert(start, end);
        true
    }
}
