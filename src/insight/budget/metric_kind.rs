//! The kinds of values that budgets limit, with their units and formats.

use crate::units::{Bytes, Nanos, group_digits};

/// Kind of a metric's values, which determines their unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Size,
    /// A number of things.
    Count,
    /// Hundredths of a round trip.
    RoundTrips,
    /// Whole days.
    Days,
    /// A status code.
    Status,
    /// Tenths of a version: 11, 20.
    Version,
}

impl MetricKind {
    /// Formats a value of this kind.
    pub fn format(self, figure: u64) -> String {
        match self {
            Self::Time => Nanos(figure).to_string(),
            Self::Size => Bytes(figure).to_string(),
            Self::Count => group_digits(figure),
            Self::Status => figure.to_string(),
            Self::Days if figure == 1 => "1 day".to_owned(),
            Self::Days => format!("{} days", group_digits(figure)),
            Self::RoundTrips => format_fraction(figure, 100),
            Self::Version => format_fraction(figure, 10),
        }
    }

    /// The units that a limit of this kind may be written in, each with its size in the value's own
    /// unit.
    pub(super) const fn units(self) -> &'static [(&'static str, u64)] {
        match self {
            Self::Time => &[
                ("ns", 1),
                ("us", 1_000),
                ("\u{b5}s", 1_000),
                ("\u{3bc}s", 1_000),
                ("ms", 1_000_000),
                ("s", 1_000_000_000),
                ("min", 60_000_000_000),
            ],
            Self::Size => &[
                ("B", 1),
                ("", 1),
                ("kB", 1_000),
                ("KB", 1_000),
                ("MB", 1_000_000),
                ("GB", 1_000_000_000),
                ("KiB", 1 << 10),
                ("MiB", 1 << 20),
                ("GiB", 1 << 30),
            ],
            Self::Days => &[("", 1), ("d", 1), ("day", 1), ("days", 1)],
            Self::Count | Self::Status => &[("", 1)],
            Self::RoundTrips => &[("", 100)],
            Self::Version => &[("", 10)],
        }
    }

    /// Returns true if tolerances and statistics make sense for this kind.
    pub(super) const fn is_quantity(self) -> bool {
        !matches!(self, Self::Status | Self::Version)
    }
}

/// Formats a fixed-point number without trailing zeros: `2`, `1.5`, `3.25`.
fn format_fraction(figure: u64, parts: u64) -> String {
    let digits = parts.ilog10() as usize;
    let text = format!("{}.{:0digits$}", figure / parts, figure % parts);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_as_people_write_them() {
        for (kind, figure, shown) in [
            (MetricKind::Time, 1_500_000, "1.50 ms"),
            (MetricKind::Size, 1_500, "1,500 B"),
            (MetricKind::Count, 1_500, "1,500"),
            (MetricKind::Days, 1, "1 day"),
            (MetricKind::Days, 14, "14 days"),
            (MetricKind::RoundTrips, 325, "3.25"),
            (MetricKind::RoundTrips, 300, "3"),
            (MetricKind::RoundTrips, 205, "2.05"),
            (MetricKind::RoundTrips, 1_000, "10"),
            (MetricKind::Version, 11, "1.1"),
            (MetricKind::Version, 20, "2"),
            (MetricKind::Status, 1_500, "1500"),
        ] {
            assert_eq!(kind.format(figure), shown);
        }
    }
}
