//! What changed between two runs, and why.
//!
//! Runs are aligned on what happened, never on when: transfer to transfer by method and path and
//! their order, hop to hop within them, phase to phase within those. What is compared of an
//! exchange is [`Facts`], whatever it was read from: a trace, a capture of others, a summary. A
//! difference of times is judged beside its noise ([`Noise`]) and the tolerance that was asked for,
//! and told with its cause where the events have one ([`Change`]). What was not measured on both
//! sides is not compared.

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
mod tolerance;
mod transfer;

pub use change::{DiffChange, Kind, TimingEffect};
pub use facts::{
    AttemptFacts, ComparedRun, ExchangeFacts, IdleFacts, LimitResult, PhaseTimes, QuestionFacts,
};
pub use fields::{ComparedMessage, FieldChange};
pub use noise::{FigureDifference, Judgement, Noise};
pub use phases::PhaseDifference;
pub use regression::{Regression, RegressionKind};
pub use tolerance::{DiffTolerance, ToleranceError};
pub use transfer::{HopDifference, RunCounts, TransferDifference};

/// What changed between two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDifference<'a> {
    /// Transfers that are in both.
    pub transfers: Vec<TransferDifference<'a>>,
    /// The first exchange of each transfer that was only before.
    pub only_before: Vec<&'a ExchangeFacts>,
    /// The first exchange of each that is only now.
    pub only_after: Vec<&'a ExchangeFacts>,
    /// What got worse.
    pub regressions: Vec<Regression>,
    /// What was tolerated.
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
