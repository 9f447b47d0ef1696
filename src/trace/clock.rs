//! The clocks of a run, and the mapping between its wall clock and its monotonic clock.
//!
//! Packets carry wall-clock time; everything else carries the program's monotonic time. Both clocks
//! are read together at the start and at intervals. Between two such pairs the offset is
//! interpolated, outside them that of the nearest pair is used.

use serde::{Deserialize, Serialize};

use crate::units::{Moment, Nanos, WallTime};

/// Source of a time or a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The program's monotonic clock: what the application experienced.
    #[default]
    App,
    /// The kernel's timestamp of a packet: what happened on the wire.
    Wire,
    /// The kernel's own figures for a connection (`TCP_INFO`).
    Kernel,
    /// Derived from other figures by a rule that the documentation states.
    Inferred,
}

impl Clock {
    /// The name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Wire => "wire",
            Self::Kernel => "kernel",
            Self::Inferred => "inferred",
        }
    }
}

/// Both clocks, read one right after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockPair {
    /// The monotonic reading.
    pub at: Moment,
    /// The wall-clock reading.
    pub wall: WallTime,
    /// Maximum error of the pairing.
    pub uncertainty: Nanos,
}

/// The mapping from packets' wall-clock time to the run's time axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockMap {
    pairs: Vec<ClockPair>,
    /// Largest uncertainty of all pairs, including those that were thinned out.
    uncertainty: Option<Nanos>,
}

impl ClockMap {
    /// Maximum number of pairs. Beyond it every second pair of the older half is dropped, so that
    /// memory stays bounded in runs that last days and the mapping stays exact near the latest
    /// packets.
    const MAX_PAIRS: usize = 8_192;

    pub(super) fn add(&mut self, pair: ClockPair) {
        if self.pairs.len() == Self::MAX_PAIRS {
            let mut number = 0;
            self.pairs.retain(|_| {
                number += 1;
                number > Self::MAX_PAIRS / 2 || number % 2 == 1
            });
        }
        self.uncertainty = self.uncertainty.max(Some(pair.uncertainty));
        let index = self.pairs.partition_point(|known| known.wall <= pair.wall);
        self.pairs.insert(index, pair);
    }

    /// Returns the position of a wall-clock time on the run's axis; `None` before the clocks were
    /// first paired.
    pub fn moment_of(&self, wall: WallTime) -> Option<Moment> {
        let after = self.pairs.partition_point(|pair| pair.wall <= wall);
        let before = after.checked_sub(1).and_then(|i| self.pairs.get(i));
        match (before, self.pairs.get(after)) {
            (Some(left), Some(right)) => Some(interpolate_moment(left, right, wall)),
            (Some(near), None) | (None, Some(near)) => Some(moment_by_offset(near, wall)),
            (None, None) => None,
        }
    }

    /// Returns the wall-clock time of an instant on the run's axis: the inverse of
    /// [`ClockMap::moment_of`].
    pub fn wall_of(&self, at: Moment) -> Option<WallTime> {
        let after = self.pairs.partition_point(|pair| pair.at <= at);
        let before = after.checked_sub(1).and_then(|i| self.pairs.get(i));
        match (before, self.pairs.get(after)) {
            (Some(left), Some(right)) => Some(interpolate_wall(left, right, at)),
            (Some(near), None) | (None, Some(near)) => Some(wall_by_offset(near, at)),
            (None, None) => None,
        }
    }

    /// Drift between the two clocks from the first pair to the last, in nanoseconds.
    pub fn drift(&self) -> Option<i64> {
        let first = self.pairs.first()?;
        let last = self.pairs.last()?;
        (self.pairs.len() > 1).then(|| {
            moment_by_offset(first, last.wall)
                .0
                .saturating_sub(last.at.0)
        })
    }

    /// The largest uncertainty of a pair.
    pub const fn uncertainty(&self) -> Option<Nanos> {
        self.uncertainty
    }
}

