//! The steps of an exchange whose packets were not captured, by the program's clock and the
//! kernel's figures alone.

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
                self.turn(span, round_trip, Attribution::UNEXPLAINED);
            }
        }
        if let Some(span) = self.phase(Phase::Proxy) {
            self.processing_until(span.began, "before_handshake");
            let proxy = Attribution::new(Owner::Proxy, Cause::Connect);
            self.turn(span, round_trip, proxy);
        }
        let round_trip = if self.leads_through_tunnel() {
            self.shortest_turn_in_tunnel()
        } else {
            round_trip
        };
        if let Some(span) = self.phase(Phase::Tls) {
            self.processing_until(span.began, "before_handshake");
            self.turn(span, round_trip, Attribution::UNEXPLAINED);
        }
        if let Some(span) = self.phase(Phase::Send) {
            self.processing_until(span.ended.unwrap_or(span.began), "request_written");
        }
        if let Some(span) = self.phase(Phase::Wait) {
            self.turn(span, round_trip, self.who_answers());
        }
        if let Some(span) = self.phase(Phase::Receive) {
            let end = span.ended.unwrap_or(self.partition.end());
            let reason = self.app(Attribution::UNEXPLAINED, "stream_without_packets");
            self.partition.until(end, reason);
        }
    }

    /// The shortest turn within a proxy's tunnel: the kernel's round trip ends at the proxy. With
    /// one turn alone a round trip cannot be told from the server's own time.
    fn shortest_turn_in_tunnel(&self) -> Option<Nanos> {
        let duration = |phase| {
            let span = self.phase(phase)?;
            Some(span.ended?.since(span.began))
        };
        Some(duration(Phase::Tls)?.min(duration(Phase::Wait)?))
    }

    /// The round trip of a phase, and the rest of it.
    fn turn(&mut self, span: &PhaseSpan, round_trip: Option<Nanos>, excess: Attribution) {
        let end = span.ended.unwrap_or(self.partition.end());
        let start = self.partition.cursor();
        let Some(round_trip) = round_trip else {
            let reason = self.app(Attribution::UNEXPLAINED, "no_round_trip");
            self.partition.until(end, reason);
            return;
        };
        let inferred = Reason {
            clock: Clock::Inferred,
            ..self.app(Attribution::ROUND_TRIP, "kernel_round_trip")
        };
        let limit = round_trip + Nanos(round_trip.0 / 8).max(Nanos::from_millis(1));
        if end.since(start) <= limit {
            self.partition.until(end, inferred);
            return;
        }
        self.partition
            .until((start + round_trip).min(end), inferred);
        let rest = Reason {
            attribution: excess,
            rule: "beyond_kernel_round_trip",
            ..inferred
        };
        self.partition.until(end, rest);
    }
}
