//! The steps until a connection is established: name resolution, attempts, SYN and SYN-ACK.

use std::ops::Range;

use super::owner::{Attribution, Cause, Detail, Owner};
use super::partition::Reason;
use super::steps::Steps;
use super::walk::Walk;
use crate::trace::{Attempt, AttemptOutcome, DnsQuery, Phase, QueryOutcome, ResolutionSource};
use crate::units::{Moment, Nanos};
use crate::wire::TcpFlags;

impl Steps<'_> {
    /// Name resolution, and what came before it.
    pub(super) fn lookup(&mut self) {
        let Some(span) = self.phase(Phase::Dns) else {
            return;
        };
        self.processing_until(span.began, "before_lookup");
        let resolution = self.exchange.resolution.as_ref();
        let source = resolution.and_then(|resolution| resolution.source);
        let end = span.ended.unwrap_or(self.partition.end());
        let asks_servers = resolution.is_some_and(|resolution| !resolution.queries.is_empty())
            || source == Some(ResolutionSource::System);
        if !asks_servers {
            self.processing_until(end, "no_server_queried");
            return;
        }
        let lookup = Attribution::new(Owner::Resolver, Cause::Lookup);
        let queries = resolution
            .map(|resolution| resolution.queries.as_slice())
            .unwrap_or_default();
        let Some(first) = queries.iter().map(|query| query.asked).min() else {
            let reason = self.app(lookup, "system_resolver");
            self.partition.until(end, reason);
            return;
        };
        self.processing_until(first, "before_query");
        let is_open =
            |query: &DnsQuery| query.was_abandoned() || query.ended.is_none_or(|ended| ended > end);
        // Until something has been answered, all of it is waiting.
        let has_answer = queries
            .iter()
            .any(|query| matches!(query.outcome, QueryOutcome::Answered(_)) && !is_open(query));
        let pending = queries.iter().any(is_open);
        let answered = queries
            .iter()
            .filter(|query| !is_open(query))
            .filter_map(|query| query.ended)
            .max()
            .filter(|_| has_answer || !pending)
            .unwrap_or(end);
        let reason = self.app(lookup, "query_to_answer");
        self.partition.until(answered, reason);
        // What is left after the last answer is the program's own, or the time it gave the other
        // address family (RFC 8305 §3).
        let attribution = if pending {
            Attribution::new(Owner::Client, Cause::Delay).with_detail(Detail::ResolutionDelay)
        } else {
            Attribution::PROCESSING
        };
        let reason = self.app(attribution, "answer_to_attempt");
        self.partition.until(end, reason);
    }

    /// Connection attempts before the one that led to the connection, or all that failed.
    pub(super) fn attempts_before(&mut self, winner: Moment) {
        let attempts = &self.exchange.attempts;
        for (number, attempt) in attempts.iter().enumerate() {
            if attempt.started >= winner {
                break;
            }
            self.processing_until(attempt.started, "before_attempt");
            let next = attempts
                .get(number + 1)
                .map_or(winner, |next| next.started)
                .min(winner);
            let reason = match (&attempt.outcome, attempt.ended) {
                (Some(AttemptOutcome::Refused | AttemptOutcome::Unreachable), Some(ended))
                    if ended <= next && !is_unresolved(attempt) =>
                {
                    let reason = self.app(Attribution::ROUND_TRIP, "syn_to_reset");
                    self.partition.until(ended, reason);
                    self.app(Attribution::PROCESSING, "refusal_to_next_attempt")
                }
                (Some(AttemptOutcome::TimedOut | AttemptOutcome::Unreachable), Some(ended))
                    if ended <= next =>
                {
                    let unanswered = Attribution::network(Cause::Unanswered);
                    let reason = self.app(unanswered, "syn_never_answered");
                    self.partition.until(ended, reason);
                    self.app(Attribution::PROCESSING, "timeout_to_next_attempt")
                }
                _ => {
                    let delay = Attribution::new(Owner::Client, Cause::Delay);
                    let delay = delay.with_detail(Detail::ConnectionAttemptDelay);
                    self.app(delay, "attempt_delay")
                }
            };
            self.partition.until(next, reason);
        }
    }

    /// When the attempt that led to the connection began.
    pub(super) fn winner(&self) -> Option<Moment> {
        self.exchange
            .attempts
            .iter()
            .find(|attempt| attempt.outcome == Some(AttemptOutcome::Connected))
            .map(|attempt| attempt.started)
    }

    /// SYNs and their answer.
    pub(super) fn connect_on_wire(&mut self, walk: &Walk<'_>, range: &Range<usize>) {
        let Some(span) = self.phase(Phase::Connect) else {
            return;
        };
        self.processing_until(span.began, "before_connect");
        if let Some(winner) = self.winner() {
            self.attempts_before(winner);
            self.processing_until(winner, "before_attempt");
        }
        let is_syn = |index: &usize, flags: u8, without: u8| {
            walk.packet(*index)
                .is_some_and(|packet| packet.flags.has(flags) && packet.flags.0 & without == 0)
        };
        let syns: Vec<usize> = range
            .clone()
            .take(256)
            .filter(|index| is_syn(index, TcpFlags::SYN, TcpFlags::ACK))
            .collect();
        let answer = range
            .clone()
            .take(256)
            .find(|index| is_syn(index, TcpFlags::SYN | TcpFlags::ACK, 0));
        let at = |index: usize| walk.packet(index).map(|packet| walk.moment(packet.wall));
        if let (Some(first), Some(last)) = (syns.first().copied(), syns.last().copied()) {
            if let Some(first) = at(first) {
                self.processing_until(first, "attempt_to_syn");
            }
            if let Some(again) = at(last) {
                let timeout = Attribution::network(Cause::Timeout);
                self.partition
                    .until(again, Reason::on_wire(timeout, "syn_again", (first, last)));
            }
            if let Some((index, when)) = answer.and_then(|index| Some((index, at(index)?))) {
                let owner = if walk.path.has_network() {
                    Attribution::ROUND_TRIP
                } else {
                    Attribution::PROCESSING
                };
                self.partition.until(
                    when,
                    Reason::on_wire(owner, "syn_to_syn_ack", (last, index)),
                );
            }
        }
        if let Some(ended) = span.ended {
            self.processing_until(ended, "syn_ack_to_program");
        }
    }
}

/// Returns true if an address was unreachable because no neighbour has it, which is known once
/// three queries a second apart have had no answer (RFC 4861 §7.2.2, RFC 826): a router says so
/// sooner.
fn is_unresolved(attempt: &Attempt) -> bool {
    attempt.outcome == Some(AttemptOutcome::Unreachable)
        && attempt
            .duration()
            .is_some_and(|took| took >= Nanos::from_millis(1_000))
}
