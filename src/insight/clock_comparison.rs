//! A phase on the program's clock and on the wire's, and this machine's share of it by the ledger.

use super::ledger::{ExchangeLedger, Owner};
use super::{WireSpan, wire_phase};
use crate::trace::{Attempt, AttemptOutcome, Exchange, Phase, Trace};
use crate::units::{Moment, Nanos};

/// A phase on the wire's clock, and the comparable part of it on the program's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockComparison {
    /// The span on the wire's clock.
    pub wire: WireSpan,
    /// When the comparable part began on the program's clock.
    pub app_began: Moment,
    /// When it ended on the program's clock.
    pub app_ended: Moment,
    /// This machine's share of the phase, and the intervals it consists of, by the ledger.
    local: (Nanos, Vec<(Moment, Moment)>),
}

impl ClockComparison {
    /// Compares the clocks for a phase; `None` without packets.
    pub fn for_phase(
        trace: &Trace,
        exchange: &Exchange,
        ledger: &ExchangeLedger,
        phase: Phase,
    ) -> Option<Self> {
        let wire = wire_phase(trace, exchange, phase)?;
        let span = exchange.phases.get(phase)?;
        let whole = (span.began, span.ended?);
        // The wire's span is that of the successful attempt. Earlier attempts were waited for and
        // are not overhead of this machine.
        let (app_began, app_ended) = if phase == Phase::Connect {
            successful_attempt_span(exchange).unwrap_or(whole)
        } else {
            whole
        };
        Some(Self {
            wire,
            app_began,
            app_ended,
            local: local_share(ledger, phase),
        })
    }

    /// The duration on the program's clock.
    pub fn app_duration(&self) -> Nanos {
        self.app_ended.since(self.app_began)
    }

    /// This machine's share of the phase.
    pub const fn local_overhead(&self) -> Nanos {
        self.local.0
    }

    /// The intervals of this machine's share, the longest ones.
    pub fn local_spans(&self) -> impl Iterator<Item = (Moment, Moment)> {
        self.local.1.iter().copied()
    }
}

fn local_share(ledger: &ExchangeLedger, phase: Phase) -> (Nanos, Vec<(Moment, Moment)>) {
    let Some(ledger) = ledger.phase(phase) else {
        return Default::default();
    };
    (
        ledger.owned_by(Owner::Client),
        ledger.intervals_of(Owner::Client).collect(),
    )
}

/// The span of the successful attempt, if there were several.
fn successful_attempt_span(exchange: &Exchange) -> Option<(Moment, Moment)> {
    let tries = &exchange.attempts;
    let won = |attempt: &&Attempt| attempt.outcome == Some(AttemptOutcome::Connected);
    let winner = tries.iter().find(won).filter(|_| tries.len() > 1)?;
    Some((winner.started, winner.ended?))
}
