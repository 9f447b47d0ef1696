//! Durations and instants in nanoseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::parse_scaled_decimal;

/// A duration in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// Zero, a measured value; "not measured" is `None`.
    pub const ZERO: Self = Self(0);

    /// Converts from whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Converts to fractional milliseconds, for drawing and for formats that count in milliseconds.
    #[expect(
        clippy::cast_precision_loss,
        reason = "2^53 ns are 104 days: longer than any run"
    )]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Converts to fractional seconds, the unit of curl's `-w` variables.
    #[expect(
        clippy::cast_precision_loss,
        reason = "2^53 ns are 104 days: longer than any run"
    )]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The difference, or zero if `other` is longer.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<std::time::Duration> for Nanos {
    fn from(duration: std::time::Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for std::time::Duration {
    fn from(nanos: Nanos) -> Self {
        Self::from_nanos(nanos.0)
    }
}

impl Add for Nanos {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Nanos {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// Units of time in nanoseconds. A unit that is a suffix of another one comes after it.
const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
];

/// Parses `80ms`, `1.5 s`, `500us`, `500 µs` (with the micro sign or the Greek letter), `250ns`,
/// and `0` without a unit. Rejects fractions of a nanosecond.
impl FromStr for Nanos {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let found = UNITS
            .iter()
            .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?.trim_end(), *scale)));
        let (number, scale) = found
            .or((text == "0").then_some((text, 1)))
            .unwrap_or_default();
        parse_scaled_decimal(number, scale)
            .map(Self)
            .ok_or_else(|| "expected a duration such as 80ms, 1.5s or 500us".to_owned())
    }
}

/// Formats with three significant digits in a readable unit: `870 ns`, `34.1 µs`, `41.2 ms`, `1.86
/// s`, `2 min 05 s`.
impl fmt::Display for Nanos {
    #[expect(clippy::cast_precision_loss, reason = "three figures are shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0 as f64;
        let text = match self.0 {
            0..1_000 => format!("{} ns", self.0),
            1_000..999_500 => format_three_digits(ns / 1e3, "µs"),
            999_500..999_500_000 => format_three_digits(ns / 1e6, "ms"),
            999_500_000..60_000_000_000 => format_three_digits(ns / 1e9, "s"),
            _ => {
                let seconds = self.0 / 1_000_000_000;
                format!("{} min {:02} s", seconds / 60, seconds % 60)
            }
        };
        f.pad(&text)
    }
}

fn format_three_digits(value: f64, unit: &str) -> String {
    let decimals = if value < 9.995 {
        2
    } else {
        usize::from(value < 99.95)
    };
    format!("{value:.decimals$} {unit}")
}

/// Formats a part of a whole as a percentage: `30 %`, `0.4 %`.
#[expect(clippy::cast_precision_loss, reason = "two figures are shown")]
pub fn format_percent(part: Nanos, whole: Nanos) -> Option<String> {
    let share = (whole.0 > 0).then(|| part.0 as f64 / whole.0 as f64 * 100.0)?;
    Some(if part > Nanos::ZERO && share < 0.05 {
        "<0.1 %".to_owned()
    } else if share < 9.95 {
        format!("{share:.1} %")
    } else {
        format!("{share:.0} %")
    })
}

/// An instant on the run's time axis: nanoseconds since the run began, by the program's monotonic
/// clock. Negative if a packet's timestamp, mapped to this axis, lies before the start.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// The start of the run.
    pub const START: Self = Self(0);

    /// Time from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Nanos {
        Nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Time since the start of the run; zero for instants before it.
    pub fn from_start(self) -> Nanos {
        self.since(Self::START)
    }
}

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, duration: Nanos) -> Self {
        Self(self.0.saturating_add_unsigned(duration.0))
    }
}

impl Sub<Nanos> for Moment {
    type Output = Self;

    fn sub(self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub_unsigned(duration.0))
    }
}

/// Wall-clock time in nanoseconds since 1970-01-01T00:00:00Z, as in packet timestamps.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct WallTime(pub u64);

impl WallTime {
    /// Signed difference `self - other` in nanoseconds.
    pub fn distance(self, other: Self) -> i64 {
        let difference = i128::from(self.0) - i128::from(other.0);
        i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
    }

    /// Time since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds since 1970.
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_figures_and_name_their_unit() {
        for (ns, shown) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (34_120, "34.1 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (41_249_000, "41.2 ms"),
            (999_499_999, "999 ms"),
            (1_860_000_000, "1.86 s"),
            (59_940_000_000, "59.9 s"),
            (125_000_000_000, "2 min 05 s"),
        ] {
            assert_eq!(Nanos(ns).to_string(), shown);
        }
    }

    #[test]
    fn durations_are_read_with_their_unit() {
        for (text, ns) in [
            ("80ms", 80_000_000),
            (" 1.5 s ", 1_500_000_000),
            ("500us", 500_000),
            ("500\u{b5}s", 500_000),
            ("2.5 \u{3bc}s", 2_500),
            ("250 ns", 250),
            ("0", 0),
            ("0 ms", 0),
        ] {
            assert_eq!(text.parse(), Ok(Nanos(ns)), "{text}");
        }
        for text in [
            "",
            "80",
            "ms",
            "-1ms",
            "+1ms",
            "1e3ms",
            "0.5ns",
            "1 m",
            "99999999999999999999s",
            "1 s s",
            "80MS",
        ] {
            assert!(text.parse::<Nanos>().is_err(), "{text}");
        }
    }

    #[test]
    fn shares_read_well() {
        assert_eq!(
            [3, 30_000].map(|whole| format_percent(Nanos(1), Nanos(whole)).unwrap_or_default()),
            ["33 %", "<0.1 %"]
        );
        assert_eq!(format_percent(Nanos(1), Nanos::ZERO), None);
    }

    #[test]
    fn a_moment_before_the_start_differs_from_the_start() {
        let before = Moment::START - Nanos(5);
        assert_eq!(before, Moment(-5));
        assert_eq!(before.from_start(), Nanos::ZERO);
        assert_eq!(Moment::START.since(before), Nanos(5));
    }
}
