//! What changed between two runs, and why.
//!
//! Runs are aligned on what happened, never on when: transfer to transfer by method and path and
//! their order, hop to hop within them, phase to phase within those. What is compared of an
//! exchange is [`Facts`], whatever it was read from: a trace, a capture of others, a summary. A
//! difference of times is judged beside its noise ([`Noise`]) and the tolerance that was asked for,
//! and told with its cause where the events have one ([`Change`]). What was not measured on both
//! sides is not compared.

mod align;
mod cause;
mod change;
mod facts;
mod fields;
mod noise;
mod of_trace;
mod phases;
mod regression;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod tolerance;
mod transfer;

pub use change::{Change, Effect, Kind};
pub use facts::{Asked, Facts, PhaseTimes, Side, Try, Verdict, WaitedFor};
pub use fields::{FieldChange, Message};
pub use noise::{Figure, Judgement, Noise};
pub use phases::PhaseDifference;
pub use regression::{Regression, Worse};
pub use tolerance::{BadTolerance, Tolerance};
pub use transfer::{HopDifference, Runs, TransferDifference};

/// What changed between two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference<'a> {
    /// Transfers that are in both.
    pub transfers: Vec<TransferDifference<'a>>,
    /// The first exchange of each transfer that was only before.
    pub only_before: Vec<&'a Facts>,
    /// The first exchange of each that is only now.
    pub only_after: Vec<&'a Facts>,
    /// What got worse.
    pub regressions: Vec<Regression>,
    /// What was tolerated.
    pub tolerance: Tolerance,
}

/// Compares a run with an earlier one.
pub fn difference<'a>(before: &'a Side, after: &'a Side, tolerance: Tolerance) -> Difference<'a> {
    let aligned = align::transfers(before, after);
    let judge = noise::Judge {
        tolerance,
        uncertainty: before.uncertainty.max(after.uncertainty),
    };
    let transfers: Vec<_> = aligned
        .both
        .iter()
        .map(|(before, after)| transfer::difference(before, after, judge))
        .collect();
    let mut regressions: Vec<Regression> = transfers
        .iter()
        .enumerate()
        .flat_map(|(i, each)| regression::of_transfer(i, each))
        .collect();
    regressions.extend(regression::of_budget(&before.verdicts, &after.verdicts));
    let first =
        |groups: &[align::Group<'a>]| groups.iter().filter_map(align::Group::first).collect();
    Difference {
        transfers,
        only_before: first(&aligned.before),
        only_after: first(&aligned.after),
        regressions,
        tolerance,
    }
}
