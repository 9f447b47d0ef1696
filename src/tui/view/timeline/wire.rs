//! Phases on the wire clock, and what of a phase was this machine's own.

use crate::insight::{WireSpan, wire_phase};
use crate::timeline::Window;
use crate::trace::{Exchange, Phase};
use crate::tui::run::Run;
use crate::units::Nanos;

/// Whether packets tell when a phase was on the wire.
pub(super) fn is_seen(run: &Run, exchange: &Exchange, phase: Phase) -> bool {
    wire_phase(&run.trace, exchange, phase).is_some()
}

/// A phase as the wire saw it, and as much of what the application felt as lies before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TwoClocks {
    pub(super) wire: WireSpan,
    pub(super) app: Window,
}

impl TwoClocks {
    pub(super) fn of(run: &Run, exchange: &Exchange, phase: Phase) -> Option<Self> {
        let wire = wire_phase(&run.trace, exchange, phase)?;
        let span = exchange.phases.get(phase)?;
        Some(Self { wire, app: Window::new(span.began, span.ended?) })
    }

    /// What the application felt beyond what the wire saw: this machine's own share.
    pub(super) fn machine(&self) -> Nanos {
        self.app.length().saturating_sub(self.wire.duration())
    }
}
