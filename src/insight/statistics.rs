//! Exact statistics over repeated runs: every value counts, none is estimated.

use super::RepeatedRequest;
use crate::trace::{Clock, Phase, Trace};
use crate::units::Nanos;

/// Statistics of a duration over all successful runs of a request. Percentiles are nearest-rank:
/// each is a value that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimingStatistics {
    /// The phase; `None` for the whole run, from the start of the first exchange to the end of the
    /// last.
    pub phase: Option<Phase>,
    /// The clock that measured it.
    pub clock: Clock,
    /// The number of runs in which it was measured.
    pub count: usize,
    /// The smallest.
    pub min: Nanos,
    /// The median.
    pub p50: Nanos,
    /// The 90th percentile.
    pub p90: Nanos,
    /// The 99th percentile.
    pub p99: Nanos,
    /// The largest.
    pub max: Nanos,
    /// The arithmetic mean, rounded to nanoseconds.
    pub mean: Nanos,
    /// The sample standard deviation (n - 1), rounded to nanoseconds; `None` for a single value.
    pub deviation: Option<Nanos>,
}

/// The statistics of a request's runs: the whole run first, then each phase on each clock that
/// measured it.
pub fn timing_statistics(trace: &Trace, request: &RepeatedRequest<'_>) -> Vec<TimingStatistics> {
    let measures = std::iter::once(None).chain(Phase::ALL.into_iter().map(Some));
    let of = |phase: Option<Phase>| {
        let app = TimingStatistics::from_durations((phase, Clock::App), request.times(phase));
        let wire = phase.and_then(|phase| {
            TimingStatistics::from_durations(
                (Some(phase), Clock::Wire),
                request.wire_times(trace, phase),
            )
        });
        [app, wire].into_iter().flatten()
    };
    measures.flat_map(of).collect()
}

impl TimingStatistics {
    fn from_durations(
        (phase, clock): (Option<Phase>, Clock),
        figures: impl Iterator<Item = Nanos>,
    ) -> Option<Self> {
        let mut sorted: Vec<u64> = figures.map(|figure| figure.0).collect();
        sorted.sort_unstable();
        let count = sorted.len();
        let rank = |percent: usize| {
            sorted
                .get((count * percent).div_ceil(100).saturating_sub(1))
                .copied()
                .map(Nanos)
        };
        let sum: u128 = sorted.iter().copied().map(u128::from).sum();
        let mean = (sum + count as u128 / 2).checked_div(count as u128)?;
        Some(Self {
            phase,
            clock,
            count,
            min: Nanos(*sorted.first()?),
            p50: rank(50)?,
            p90: rank(90)?,
            p99: rank(99)?,
            max: Nanos(*sorted.last()?),
            mean: Nanos(u64::try_from(mean).ok()?),
            deviation: standard_deviation(&sorted, sum),
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a root is rounded anyway, and is never negative"
)]
fn standard_deviation(figures: &[u64], sum: u128) -> Option<Nanos> {
    let others = figures.len().checked_sub(1).filter(|others| *others > 0)?;
    let mean = sum as f64 / figures.len() as f64;
    let squares: f64 = figures
        .iter()
        .map(|figure| (*figure as f64 - mean).powi(2))
        .sum();
    Some(Nanos((squares / others as f64).sqrt().round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(figures: impl IntoIterator<Item = u64>) -> Option<TimingStatistics> {
        TimingStatistics::from_durations((None, Clock::App), figures.into_iter().map(Nanos))
    }

    #[test]
    fn every_figure_counts() {
        assert_eq!(of([]), None);
        let hundred = of((1..=100).rev())
            .map(|it| [it.min, it.p50, it.p90, it.p99, it.max, it.mean].map(|figure| figure.0));
        assert_eq!(hundred, Some([1, 50, 90, 99, 100, 51]), "the mean is 50.5");
        // 2, 4, 4, 4, 5, 5, 7, 9: the squared distances from 5 sum to 32; divided by 7, that is
        // 4.57.
        let few = of([2_000, 4_000, 4_000, 4_000, 5_000, 5_000, 7_000, 9_000]);
        assert_eq!(
            few.map(|it| (it.count, it.mean.0, it.deviation)),
            Some((8, 5_000, Some(Nanos(2_138))))
        );
        assert_eq!(of([7]).map(|it| (it.p99.0, it.deviation)), Some((7, None)));
        assert_eq!(
            of([u64::MAX, u64::MAX]).map(|it| (it.mean.0, it.deviation)),
            Some((u64::MAX, Some(Nanos(0))))
        );
    }
}
