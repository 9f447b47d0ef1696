//! A step's failure on its way to the event stream.

use crate::trace::{Failure, FailureCode, Phase};
use crate::units::Untrusted;

/// Why a step failed, and in which phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseFailure {
    /// The phase it failed in.
    pub phase: Phase,
    /// Code, sentence and next step.
    pub failure: Failure,
}

impl PhaseFailure {
    /// A failure with its sentence and next step.
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
