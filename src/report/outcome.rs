//! How a run went.

use crate::trace::{Failure, Phase, Trace};

/// How a run went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunOutcome<'a> {
    /// It is not over.
    Running,
    /// Everything that was asked for was answered.
    Ok,
    /// Something was not: the phase and the cause.
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

/// How a run went. It failed if an exchange did, unless that was tried again.
pub fn run_outcome(trace: &Trace) -> RunOutcome<'_> {
    match trace.failure() {
        Some((phase, failure)) => RunOutcome::Failed(*phase, failure),
        None if trace.ended().is_none() => RunOutcome::Running,
        None => RunOutcome::Ok,
    }
}