fn moment_by_offset(pair: &ClockPair, wall: WallTime) -> Moment {
    Moment(pair.at.0.saturating_add(wall.distance(pair.wall)))
}

fn wall_by_offset(pair: &ClockPair, at: Moment) -> WallTime {
    WallTime(
        pair.wall
            .0
            .saturating_add_signed(at.0.saturating_sub(pair.at.0)),
    )
}

fn interpolate_wall(left: &ClockPair, right: &ClockPair, at: Moment) -> WallTime {
    let span = i128::from(right.at.0) - i128::from(left.at.0);
    if span == 0 {
        return wall_by_offset(left, at);
    }
    let into = i128::from(at.0) - i128::from(left.at.0);
    let ticks = i128::from(right.wall.distance(left.wall));
    let wall = i128::from(left.wall.0) + ticks * into / span;
    WallTime(u64::try_from(wall).unwrap_or(if wall < 0 { 0 } else { u64::MAX }))
}

fn interpolate_moment(left: &ClockPair, right: &ClockPair, wall: WallTime) -> Moment {
    let span = i128::from(right.wall.distance(left.wall));
    if span == 0 {
        return moment_by_offset(left, wall);
    }
    let into = i128::from(wall.distance(left.wall));
    let ticks = i128::from(right.at.0) - i128::from(left.at.0);
    let at = i128::from(left.at.0) + ticks * into / span;
    Moment(i64::try_from(at).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(at: i64, wall: u64) -> ClockPair {
        ClockPair {
            at: Moment(at),
            wall: WallTime(wall),
            uncertainty: Nanos(10),
        }
    }

    #[test]
    fn one_pair_shifts() {
        let mut map = ClockMap::default();
        assert_eq!(map.moment_of(WallTime(5)), None);
        map.add(pair(100, 1_000_000));
        assert_eq!(map.moment_of(WallTime(1_000_050)), Some(Moment(150)));
        assert_eq!(map.moment_of(WallTime(999_800)), Some(Moment(-100)));
        assert_eq!(map.drift(), None);
    }

    #[test]
    fn two_pairs_interpolate_and_show_the_drift() {
        let mut map = ClockMap::default();
        map.add(pair(0, 1_000_000));
        map.add(pair(1_000, 1_002_000));
        assert_eq!(map.moment_of(WallTime(1_001_000)), Some(Moment(500)));
        assert_eq!(map.drift(), Some(1_000));
        assert_eq!(map.wall_of(Moment(500)), Some(WallTime(1_001_000)));
    }

    #[test]
    fn wall_of_is_the_inverse_of_moment_of() {
        let mut map = ClockMap::default();
        assert_eq!(map.wall_of(Moment(5)), None);
        map.add(pair(100, 1_000_000));
        assert_eq!(map.wall_of(Moment(150)), Some(WallTime(1_000_050)));
        assert_eq!(map.wall_of(Moment(i64::MIN)), Some(WallTime(0)));
    }

    #[test]
    fn many_pairs_are_thinned_out_but_uncertainty_is_kept() {
        let mut map = ClockMap::default();
        map.add(ClockPair {
            uncertainty: Nanos(77),
            ..pair(0, 1_000_000)
        });
        for number in 1..100_000 {
            map.add(pair(
                number * 10,
                1_000_000 + number.unsigned_abs() * 10 + u64::from(number == 99_999) * 3,
            ));
        }
        assert!(map.pairs.len() <= ClockMap::MAX_PAIRS);
        assert_eq!((map.drift(), map.uncertainty()), (Some(3), Some(Nanos(77))));
        assert_eq!(
            map.moment_of(WallTime(1_999_975)),
            Some(Moment(999_975)),
            "between two of the latest"
        );
    }

    #[test]
    fn a_stopped_wall_clock_does_not_divide_by_zero() {
        let mut map = ClockMap::default();
        map.add(pair(0, 7));
        map.add(pair(1_000, 7));
        assert!(map.moment_of(WallTime(7)).is_some());
    }
}
