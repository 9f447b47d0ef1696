//! A phase on both clocks: what the application felt, what the wire saw, and what of the first was
//! this machine's own.

use super::{WireSpan, wire_phase};
use crate::trace::{Attempt, AttemptOutcome, Exchange, Phase, Trace};
use crate::units::{Moment, Nanos};

/// A phase as the wire saw it, and the part of it on the app clock that this is to be compared
/// with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockComparison {
    /// On the wire.
    pub wire: WireSpan,
    /// When that part began on the app clock.
    pub app_began: Moment,
    /// When it ended there.
    pub app_ended: Moment,
}

impl ClockComparison {
    /// `None` where packets do not tell.
    pub fn for_phase(trace: &Trace, exchange: &Exchange, phase: Phase) -> Option<Self> {
        let wire = wire_phase(trace, exchange, phase)?;
        let span = exchange.phases.get(phase)?;
        let whole = (span.began, span.ended?);
        // The wire's figure is that of the attempt that worked; the ones before it were waited for,
        // not worked on.
        let (app_began, app_ended) = if phase == Phase::Connect {
            successful_attempt_span(exchange).unwrap_or(whole)
        } else {
            whole
        };
        Some(Self {
            wire,
            app_began,
            app_ended,
        })
    }

    /// How long the application felt it.
    pub fn app_duration(&self) -> Nanos {
        self.app_ended.since(self.app_began)
    }

    /// What the application felt beyond what the wire saw: this machine's own share.
    pub fn local_overhead(&self) -> Nanos {
        self.app_duration().saturating_sub(self.wire.duration())
    }

    /// Where that share lies: before the wire's part, and after it.
    pub fn local_spans(&self) -> impl Iterator<Item = (Moment, Moment)> {
        [
            (self.app_began, self.wire.began),
            (self.wire.ended, self.app_ended),
        ]
        .into_iter()
        .filter(|(from, to)| from < to)
    }
}

/// When the attempt that worked was under way, where it was not the only one.
fn successful_attempt_span(exchange: &Exchange) -> Option<(Moment, Moment)> {
    let tries = &exchange.attempts;
    let won = |attempt: &&Attempt| attempt.outcome == Some(AttemptOutcome::Connected);
    let winner = tries.iter().find(won).filter(|_| tries.len() > 1)?;
    Some((winner.started, winner.ended?))
}
