//! The spread of repeated measurements.

use crate::units::Nanos;

/// The minimum, median, 90th percentile and maximum. Percentiles are nearest-rank: each is a value
/// that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The smallest.
    pub min: Nanos,
    /// The median.
    pub median: Nanos,
    /// The 90th percentile.
    pub p90: Nanos,
    /// The largest.
    pub max: Nanos,
}

impl Spread {
    /// Computes the spread; `None` for no values.
    pub fn from_durations(figures: impl IntoIterator<Item = Nanos>) -> Option<Self> {
        let mut sorted: Vec<Nanos> = figures.into_iter().collect();
        sorted.sort_unstable();
        let rank = |percent: usize| {
            sorted
                .get((sorted.len() * percent).div_ceil(100).saturating_sub(1))
                .copied()
        };
        Some(Self {
            min: *sorted.first()?,
            median: rank(50)?,
            p90: rank(90)?,
            max: *sorted.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(figures: impl IntoIterator<Item = u64>) -> Option<[u64; 4]> {
        Spread::from_durations(figures.into_iter().map(Nanos)).map(
            |Spread {
                 min,
                 median,
                 p90,
                 max,
             }| [min.0, median.0, p90.0, max.0],
        )
    }

    #[test]
    fn percentiles_are_figures_that_were_measured() {
        assert_eq!(spread([]), None);
        assert_eq!(spread([7]), Some([7, 7, 7, 7]));
        assert_eq!(spread([4, 1, 3, 2]), Some([1, 2, 4, 4]));
        assert_eq!(spread((1..=100).rev()), Some([1, 50, 90, 100]));
    }
}
