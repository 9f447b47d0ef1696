//! A phase on both clocks: what the application felt, what the wire saw, and what of the first was this machine's own.

use super::run::Run;
use crate::insight::{WireSpan, wire_phase};
use crate::timeline::Window;
use crate::trace::{Attempt, AttemptOutcome, Exchange, Phase};
use crate::units::Nanos;

/// A phase as the wire saw it, and the part of it on the app clock that this is to be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TwoClocks {
    pub(super) wire: WireSpan,
    pub(super) app: Window,
}

impl TwoClocks {
    /// `None` where packets do not tell.
    pub(super) fn of(run: &Run, exchange: &Exchange, phase: Phase) -> Option<Self> {
        let wire = wire_phase(&run.trace, exchange, phase)?;
        let span = exchange.phases.get(phase)?;
        let whole = Window::new(span.began, span.ended?);
        // The wire's figure is that of the attempt that worked; the ones before it were waited for, not worked on.
        let app = if phase == Phase::Connect { winner(exchange).unwrap_or(whole) } else { whole };
        Some(Self { wire, app })
    }

    /// What the application felt beyond what the wire saw: this machine's own share.
    pub(super) fn machine(&self) -> Nanos {
        self.app.length().saturating_sub(self.wire.duration())
    }
}

/// When the attempt that worked was under way, where it was not the only one.
fn winner(exchange: &Exchange) -> Option<Window> {
    let tries = &exchange.attempts;
    let won = |attempt: &&Attempt| attempt.outcome == Some(AttemptOutcome::Connected);
    let winner = tries.iter().find(won).filter(|_| tries.len() > 1)?;
    Some(Window::new(winner.started, winner.ended?))
}
