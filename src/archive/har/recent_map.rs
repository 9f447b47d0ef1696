//! A map that forgets entries that have not been used for a long time.

use std::collections::HashMap;
use std::hash::Hash;

/// Holds the most recently used entries: at least [`RecentMap::CAPACITY`], at most twice as many.
#[derive(Debug)]
pub(super) struct RecentMap<K, V> {
    latest: HashMap<K, V>,
    previous: HashMap<K, V>,
}

impl<K, V> Default for RecentMap<K, V> {
    fn default() -> Self {
        Self {
            latest: HashMap::new(),
            previous: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq, V: Copy> RecentMap<K, V> {
    pub(super) const CAPACITY: usize = 1 << 14;

    /// Looks up a key, and marks it as used.
    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.latest.get(key) {
            return Some(*value);
        }
        let (key, value) = self.previous.remove_entry(key)?;
        self.insert(key, value);
        Some(value)
    }

    /// Inserts or replaces a value.
    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.latest.len() >= Self::CAPACITY {
            self.previous = std::mem::take(&mut self.latest);
        }
        self.latest.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_entries_stay_and_others_are_dropped() {
        let mut recent = RecentMap::default();
        for number in 0..10 * RecentMap::<usize, usize>::CAPACITY {
            recent.insert(number, number);
            assert_eq!(recent.get(&0), Some(0));
        }
        assert_eq!(recent.get(&1), None);
        let last = 10 * RecentMap::<usize, usize>::CAPACITY - 1;
        assert_eq!(recent.get(&last), Some(last));
        assert!(
            recent.latest.len() + recent.previous.len() <= 2 * RecentMap::<usize, usize>::CAPACITY
        );
    }
}
