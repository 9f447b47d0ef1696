//! The outcome of a run.

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
