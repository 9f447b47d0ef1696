//! Batch of records or parts that wait to be emitted. The last one may still change; if it does
//! after it was emitted, it is emitted again.

use crate::trace::StreamLayers;

/// Items waiting to be emitted.
#[derive(Debug)]
pub(super) struct PendingBatch<T> {
    closed: Vec<T>,
    /// The last item, which may still change.
    open: Option<T>,
    /// The last item has not been emitted in its present form.
    is_changed: bool,
    /// The last item is counted only.
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
    /// Adds an item, or replaces the last one if `is_same` returns true for it. Once as many were
    /// listed as a trace keeps, further items are counted only.
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

    /// Returns true if the last item and all further ones are counted only.
    pub(super) const fn is_counted_only(&self) -> bool {
        self.is_counted_only
    }

    /// Counts `items` more after the last one.
    pub(super) const fn add_unlisted(&mut self, items: u64) {
        self.unlisted += items;
    }

    /// Changes the last item.
    pub(super) fn change_last(&mut self, change: impl FnOnce(&mut T)) {
        if let Some(open) = &mut self.open {
            change(open);
            self.is_changed = !self.is_counted_only;
        }
    }

    /// Returns the number of items waiting.
    pub(super) const fn waiting(&self) -> usize {
        self.closed.len() + self.is_changed as usize
    }

    /// Returns the waiting items. The last one stays and waits again once it changes.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut taken = std::mem::take(&mut self.closed);
        taken.extend(self.open.filter(|_| self.is_changed));
        self.is_changed = false;
        taken
    }

    /// Returns the number of items that were counted only, since the last call.
    pub(super) const fn take_unlisted(&mut self) -> u64 {
        std::mem::replace(&mut self.unlisted, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_item_is_emitted_again_when_it_has_changed() {
        let mut batch = PendingBatch::default();
        let put = |batch: &mut PendingBatch<(u64, u64)>, at, bytes| {
            batch.put_or_replace_last((at, bytes), |open| open.0 == at);
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
