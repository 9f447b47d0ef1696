//! The steps of an exchange whose packets were not captured, by the program's clock and the kernel's
//! figures alone.

use super::owner::{Attribution, Cause, Owner};
use super::partition::Reason;
use super::steps::Steps;
use crate::trace::{Clock, Phase, PhaseSpan};
use crate::units::Nanos;

impl Steps<'_> {
    /// By the program's clock and the kernel's figures alone.
    pub(super) fn without_packets(&mut self) {
        let round_trip = self.kernel_round_trip();
        if let Some(span) = self.phase(Phase::Connect) {
            self.processing_until(span.began, "before_connect");
            let winner = self.winner();
            self.attempts_before(winner.unwrap_or(self.partition.end()));
            if winner.is_some() {
                self.turns_of(span, round_trip, 1, Attribution::UNEXPLAINED);
            }
        }
        let proxy = Attribution::new(Owner::Proxy, Cause::Connect);
        for (phase, turns, excess) in [
            (Phase::Proxy, 1, proxy),
            (Phase::Tls, 1, Attribution::UNEXPLAINED),
        ] {
            if let Some(span) = self.phase(phase) {
                self.processing_until(span.began, "before_handshake");
                self.turns_of(span, round_trip, turns, excess);
            }
        }
        if let Some(span) = self.phase(Phase::Send) {
            self.processing_until(span.ended.unwrap_or(span.began), "request_written");
        }
        if let Some(span) = self.phase(Phase::Wait) {
            self.turns_of(span, round_trip, 1, Attribution::THINK);
        }
        if let Some(span) = self.phase(Phase::Receive) {
            let end = span.ended.unwrap_or(self.partition.end());
            let reason = self.app(Attribution::UNEXPLAINED, "stream_without_packets");
            self.partition.until(end, reason);
        }
    }

    /// So many round trips of a phase, and the rest of it.
    fn turns_of(
        &mut self,
        span: &PhaseSpan,
        round_trip: Option<Nanos>,
        turns: u64,
        excess: Attribution,
    ) {
        let end = span.ended.unwrap_or(self.partition.end());
        let start = self.partition.cursor();
        let Some(round_trip) = round_trip else {
            let reason = self.app(excess, "no_round_trip");
            self.partition.until(end, reason);
            return;
        };
        let network = Nanos(round_trip.0.saturating_mul(turns));
        let inferred = Reason {
            clock: Clock::Inferred,
            ..self.app(Attribution::ROUND_TRIP, "kernel_round_trip")
        };
        let limit = network + Nanos(network.0 / 8).max(Nanos::from_millis(1));
        if end.since(start) <= limit {
            self.partition.until(end, inferred);
            return;
        }
        self.partition.until((start + network).min(end), inferred);
        let rest = Reason {
            attribution: excess,
            rule: "beyond_kernel_round_trip",
            ..inferred
        };
        self.partition.until(end, rest);
    }
}
