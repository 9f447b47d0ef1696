//! Formatting of figures: one unit and one number of decimals for all durations of a frame, so that
//! they can be compared at a glance.

use crate::timeline::AxisUnit;
use crate::units::{Moment, Nanos};
pub(super) use crate::units::{format_count as count, format_percent};

/// Unit and decimals of the durations of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DurationFormat {
    pub(super) unit: AxisUnit,
    decimals: usize,
}

impl DurationFormat {
    /// Chooses the format for durations up to `longest`: three to five digits for the longest.
    pub(super) const fn for_longest(longest: Nanos) -> Self {
        let unit = AxisUnit::for_end(longest);
        let decimals = match (unit, longest.0) {
            (AxisUnit::Millis, 0..10_000_000) => 3,
            (AxisUnit::Millis, 10_000_000..100_000_000)
            | (AxisUnit::Seconds, 0..100_000_000_000) => 2,
            _ => 1,
        };
        Self { unit, decimals }
    }

    /// Formats a duration without its unit.
    pub(super) fn format(self, duration: Nanos) -> String {
        let value = match self.unit {
            AxisUnit::Micros => duration.as_millis_f64() * 1e3,
            AxisUnit::Millis => duration.as_millis_f64(),
            AxisUnit::Seconds => duration.as_secs_f64(),
        };
        let decimals = self.decimals;
        let shown = format!("{value:.decimals$}");
        // A duration above zero is never shown as zero.
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

/// Formats an instant in milliseconds with two decimals, or three if `precise`: `81.90`, `0.184`.
pub(super) fn format_millis(at: Moment, precise: bool) -> String {
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
        let figures = DurationFormat::for_longest(Nanos(186_400_000));
        assert_eq!(
            [41_249_000, 100_000, 30_000, 0].map(|ns| figures.format(Nanos(ns))),
            ["41.2", "0.1", "<0.1", "0.0"]
        );
        assert_eq!(
            [34_100, 400].map(|ns| DurationFormat::for_longest(Nanos(2_100_000)).format(Nanos(ns))),
            ["0.034", "<0.001"]
        );
        assert_eq!(
            DurationFormat::for_longest(Nanos(870_000)).format(Nanos(34_100)),
            "34.1"
        );
        assert_eq!(
            DurationFormat::for_longest(Nanos(12_000_000_000)).format(Nanos(1_234_000_000)),
            "1.23"
        );
    }

    #[test]
    fn instants_read_well() {
        assert_eq!(format_millis(Moment(81_904_000), false), "81.90");
        assert_eq!(format_millis(Moment(-81_904), true), "-0.082");
    }
}
