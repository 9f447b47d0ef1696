//! Whether two figures differ by more than chance.
//!
//! Where a side was repeated, its noise is known: a median of `n` figures is uncertain by 1.57 ·
//! IQR / √n (the notch of a box plot: `McGill`, Tukey and Larsen, "Variations of Box Plots", The
//! American Statistician 32, 1978), where IQR is the distance between the nearest-rank 25th
//! and 75th percentiles. Two medians whose notches overlap differ by chance as well as not, so the
//! noise of a difference is the sum of both. A side of one run is taken to be as spread as the
//! other one.
//!
//! Where both sides are one run, noise is not known, and a floor stands for it: 1 ms or a tenth of
//! the larger figure, whichever is more. No difference is told that is smaller than 100 µs, which
//! is what scheduling costs, or on the wire's clock than twice what the clocks' pairing
//! is uncertain by.

use super::tolerance::DiffTolerance;
use crate::insight::Spread;
use crate::units::Nanos;

/// What a difference has to exceed to be more than chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    /// So much.
    pub limit: Nanos,
    /// It comes from repeated runs; else it is a floor.
    pub measured: bool,
}

/// What is to be thought of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// More than noise and tolerance.
    Slower,
    /// More than noise.
    Faster,
    /// Slower by more than noise, and tolerated.
    Tolerated,
    /// No more than noise.
    WithinNoise,
    /// It was measured on one side only.
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

/// A time on both sides: the median where there were several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureDifference {
    /// Before.
    pub before: Option<Nanos>,
    /// Now.
    pub after: Option<Nanos>,
    /// What the difference is judged beside; `None` where there is none.
    pub noise: Option<Noise>,
    /// What is to be thought of it.
    pub judgement: Judgement,
}

impl FigureDifference {
    /// How much longer it takes now, in nanoseconds; negative where it takes less.
    pub fn difference(&self) -> Option<i64> {
        let (before, after) = (self.before?, self.after?);
        let difference = i128::from(after.0) - i128::from(before.0);
        Some(i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Whether it was measured at all.
    pub const fn is_known(&self) -> bool {
        self.before.is_some() || self.after.is_some()
    }
}

/// Judges figures.
#[derive(Clone, Copy, Debug)]
pub(super) struct FigureComparator {
    pub(super) tolerance: DiffTolerance,
    pub(super) uncertainty: Option<Nanos>,
}

impl FigureComparator {
    /// Of the program's clock.
    pub(super) fn compare_app(self, before: &[Nanos], after: &[Nanos]) -> FigureDifference {
        self.compare(before, after, Nanos::ZERO)
    }

    /// Of the wire's.
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

/// Below this, scheduling decides.
const MIN_DIFFERENCE: Nanos = Nanos(100_000);
/// Where noise is not known: no less than this.
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

/// By how much the median of figures is uncertain.
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
