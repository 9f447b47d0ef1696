//! Outcomes: of a run, and of an endpoint with its budget.

use crate::insight::budget::{BudgetOutcome, BudgetVerdict, failures_are_allowed};
use crate::trace::{Failure, Phase, Trace};

/// The outcome of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunOutcome<'a> {
    /// It has not ended.
    Running,
    /// All requests succeeded.
    Ok,
    /// A request failed: the phase and the failure.
    Failed(Phase, &'a Failure),
}

impl RunOutcome<'_> {
    /// The name in machine output.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Failed(..) => "failed",
        }
    }
}

/// The outcome of a run: it failed if an exchange failed and was not retried.
pub fn run_outcome(trace: &Trace) -> RunOutcome<'_> {
    match trace.failure() {
        Some((phase, failure)) => RunOutcome::Failed(*phase, failure),
        None if trace.ended().is_none() => RunOutcome::Running,
        None => RunOutcome::Ok,
    }
}

/// The status of an endpoint, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointStatus {
    /// It responded within its budget.
    Ok,
    /// The same, but a rule was met only within its tolerance, or could not be checked.
    Warned,
    /// It was not run, since the suite was interrupted.
    NotRun,
    /// It responded, but missed its budget.
    Missed,
    /// It failed.
    Failed,
}

impl EndpointStatus {
    /// All, from best to worst.
    pub const ALL: [Self; 5] = [
        Self::Ok,
        Self::Warned,
        Self::NotRun,
        Self::Missed,
        Self::Failed,
    ];

    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warned => "warned",
            Self::NotRun => "not_run",
            Self::Missed => "missed",
            Self::Failed => "failed",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotRun => "not run",
            other => other.name(),
        }
    }

    /// The status of a run with these verdicts.
    pub(super) fn from_verdicts(failed: bool, verdicts: &[BudgetVerdict]) -> Self {
        let any = |which: fn(&BudgetOutcome) -> bool| {
            verdicts.iter().any(|verdict| which(&verdict.outcome))
        };
        if failed && !failures_are_allowed(verdicts) {
            Self::Failed
        } else if any(|outcome| matches!(outcome, BudgetOutcome::Missed { .. })) {
            Self::Missed
        } else if any(|outcome| *outcome != BudgetOutcome::Met) {
            Self::Warned
        } else {
            Self::Ok
        }
    }
}
