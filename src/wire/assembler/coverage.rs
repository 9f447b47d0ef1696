//! Which bytes of a sequence have passed.

use std::ops::Range;

use rangemap::RangeMap;
use thiserror::Error;

/// The bytes of a sequence that have passed: those from its origin to its end, but for the gaps. At
/// most `MOST_GAPS` gaps are kept, each with a tag, such as the time since which it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage<const MOST_GAPS: usize, T: Clone + Eq = ()> {
    end: u64,
    gaps: RangeMap<u64, T>,
}

/// How a range lay to what had passed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insertion<T = ()> {
    /// Bytes between the former end and its start: a new gap.
    pub skipped: u64,
    /// Its bytes behind the former end.
    pub appended: u64,
    /// Its bytes that were missing, in gaps.
    pub filled: u64,
    /// Its bytes that had passed before.
    pub repeated: u64,
    /// The least tag of the gaps of which it filled something.
    pub least_tag: Option<T>,
}

impl<T> Insertion<T> {
    /// Returns true if some of its bytes had not passed before.
    pub const fn is_new(&self) -> bool {
        self.appended > 0 || self.filled > 0
    }
}

/// Another gap would exceed the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many gaps")]
pub struct TooManyGaps;

impl<const MOST_GAPS: usize, T: Clone + Ord> Default for Coverage<MOST_GAPS, T> {
    fn default() -> Self {
        Self::starting_at(0)
    }
}

impl<const MOST_GAPS: usize, T: Clone + Ord> Coverage<MOST_GAPS, T> {
    /// A sequence of which nothing has passed. What lies before `origin` counts as passed.
    pub const fn starting_at(origin: u64) -> Self {
        Self {
            end: origin,
            gaps: RangeMap::new(),
        }
    }

    /// Offset behind the last byte that has passed.
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Offset of the first byte that has not passed.
    pub fn in_order_end(&self) -> u64 {
        self.gaps
            .first_range_value()
            .map_or(self.end, |(gap, _)| gap.start)
    }

    /// The gaps, in order.
    pub fn gaps(&self) -> impl Iterator<Item = (&Range<u64>, &T)> {
        self.gaps.iter()
    }

    /// Marks a range as passed. A gap that this opens gets the tag. Where there would be more than
    /// `MOST_GAPS`, the first one counts as passed from then on.
    pub fn insert(&mut self, range: Range<u64>, tag: T) -> Insertion<T> {
        if self.opens_gap(&range)
            && self.gaps.len() >= MOST_GAPS
            && let Some((first, _)) = self.gaps.first_range_value()
        {
            let first = first.clone();
            self.gaps.remove(first);
        }
        self.mark(&range, tag)
    }

    /// Marks a range as passed, as [`insert`](Self::insert) does.
    ///
    /// # Errors
    /// Changes nothing if there would be more than `MOST_GAPS` gaps.
    pub fn try_insert(&mut self, range: Range<u64>, tag: T) -> Result<Insertion<T>, TooManyGaps> {
        if self.opens_gap(&range) && self.gaps.len() >= MOST_GAPS {
            return Err(TooManyGaps);
        }
        Ok(self.mark(&range, tag))
    }

    /// Keeps the gaps whose tag fits; the others count as passed.
    pub fn retain_gaps(&mut self, keep: impl Fn(&T) -> bool) {
        if !self.gaps.iter().all(|(_, tag)| keep(tag)) {
            let gaps = std::mem::take(&mut self.gaps).into_iter();
            self.gaps = gaps.filter(|(_, tag)| keep(tag)).collect();
        }
    }

    /// The stretches of a range that have passed, in order.
    pub fn passed_within(&self, range: &Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let end = range.end.min(self.end);
        let mut at = range.start;
        let gaps = self.gaps.overlapping(at..end.max(at));
        let behind = std::iter::once(end..u64::MAX);
        let mut gaps = gaps.map(|(gap, _)| gap.clone()).chain(behind);
        std::iter::from_fn(move || {
            loop {
                let gap = gaps.next()?;
                let passed = at..gap.start;
                at = gap.end;
                if passed.start < passed.end {
                    return Some(passed);
                }
            }
        })
    }

    /// Returns true if there is a gap more behind it: it leaves one, or lies within one.
    fn opens_gap(&self, range: &Range<u64>) -> bool {
        if range.is_empty() {
            return false;
        }
        let within = |gap: &Range<u64>| gap.start < range.start && range.end < gap.end;
        range.start > self.end
            || (range.start < self.end
                && self
                    .gaps
                    .get_key_value(&range.start)
                    .is_some_and(|(gap, _)| within(gap)))
    }

    fn mark(&mut self, range: &Range<u64>, tag: T) -> Insertion<T> {
        let mut insertion = Insertion {
            skipped: 0,
            appended: 0,
            filled: 0,
            repeated: 0,
            least_tag: None,
        };
        if range.is_empty() {
            return insertion;
        }
        let known = range.start..range.end.min(self.end);
        if !known.is_empty() {
            // Nearly all packets lie at the end, and most others repeat what has passed.
            for (gap, since) in self.gaps.overlapping(&known) {
                insertion.filled += gap.end.min(known.end) - gap.start.max(known.start);
                let least = insertion.least_tag.get_or_insert_with(|| since.clone());
                if since < least {
                    least.clone_from(since);
                }
            }
            insertion.repeated = known.end - known.start - insertion.filled;
            if insertion.filled > 0 {
                self.gaps.remove(known);
            }
        }
        if range.start > self.end {
            insertion.skipped = range.start - self.end;
            self.gaps.insert(self.end..range.start, tag);
        }
        if range.end > self.end {
            insertion.appended = range.end - range.start.max(self.end);
            self.end = range.end;
        }
        insertion
    }
}
