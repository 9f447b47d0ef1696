//! Figures as the screen shows them: one unit and one number of decimals in a column, so that they
//! can be compared at a glance.

use crate::timeline::AxisUnit;
use crate::units::{Moment, Nanos};
pub(super) use crate::units::{counted as count, percent};

/// How durations of one picture are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) unit: AxisUnit,
    decimals: usize,
}

impl Figures {
    /// For durations up to `longest`: three to five figures of the longest.
    pub(super) const fn reaching(longest: Nanos) -> Self {
        let unit = AxisUnit::reaching(longest);
        let decimals = match (unit, longest.0) {
            (AxisUnit::Millis, 0..10_000_000) => 3,
            (AxisUnit::Millis, 10_000_000..100_000_000)
            | (AxisUnit::Seconds, 0..100_000_000_000) => 2,
            _ => 1,
        };
        Self { unit, decimals }
    }

    /// Without its unit.
    pub(super) fn bare(self, duration: Nanos) -> String {
        let value = match self.unit {
            AxisUnit::Micros => duration.as_millis_f64() * 1e3,
            AxisUnit::Millis => duration.as_millis_f64(),
            AxisUnit::Seconds => duration.as_secs_f64(),
        };
        let decimals = self.decimals;
        let shown = format!("{value:.decimals$}");
        // What took some time is never shown as none.
        if duration > Nanos::ZERO && shown.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
            return format!(
                "<{}1",
                shown
                    .get(1..shown.len() - 1)
                    .map_or_else(String::new, |zeros| format!("0{zeros}"))
            );
        }
        shown
    }
}

/// An instant in milliseconds with two decimals, three where runs take so little: `81.90`, `0.184`.
pub(super) fn instant(at: Moment, precise: bool) -> String {
    let sign = if at < Moment::START { "-" } else { "" };
    let millis = crate::units::Nanos(at.0.unsigned_abs()).as_millis_f64();
    if precise {
        format!("{sign}{millis:.3}")
    } else {
        format!("{sign}{millis:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_picture_has_one_unit_and_one_precision() {
        let figures = Figures::reaching(Nanos(186_400_000));
        assert_eq!(
            [41_249_000, 100_000, 30_000, 0].map(|ns| figures.bare(Nanos(ns))),
            ["41.2", "0.1", "<0.1", "0.0"]
        );
        assert_eq!(
            [34_100, 400].map(|ns| Figures::reaching(Nanos(2_100_000)).bare(Nanos(ns))),
            ["0.034", "<0.001"]
        );
        assert_eq!(
            Figures::reaching(Nanos(870_000)).bare(Nanos(34_100)),
            "34.1"
        );
        assert_eq!(
            Figures::reaching(Nanos(12_000_000_000)).bare(Nanos(1_234_000_000)),
            "1.23"
        );
    }

    #[test]
    fn instants_read_well() {
        assert_eq!(instant(Moment(81_904_000), false), "81.90");
        assert_eq!(instant(Moment(-81_904), true), "-0.082");
    }
}
