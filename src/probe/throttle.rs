//! Throttle for progress events.

use crate::units::{Moment, Nanos};

/// Limits an action to once every 50 ms.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Throttle {
    last: Option<Moment>,
}

impl Throttle {
    const INTERVAL: Nanos = Nanos::from_millis(50);

    /// Returns true at most once per interval. The first call starts the first interval.
    pub(super) fn is_due(&mut self, now: Moment) -> bool {
        let last = *self.last.get_or_insert(now);
        let due = now.since(last) >= Self::INTERVAL;
        if due {
            self.last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_due_once_per_interval() {
        let mut throttle = Throttle::default();
        let at = |millis| Moment::START + Nanos::from_millis(millis);
        let due: Vec<bool> = [0, 10, 49, 50, 60, 99, 100, 300, 310]
            .map(|millis| throttle.is_due(at(millis)))
            .into();
        assert_eq!(
            due,
            [false, false, false, true, false, false, true, true, false]
        );
    }
}
