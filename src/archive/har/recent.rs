//! A map that forgets what was not asked for in a long time.

use std::collections::HashMap;
use std::hash::Hash;

/// Holds the entries that were asked for last: at least [`Recent::KEPT`], at most twice as many.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    latest: HashMap<K, V>,
    before: HashMap<K, V>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            latest: HashMap::new(),
            before: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq, V: Copy> Recent<K, V> {
    pub(super) const KEPT: usize = 1 << 14;

    /// Returns what is known by a key.
    pub(super) fn find(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.latest.get(key) {
            return Some(*value);
        }
        let (key, value) = self.before.remove_entry(key)?;
        self.keep(key, value);
        Some(value)
    }

    /// Keeps a value, in the place of another with the same key.
    pub(super) fn keep(&mut self, key: K, value: V) {
        if self.latest.len() >= Self::KEPT {
            self.before = std::mem::take(&mut self.latest);
        }
        self.latest.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut recent = Recent::default();
        for number in 0..10 * Recent::<usize, usize>::KEPT {
            recent.keep(number, number);
            assert_eq!(recent.find(&0), Some(0));
        }
        assert_eq!(recent.find(&1), None);
        let last = 10 * Recent::<usize, usize>::KEPT - 1;
        assert_eq!(recent.find(&last), Some(last));
        assert!(recent.latest.len() + recent.before.len() <= 2 * Recent::<usize, usize>::KEPT);
    }
}
