//! The error type of the engine's steps.

use crate::trace::{Failure, FailureCode, Phase};
use crate::units::Untrusted;

/// Failure of a phase. The functions of the engine return it; `run` turns it into an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseFailure {
    /// The phase that failed.
    pub phase: Phase,
    /// Code, message and hint.
    pub failure: Failure,
}

impl PhaseFailure {
    /// Creates a failure from its code, message and hint, the suggested next step.
    pub fn new(
        phase: Phase,
        code: FailureCode,
        message: impl Into<Untrusted>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            phase,
            failure: Failure {
                code,
                message: message.into(),
                hint: hint.into(),
            },
        }
    }
}
