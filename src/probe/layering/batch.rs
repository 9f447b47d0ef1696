//! Things to be told, each once it stands, and the last one again when it has changed.

use crate::trace::StreamLayers;

/// What waits to be told.
#[derive(Debug)]
pub(super) struct Batch<T> {
    closed: Vec<T>,
    /// The last one, which may change.
    open: Option<T>,
    /// It is not told as it is now.
    changed: bool,
    /// It is counted only.
    hidden: bool,
    listed: usize,
    unlisted: u64,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self {
            closed: Vec::new(),
            open: None,
            changed: false,
            hidden: false,
            listed: 0,
            unlisted: 0,
        }
    }
}

impl<T: Copy> Batch<T> {
    /// Puts in the next, or what the last has become. Once as many were listed as a trace keeps,
    /// the next are counted only.
    pub(super) fn put(&mut self, new: T, is_same: impl FnOnce(&T) -> bool) {
        if self.open.as_ref().is_some_and(is_same) {
            self.change(|open| *open = new);
            return;
        }
        self.closed
            .extend(self.open.take().filter(|_| self.changed));
        self.hidden = self.listed == StreamLayers::MOST;
        if self.hidden {
            self.unlisted += 1;
        } else {
            self.listed += 1;
        }
        self.open = Some(new);
        self.changed = !self.hidden;
    }

    /// Changes the last.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut T)) {
        if let Some(open) = &mut self.open {
            change(open);
            self.changed = !self.hidden;
        }
    }

    /// How many wait.
    pub(super) const fn waiting(&self) -> usize {
        self.closed.len() + self.changed as usize
    }

    /// All that wait. The last stays, and waits again once it changes.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut taken = std::mem::take(&mut self.closed);
        taken.extend(self.open.filter(|_| self.changed));
        self.changed = false;
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
        let mut batch = Batch::default();
        let put =
            |batch: &mut Batch<(u64, u64)>, at, bytes| batch.put((at, bytes), |open| open.0 == at);
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
