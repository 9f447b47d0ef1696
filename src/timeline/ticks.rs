//! Tick marks at round instants of a time axis, and the unit of their labels.

use super::Scale;
use crate::units::{Moment, Nanos};

/// The unit of an axis' labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisUnit {
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
}

impl AxisUnit {
    /// The unit that keeps labels up to `end` readable.
    pub const fn for_end(end: Nanos) -> Self {
        match end.0 {
            0..=999_999 => Self::Micros,
            1_000_000..10_000_000_000 => Self::Millis,
            _ => Self::Seconds,
        }
    }

    /// The unit's symbol.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Micros => "µs",
            Self::Millis => "ms",
            Self::Seconds => "s",
        }
    }

    const fn nanos(self) -> u64 {
        match self {
            Self::Micros => 1_000,
            Self::Millis => 1_000_000,
            Self::Seconds => 1_000_000_000,
        }
    }

    /// The number of decimals needed to tell multiples of `step` apart.
    fn decimals(self, step: u64) -> usize {
        let mut decimals = 0;
        let mut unit = self.nanos();
        while unit > 1 && !step.is_multiple_of(unit) {
            unit /= 10;
            decimals += 1;
        }
        decimals
    }
}

/// A tick mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisTick {
    /// Its instant.
    pub at: Moment,
    /// Its column.
    pub column: u16,
    /// The number to print there, in the axis' unit.
    pub label: String,
}

/// The tick marks of an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisTicks {
    /// The unit of all labels.
    pub unit: AxisUnit,
    /// The ticks from left to right. Labels do not overlap.
    pub ticks: Vec<AxisTick>,
}

impl AxisTicks {
    /// Computes the ticks of a scale: as many as leave at least four blank columns between labels.
    pub fn for_scale(scale: &Scale) -> Self {
        let end = scale
            .window()
            .to()
            .from_start()
            .max(scale.window().from().from_start());
        let unit = AxisUnit::for_end(end);
        let step = (0..)
            .map_while(nth_round_step)
            .find(|&step| labels_fit(scale, unit, step));
        let ticks = step
            .map(|step| ticks_every(scale, unit, step))
            .unwrap_or_default();
        Self { unit, ticks }
    }
}

/// The `n`th round duration: 1, 2, 5, 10, 20 … nanoseconds, then the usual divisions of minutes and
/// hours.
fn nth_round_step(n: u32) -> Option<u64> {
    const LONG: [u64; 13] = [
        60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 864_000, 8_640_000,
    ];
    let mantissa = [1, 2, 5][n as usize % 3];
    if n < 32 {
        Some(mantissa * 10_u64.pow(n / 3))
    } else {
        LONG.get(n as usize - 32)
            .map(|seconds| seconds * 1_000_000_000)
    }
}

/// Returns true if labels every `step` nanoseconds fit without touching. The label at the right
/// edge is the longest.
fn labels_fit(scale: &Scale, unit: AxisUnit, step: u64) -> bool {
    let length = scale.window().length().0;
    let widest = format_label(scale.window().to(), unit, step)
        .len()
        .max(format_label(scale.window().from(), unit, step).len())
        + 4;
    let columns_per_step =
        u128::from(scale.columns()) * u128::from(step) / u128::from(length.max(1));
    columns_per_step >= widest as u128
}

fn ticks_every(scale: &Scale, unit: AxisUnit, step: u64) -> Vec<AxisTick> {
    let step_signed = i64::try_from(step).unwrap_or(i64::MAX);
    let first = scale.window().from().0.div_euclid(step_signed);
    let mut ticks = Vec::new();
    for n in first..=first.saturating_add(i64::from(scale.columns()) + 1) {
        let at = Moment(n.saturating_mul(step_signed));
        if let Some(column) = scale.column_of(at) {
            ticks.push(AxisTick {
                at,
                column,
                label: format_label(at, unit, step),
            });
        }
    }
    ticks
}

#[expect(clippy::cast_precision_loss, reason = "labels are short")]
fn format_label(at: Moment, unit: AxisUnit, step: u64) -> String {
    format!(
        "{:.*}",
        unit.decimals(step),
        at.0 as f64 / unit.nanos() as f64
    )
}

/// The end of a live axis: the next of 1, 1.5, 2, 3, 5, 7.5 times a power of ten that is at least a
/// tenth past `now`, so the axis is not rescaled at every update.
pub fn round_axis_end(now: Moment) -> Moment {
    let wanted = now
        .from_start()
        .0
        .saturating_add(now.from_start().0 / 10)
        .max(10_000_000);
    let mut power = 1_000_000_u64;
    while power < u64::MAX / 200 {
        for tenths in [10, 15, 20, 30, 50, 75] {
            let end = power / 10 * tenths;
            if end >= wanted {
                return Moment::START + Nanos(end);
            }
        }
        power *= 10;
    }
    Moment::START + Nanos(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::TimeWindow;

    fn labels(from: i64, to: i64, columns: u16) -> (Vec<String>, &'static str) {
        let ticks = AxisTicks::for_scale(&Scale::new(
            TimeWindow::new(Moment(from), Moment(to)),
            columns,
        ));
        (
            ticks.ticks.into_iter().map(|tick| tick.label).collect(),
            ticks.unit.symbol(),
        )
    }

    #[test]
    fn ticks_are_round_and_labels_do_not_touch() {
        let of = |numbers: &[&str]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>();
        let twenties = of(&[
            "0", "20", "40", "60", "80", "100", "120", "140", "160", "180",
        ]);
        assert_eq!(labels(0, 186_400_000, 100), (twenties, "ms"));
        assert_eq!(
            labels(0, 186_400_000, 60),
            (of(&["0", "50", "100", "150"]), "ms")
        );
        assert_eq!(
            labels(0, 870_000, 40),
            (of(&["0", "200", "400", "600", "800"]), "µs")
        );
        assert_eq!(
            labels(0, 65_000_000_000, 30),
            (of(&["0", "20", "40", "60"]), "s")
        );
    }

    #[test]
    fn zoomed_in_labels_have_the_decimals_they_need() {
        assert_eq!(
            labels(41_200_000, 41_230_000, 40).0,
            ["41.20", "41.21", "41.22", "41.23"]
        );
    }

    #[test]
    fn extreme_axes_do_not_panic() {
        for columns in [0, 1, 2, 5, u16::MAX] {
            for (from, to) in [
                (0, 1),
                (0, i64::MAX),
                (i64::MIN, i64::MAX),
                (-500, 500),
                (i64::MAX - 1, i64::MAX),
            ] {
                let ticks = AxisTicks::for_scale(&Scale::new(
                    TimeWindow::new(Moment(from), Moment(to)),
                    columns,
                ));
                assert!(ticks.ticks.len() <= usize::from(columns) + 2);
            }
        }
    }

    #[test]
    fn a_growing_axis_grows_in_steps() {
        assert_eq!(round_axis_end(Moment(0)), Moment(10_000_000));
        assert_eq!(round_axis_end(Moment(90_000_000)), Moment(100_000_000));
        assert_eq!(round_axis_end(Moment(99_000_000)), Moment(150_000_000));
        assert!(round_axis_end(Moment(i64::MAX)) >= Moment(i64::MAX));
    }
}
