//! Noise: whether two values differ by more than chance.
//!
//! The noise of repeated measurements is known: the median of `n` values is uncertain by 1.57 · IQR
//! / √n (the notch of a box plot: `McGill`, Tukey and Larsen, "Variations of Box Plots", The
//! American Statistician 32, 1978), where IQR is the distance between the nearest-rank 25th and
//! 75th percentiles. Two medians with overlapping notches do not differ significantly, so the noise
//! of a difference is the sum of both notches. If only one side was repeated, the other is assumed
//! to vary as much.
//!
//! If both sides are single runs, the noise is unknown and a floor is used instead: 1 ms or a tenth
//! of the larger value, whichever is more. Differences below 100 µs, the cost of scheduling, are
//! never reported, nor differences on the wire's clock below twice the uncertainty of the clock
//! mapping.

use super::tolerance::DiffTolerance;
use crate::insight::Spread;
use crate::units::Nanos;

/// The limit that a difference has to exceed to be significant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    /// The limit.
    pub limit: Nanos,
    /// True if it was computed from repeated runs; false if it is the floor.
    pub measured: bool,
}

/// The judgement of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Slower by more than noise and tolerance.
    Slower,
    /// Faster by more than noise.
    Faster,
    /// Slower by more than noise, but within the tolerance.
    Tolerated,
    /// Within noise.
    WithinNoise,
    /// Measured on one side only.
    OneSided,
}

impl Judgement {
    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::Faster => "faster",
            Self::Tolerated => "tolerated",
            Self::WithinNoise => "within_noise",
            Self::OneSided => "one_sided",
        }
    }
}

/// A duration in both runs: the median if it was repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureDifference {
    /// Before.
    pub before: Option<Nanos>,
    /// Now.
    pub after: Option<Nanos>,
    /// The noise limit that was applied; `None` if the two cannot be compared.
    pub noise: Option<Noise>,
    /// The judgement.
    pub judgement: Judgement,
}

impl FigureDifference {
    /// The increase in nanoseconds; negative if it got faster.
    pub fn difference(&self) -> Option<i64> {
        let before = self.before?;
        let after = self.after?;
        let difference = i128::from(after.0) - i128::from(before.0);
        Some(i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Returns true if it was measured on any side.
    pub const fn is_known(&self) -> bool {
        self.before.is_some() || self.after.is_some()
    }
}

/// Compares durations, given the tolerance and the clock uncertainty.
#[derive(Clone, Copy, Debug)]
pub(super) struct FigureComparator {
    pub(super) tolerance: DiffTolerance,
    pub(super) uncertainty: Option<Nanos>,
}

impl FigureComparator {
    /// Compares durations on the program's clock.
    pub(super) fn compare_app(self, before: &[Nanos], after: &[Nanos]) -> FigureDifference {
        self.compare(before, after, Nanos::ZERO)
    }

    /// Compares durations on the wire's clock.
    pub(super) fn compare_wire(self, before: &[Nanos], after: &[Nanos]) -> FigureDifference {
        let uncertainty = self.uncertainty.unwrap_or_default();
        self.compare(before, after, uncertainty + uncertainty)
    }

    fn compare(self, before: &[Nanos], after: &[Nanos], least: Nanos) -> FigureDifference {
        let median = |figures: &[Nanos]| {
            Spread::from_durations(figures.iter().copied()).map(|spread| spread.median)
        };
        let (Some(was), Some(is)) = (median(before), median(after)) else {
            return FigureDifference {
                before: median(before),
                after: median(after),
                noise: None,
                judgement: Judgement::OneSided,
            };
        };
        let noise = noise_limit(before, after, least, was.max(is));
        let judgement = if is.saturating_sub(was) > noise.limit {
            if is.saturating_sub(was) > self.tolerance.allowance(was) {
                Judgement::Slower
            } else {
                Judgement::Tolerated
            }
        } else if was.saturating_sub(is) > noise.limit {
            Judgement::Faster
        } else {
            Judgement::WithinNoise
        };
        FigureDifference {
            before: Some(was),
            after: Some(is),
            noise: Some(noise),
            judgement,
        }
    }
}

/// Smaller differences are due to scheduling.
const MIN_DIFFERENCE: Nanos = Nanos(100_000);
/// The least noise to assume if it was not measured.
const NOISE_FLOOR: Nanos = Nanos::from_millis(1);

fn noise_limit(before: &[Nanos], after: &[Nanos], least: Nanos, larger: Nanos) -> Noise {
    let least = MIN_DIFFERENCE.max(least);
    let of_one = |figures: &[Nanos], other: &[Nanos]| {
        if figures.len() > 1 {
            notch_of_median(figures)
        } else {
            notch_of_median(other)
        }
    };
    if before.len().max(after.len()) > 1 {
        Noise {
            limit: least.max(of_one(before, after) + of_one(after, before)),
            measured: true,
        }
    } else {
        Noise {
            limit: least.max(NOISE_FLOOR).max(Nanos(larger.0 / 10)),
            measured: false,
        }
    }
}

/// The uncertainty of the median: the notch of a box plot.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a distance of durations, of which three figures matter"
)]
fn notch_of_median(figures: &[Nanos]) -> Nanos {
    const NOTCH: f64 = 1.57;
    let mut sorted = figures.to_vec();
    sorted.sort_unstable();
    let rank = |percent: usize| {
        sorted
            .get((sorted.len() * percent).div_ceil(100).saturating_sub(1))
            .copied()
            .unwrap_or_default()
    };
    let spread = rank(75).saturating_sub(rank(25));
    Nanos((NOTCH * spread.0 as f64 / (sorted.len().max(1) as f64).sqrt()).round() as u64)
}
