//! Comparison of two runs: what changed, and why.
//!
//! Runs are aligned by what happened, never by time: transfers by method, path and order, hops
//! within them, phases within those. An exchange is compared by its [`ExchangeFacts`], wherever
//! they were read from: a trace, a capture of other programs, a summary. A difference in time is
//! judged against its noise ([`Noise`]) and the given tolerance, and reported with its cause where
//! the events show one ([`DiffChange`]). Values that were not measured in both runs are not
//! compared.

mod align;
mod causes;
mod change;
mod facts;
mod fields;
mod from_trace;
mod noise;
mod phases;
mod regression;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod time_spent;
mod tolerance;
mod transfer;

pub use change::{ChangeKind, DiffChange, TimingEffect};
pub use facts::{
    AttemptFacts, ComparedRun, ExchangeFacts, LimitResult, PhaseTimes, QuestionFacts, SpentFacts,
};
pub use fields::{ComparedMessage, FieldChange};
pub use noise::{FigureDifference, Judgement, Noise};
pub use phases::PhaseDifference;
pub use regression::{Regression, RegressionKind};
pub use time_spent::CauseDifference;
pub use tolerance::{DiffTolerance, ToleranceError};
pub use transfer::{HopDifference, RunCounts, TransferDifference};

/// The differences between two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDifference<'a> {
    /// Transfers that are in both runs.
    pub transfers: Vec<TransferDifference<'a>>,
    /// The first exchange of each transfer that was only in the earlier run.
    pub only_before: Vec<&'a ExchangeFacts>,
    /// The first exchange of each transfer that is only in the later run.
    pub only_after: Vec<&'a ExchangeFacts>,
    /// The regressions.
    pub regressions: Vec<Regression>,
    /// The tolerance that was applied.
    pub tolerance: DiffTolerance,
}

/// Compares a run with an earlier one.
pub fn compare_runs<'a>(
    before: &'a ComparedRun,
    after: &'a ComparedRun,
    tolerance: DiffTolerance,
) -> RunDifference<'a> {
    let aligned = align::align_transfers(before, after);
    let judge = noise::FigureComparator {
        tolerance,
        uncertainty: before.uncertainty.max(after.uncertainty),
    };
    let transfers: Vec<_> = aligned
        .both
        .iter()
        .map(|(before, after)| transfer::compare_transfers(before, after, judge))
        .collect();
    let mut regressions: Vec<Regression> = transfers
        .iter()
        .enumerate()
        .flat_map(|(i, each)| regression::transfer_regressions(i, each))
        .collect();
    regressions.extend(regression::budget_regressions(
        &before.limit_results,
        &after.limit_results,
    ));
    let first = |groups: &[align::RepeatGroup<'a>]| {
        groups
            .iter()
            .filter_map(align::RepeatGroup::first)
            .collect()
    };
    RunDifference {
        transfers,
        only_before: first(&aligned.before),
        only_after: first(&aligned.after),
        regressions,
        tolerance,
    }
}
