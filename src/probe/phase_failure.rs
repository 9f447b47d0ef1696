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

    /// Returns true if the peer closed the connection instead of answering.
    pub(super) const fn is_connection_closed(&self) -> bool {
        matches!(
            self.failure.code,
            FailureCode::SendClosed | FailureCode::WaitClosed
        )
    }

    /// Returns true if the whole response was read and then rejected, so that no phase is left
    /// open.
    pub(super) const fn is_after_response(&self) -> bool {
        matches!(
            self.failure.code,
            FailureCode::HttpStatus
                | FailureCode::TooManyRedirects
                | FailureCode::BadRedirect
                | FailureCode::RedirectWantsBody
                | FailureCode::RedirectLosesTls
        )
    }
}
