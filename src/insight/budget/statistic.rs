//! Statistics that a budget rule can be about.

use std::fmt;

/// A statistic over several values. Percentiles are nearest-rank: each is a value that was
/// measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetStatistic {
    /// The smallest.
    Min,
    /// The 50th percentile.
    Median,
    /// The arithmetic mean.
    Mean,
    /// The largest.
    Max,
    /// A percentile, 1 to 99.
    Percentile(u8),
}

impl BudgetStatistic {
    /// Statistics that the parser lists if it finds an unknown one.
    pub(super) const EXPECTED: &'static str = "min, median, mean, max, or p1 to p99";

    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "min" => Some(Self::Min),
            "median" => Some(Self::Median),
            "mean" => Some(Self::Mean),
            "max" => Some(Self::Max),
            _ => {
                let percent = name
                    .strip_prefix('p')
                    .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
                percent
                    .parse()
                    .ok()
                    .filter(|percent| (1..=99).contains(percent))
                    .map(Self::Percentile)
            }
        }
    }

    /// Computes the statistic; `None` for no values.
    pub(super) fn compute(self, mut figures: Vec<u64>) -> Option<u64> {
        figures.sort_unstable();
        let rank = |percent: usize| {
            figures
                .get((figures.len() * percent).div_ceil(100).saturating_sub(1))
                .copied()
        };
        match self {
            Self::Min => figures.first().copied(),
            Self::Median => rank(50),
            Self::Max => figures.last().copied(),
            Self::Percentile(percent) => rank(percent.into()),
            Self::Mean => {
                let sum: u128 = figures.iter().copied().map(u128::from).sum();
                u64::try_from(sum.checked_div(figures.len() as u128)?).ok()
            }
        }
    }
}

/// Formats as `p95`, `median`.
impl fmt::Display for BudgetStatistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min => f.write_str("min"),
            Self::Median => f.write_str("median"),
            Self::Mean => f.write_str("mean"),
            Self::Max => f.write_str("max"),
            Self::Percentile(percent) => write!(f, "p{percent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_named_and_are_figures_that_were_measured() {
        for (name, of_hundred, of_three) in [
            ("min", 1, 3),
            ("median", 50, 8),
            ("mean", 50, 10),
            ("max", 100, 19),
            ("p95", 95, 19),
            ("p1", 1, 3),
            ("p99", 99, 19),
        ] {
            let statistic = BudgetStatistic::from_name(name);
            assert_eq!(
                statistic.map(|known| known.to_string()).as_deref(),
                Some(name)
            );
            assert_eq!(
                statistic.and_then(|known| known.compute((1..=100).rev().collect())),
                Some(of_hundred),
                "{name}"
            );
            assert_eq!(
                statistic.and_then(|known| known.compute(vec![8, 19, 3])),
                Some(of_three),
                "{name}"
            );
            assert_eq!(statistic.and_then(|known| known.compute(Vec::new())), None);
        }
        assert_eq!(
            BudgetStatistic::Mean.compute(vec![u64::MAX, u64::MAX]),
            Some(u64::MAX)
        );
        for name in ["p0", "p100", "p", "p+5", "p999999", "avg"] {
            assert_eq!(BudgetStatistic::from_name(name), None);
        }
    }
}
