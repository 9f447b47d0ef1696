//! The steps of an exchange, from its start to its end, along its phases.

use std::ops::Range;

use super::super::exchange_packets::ExchangePackets;
use super::incoming::Incoming;
use super::owner::{Attribution, Cause, Detail, Owner};
use super::partition::{LedgerEntry, Partition, Reason};
use super::walk::Walk;
use crate::trace::{
    AttemptOutcome, Clock, Direction, Exchange, Flow, Phase, PhaseSpan, ResolutionSource, Trace,
};
use crate::units::{Moment, Nanos};
use crate::wire::TcpFlags;

/// Divides an exchange's time until `end`. Returns the entries of the whole time and of each
/// window.
pub(super) fn partition_exchange(
    trace: &Trace,
    exchange: &Exchange,
    end: Moment,
    windows: &[(Moment, Moment)],
) -> (Vec<LedgerEntry>, Vec<Vec<LedgerEntry>>) {
    let mut steps = Steps {
        trace,
        exchange,
        partition: Partition::new(exchange.started, end, windows),
        error: trace.clock().uncertainty().unwrap_or_default(),
    };
    let captured = steps.captured_flow();
    steps.lookup();
    match captured {
        Some((flow, range)) => steps.with_packets(flow, range),
        None => steps.without_packets(),
    }
    let last = steps.app(Attribution::PROCESSING, "last_byte_to_end");
    steps.partition.finish(last)
}

struct Steps<'a> {
    trace: &'a Trace,
    exchange: &'a Exchange,
    partition: Partition,
    /// Maximum error of the mapping between the clocks.
    error: Nanos,
}

impl<'a> Steps<'a> {
    /// An interval with an edge on the program's clock.
    const fn app(&self, attribution: Attribution, rule: &'static str) -> Reason {
        Reason {
            attribution,
            rule,
            clock: Clock::App,
            error: self.error,
            packets: None,
        }
    }

