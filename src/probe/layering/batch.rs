//! Things to be told, each once it stands, and the last one again when it has changed.

use crate::trace::StreamLayers;

/// What waits to be told.
#[derive(Debug)]
pub(super) struct PendingBatch<T> {
    closed: Vec<T>,
    /// The last one, which may change.
    open: Option<T>,
    /// It is not told as it is now.
    is_changed: bool,
    /// It is counted only.
    is_counted_only: bool,
    listed: usize,
    unlisted: u64,
}

impl<T> Default for PendingBatch<T> {
    fn default() -> Self {
        Self {
            closed: Vec::new(),
            open: None,
            is_changed: false,
            is_counted_only: false,
            listed: 0,
            unlisted: 0,
        }
    }
}

impl<T: Copy> PendingBatch<T> {
    /// Puts in the next, or what the last has become. Once as many were listed as a trace keeps,
    /// the next are counted only.
    pub(super) fn put_or_replace_last(&mut self, new: T, is_same: impl FnOnce(&T) -> bool) {
        if self.open.as_ref().is_some_and(is_same) {
            self.change_last(|open| *open = new);
            return;
        }
        self.closed
            .extend(self.open.take().filter(|_| self.is_changed));
        self.is_counted_only = self.listed == StreamLayers::MOST;
        if self.is_counted_only {
            self.unlisted += 1;
        } else {
            self.listed += 1;
        }
        self.open = Some(new);
        self.is_changed = !self.is_counted_only;
    }

    /// Changes the last.
    pub(super) fn change_last(&mut self, change: impl FnOnce(&mut T)) {
        if let Some(open) = &mut self.open {
            change(open);
            self.is_changed = !self.is_counted_only;
        }
    }

    /// How many wait.
    pub(super) const fn waiting(&self) -> usize {
        self.closed.len() + self.is_changed as usize
    }

    /// All that wait. The last stays, and waits again once it changes.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut taken = std::mem::take(&mut self.closed);
        taken.extend(self.open.filter(|_| self.is_changed));
        self.is_changed = false;
        taken
    }

    /// How many were counted only, since this was asked last.
    pub(super) const fn take_unlisted(&mut self) -> u64 {
        std::mem::replace(&mut self.unlisted, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_is_told_again_when_it_has_changed() {
        let mut batch = PendingBatch::default();
        let put = |batch: &mut PendingBatch<(u64, u64)>, at, bytes| {
            batch.put_or_replace_last((at, bytes), |open| open.0 == at)
        };
        put(&mut batch, 0, 5);
        put(&mut batch, 5, 1);
        assert_eq!(batch.take(), [(0, 5), (5, 1)]);
        assert_eq!((batch.waiting(), batch.take()), (0, vec![]));
        put(&mut batch, 5, 9);
        put(&mut batch, 14, 1);
        assert_eq!(batch.take(), [(5, 9), (14, 1)]);
        put(&mut batch, 15, 1);
        assert_eq!(batch.take(), [(15, 1)]);
    }
}
