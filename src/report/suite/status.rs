//! How an endpoint stands.

use crate::insight::budget::{BudgetOutcome, BudgetVerdict, failures_are_allowed};

/// How an endpoint stands, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointStatus {
    /// It answered, and kept its budget.
    Ok,
    /// The same, but a rule was kept within its tolerance only, or could not be held against
    /// anything.
    Warned,
    /// It was not tried: the suite was called off.
    NotRun,
    /// It answered, and missed its budget.
    Missed,
    /// It did not answer.
    Failed,
}

impl EndpointStatus {
    /// All, from good to bad.
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

    /// Of a run with these verdicts.
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