    fn phase(&self, phase: Phase) -> Option<&'a PhaseSpan> {
        self.exchange.phases.get(phase)
    }

    fn processing_until(&mut self, at: Moment, rule: &'static str) {
        let reason = self.app(Attribution::PROCESSING, rule);
        self.partition.until(at, reason);
    }

    /// The flow of the exchange's connection and its packets from the exchange's time, where the
    /// offsets in it are those of the connection's streams.
    fn captured_flow(&self) -> Option<(&'a Flow, Range<usize>)> {
        let connection = self.trace.connection(self.exchange.connection?)?;
        let flow = self.trace.flow_of(connection)?;
        let is_anchored = [Direction::Sent, Direction::Received]
            .into_iter()
            .all(|direction| flow.has_captured_syn(direction));
        let range = ExchangePackets::range(self.trace, self.exchange, flow);
        (is_anchored && !range.is_empty()).then_some((flow, range))
    }

    /// Name resolution, and what came before it.
    fn lookup(&mut self) {
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
        let answered = queries
            .iter()
            .filter_map(|query| query.ended)
            .filter(|ended| *ended <= end)
            .max()
            .filter(|_| span.ended.is_some())
            .unwrap_or(end);
        let reason = self.app(lookup, "query_to_answer");
        self.partition.until(answered, reason);
        // What is left after the last answer is the program's own, or the time it gave the other
        // address family (RFC 8305 §3).
        let pending = queries
            .iter()
            .any(|query| query.ended.is_none_or(|ended| ended > end));
        let attribution = if pending {
            Attribution::new(Owner::Client, Cause::Delay).with_detail(Detail::ResolutionDelay)
        } else {
            Attribution::PROCESSING
        };
        let reason = self.app(attribution, "answer_to_attempt");
        self.partition.until(end, reason);
    }

    /// Connection attempts before the one that led to the connection, or all that failed.
    fn attempts_before(&mut self, winner: Moment) {
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
                    if ended <= next =>
                {
                    let reason = self.app(Attribution::ROUND_TRIP, "syn_to_reset");
                    self.partition.until(ended, reason);
                    self.app(Attribution::PROCESSING, "refusal_to_next_attempt")
                }
                (Some(AttemptOutcome::TimedOut), Some(ended)) if ended <= next => {
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
    fn winner(&self) -> Option<Moment> {
        self.exchange
            .attempts
            .iter()
            .find(|attempt| attempt.outcome == Some(AttemptOutcome::Connected))
            .map(|attempt| attempt.started)
    }

    fn with_packets(&mut self, flow: &'a Flow, range: Range<usize>) {
        let kernel = self.kernel_round_trip();
        let mut walk = Walk::new(flow, self.trace.clock(), kernel);
        walk.observe_until(range.start);
        walk.has_inner_windows = self
            .exchange
            .response
            .as_ref()
            .is_some_and(|response| response.version == crate::trace::HttpVersion::Http2);
        if self.phase(Phase::Connect).is_some() {
            self.connect_on_wire(&walk, &range);
        }
        for (phase, excess) in [
            (Phase::Proxy, Attribution::new(Owner::Proxy, Cause::Connect)),
            (Phase::Tls, Attribution::THINK),
        ] {
            self.handshake_on_wire(&mut walk, &range, phase, excess);
        }
        self.message_on_wire(&mut walk, &range);
    }

    fn kernel_round_trip(&self) -> Option<Nanos> {
        let connection = self.trace.connection(self.exchange.connection?)?;
        connection.tcp_info.as_ref()?.min_rtt
    }

    /// SYNs and their answer.
    fn connect_on_wire(&mut self, walk: &Walk<'_>, range: &Range<usize>) {
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

    /// A handshake above TCP: its turns on the wire.
    fn handshake_on_wire(
        &mut self,
        walk: &mut Walk<'_>,
        range: &Range<usize>,
        phase: Phase,
        excess: Attribution,
    ) {
        let Some(span) = self.phase(phase) else {
            return;
        };
        self.processing_until(span.began, "before_handshake");
        let (Some(from), flow) = (span.began_position, walk.flow) else {
            return;
        };
        let Some(first) = flow.first_packet_carrying(Direction::Sent, from.sent) else {
            self.unexplained(span);
            return;
        };
        self.first_packet(walk, first);
        let how = Incoming {
            excess,
            has_turns: true,
            first_byte: from.received,
            last_byte: span.ended_position.map(|to| to.received),
        };
        let is_complete = walk
            .incoming(&mut self.partition, first..range.end, from.received, how)
            .is_some();
        if !is_complete {
            self.unexplained(span);
        }
        if let Some(ended) = span.ended {
            self.processing_until(ended, "arrival_to_program");
        }
    }

    fn first_packet(&mut self, walk: &Walk<'_>, index: usize) {
        if let Some(packet) = walk.packet(index) {
            self.processing_until(walk.moment(packet.wall), "program_to_packet");
        }
    }

    /// Packets of a phase that has ended are missing.
    fn unexplained(&mut self, span: &PhaseSpan) {
        if let Some(ended) = span.ended {
            let reason = self.app(Attribution::UNEXPLAINED, "packets_missing");
            self.partition.until(ended, reason);
        }
    }

    /// The request and its response.
    fn message_on_wire(&mut self, walk: &mut Walk<'_>, range: &Range<usize>) {
        let Some(send) = self.phase(Phase::Send) else {
            return;
        };
        self.processing_until(send.began, "before_request");
        let Some(from) = send.began_position else {
            return;
        };
        let flow = walk.flow;
        let first = flow.first_packet_carrying(Direction::Sent, from.sent);
        let last = send
            .ended_position
            .and_then(|to| to.sent.checked_sub(1))
            .filter(|last| *last >= from.sent)
            .and_then(|last| flow.first_packet_carrying(Direction::Sent, last));
        let (Some(first), Some(last)) = (first, last) else {
            self.unfinished_request(walk, first, range);
            return;
        };
        self.first_packet(walk, first);
        walk.observe_until(first);
        walk.outgoing(&mut self.partition, first..=last);
        let delivered = send.ended_position.map_or(from.received, |to| to.received);
        let receive = self.phase(Phase::Receive);
        let response = receive.and_then(|span| span.began_position);
        let how = Incoming {
            excess: Attribution::THINK,
            has_turns: false,
            first_byte: response.map_or(delivered, |from| from.received),
            last_byte: receive.and_then(|span| span.ended_position).map(|to| {
                to.received
                    .max(response.map_or(0, |from| from.received + 1))
            }),
        };
        walk.incoming(
            &mut self.partition,
            last..range.end,
            delivered.min(how.first_byte),
            how,
        );
    }

    /// The request was not sent in full.
    fn unfinished_request(
        &mut self,
        walk: &mut Walk<'_>,
        first: Option<usize>,
        range: &Range<usize>,
    ) {
        let Some(first) = first else { return };
        self.first_packet(walk, first);
        let last = range
            .clone()
            .rev()
            .find(|index| {
                walk.packet(*index).is_some_and(|packet| {
                    packet.direction == Direction::Sent && packet.payload_bytes > 0
                })
            })
            .unwrap_or(first);
        walk.outgoing(&mut self.partition, first..=last);
        walk.observe_until(range.end);
        let sent = walk.tcp.end(Direction::Sent);
        let full = u64::from(walk.path.full_payload(Direction::Sent).unwrap_or(1));
        let edge = walk.packet(range.end.saturating_sub(1)).and_then(|packet| {
            walk.tcp.window_edge_before(
                Direction::Received,
                crate::units::WallTime(packet.wall.0 + 1),
            )
        });
        let attribution = if edge.is_some_and(|edge| sent + full > edge) {
            Attribution::new(Owner::Server, Cause::Window)
        } else if walk.tcp.acknowledged_by(Direction::Received) < sent {
            Attribution::network(Cause::Unanswered)
        } else {
            Attribution::UNEXPLAINED
        };
        let reason = Reason::on_wire(attribution, "request_not_sent", (first, last));
        self.partition.until(self.partition.end(), reason);
    }

    /// By the program's clock and the kernel's figures alone.
    fn without_packets(&mut self) {
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
