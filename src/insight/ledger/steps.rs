//! The steps of an exchange, from its start to its end, along its phases.

use std::ops::Range;

use super::super::exchange_packets::ExchangePackets;
use super::incoming::{Incoming, IncomingProgress};
use super::live::{Stage, Suspended};
use super::outgoing::UploadProgress;
use super::owner::{Attribution, Cause, Owner};
use super::partition::{Partition, Reason};
use super::tunnel::TunnelPath;
use super::walk::{Knowledge, Walk};
use crate::trace::{Clock, Direction, Exchange, Flow, PacketEntry, Phase, PhaseSpan, Trace};
use crate::units::{Moment, Nanos};
use crate::wire::TcpFlags;

/// Divides an exchange's time. Returns it with what goes on from here, if the exchange is not over.
pub(super) fn partition_exchange(
    trace: &Trace,
    exchange: &Exchange,
    partition: Partition,
) -> (Partition, Option<Suspended>) {
    let mut steps = Steps::new(trace, exchange, partition);
    steps.lookup();
    match steps.captured_flow() {
        Some((flow, range)) => steps.with_packets(flow, range),
        None => steps.without_packets(),
    }
    steps.finish()
}

/// A walk along the phases of an exchange.
pub(super) struct Steps<'a> {
    pub(super) trace: &'a Trace,
    pub(super) exchange: &'a Exchange,
    pub(super) partition: Partition,
    /// Maximum error of the mapping between the clocks.
    error: Nanos,
    /// What an exchange that is not over goes on from.
    suspended: Option<Suspended>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(trace: &'a Trace, exchange: &'a Exchange, partition: Partition) -> Self {
        Self {
            trace,
            exchange,
            partition,
            error: trace.clock().uncertainty().unwrap_or_default(),
            suspended: None,
        }
    }

    /// Gives what is left of the time to this machine.
    pub(super) fn finish(mut self) -> (Partition, Option<Suspended>) {
        let reason = self.app(Attribution::PROCESSING, "last_byte_to_end");
        self.partition.until(self.partition.end(), reason);
        (self.partition, self.suspended)
    }

    /// An interval with an edge on the program's clock.
    pub(super) const fn app(&self, attribution: Attribution, rule: &'static str) -> Reason {
        Reason {
            attribution,
            rule,
            clock: Clock::App,
            error: self.error,
            packets: None,
        }
    }

    pub(super) fn phase(&self, phase: Phase) -> Option<&'a PhaseSpan> {
        self.exchange.phases.get(phase)
    }

    /// Gives the time to this machine, but to the resolver where it was asked.
    pub(super) fn processing_until(&mut self, at: Moment, rule: &'static str) {
        let processing = self.app(Attribution::PROCESSING, rule);
        let lookup = self.app(
            Attribution::new(Owner::Resolver, Cause::Lookup),
            "query_to_answer",
        );
        // What was asked in the phase of name resolution, and answered later, was not waited for.
        let resolved = self.phase(Phase::Dns).and_then(|span| span.ended);
        let queries = self.exchange.resolution.iter();
        for query in queries.flat_map(|resolution| &resolution.queries) {
            let answered = query.ended.unwrap_or(at).min(at);
            let is_later = resolved.is_some_and(|resolved| query.asked >= resolved);
            if is_later && query.asked < at && answered > self.partition.cursor() {
                self.partition.until(query.asked, processing);
                self.partition.until(answered, lookup);
            }
        }
        self.partition.until(at, processing);
    }

    /// The flow of the exchange's connection and its packets from the exchange's time, where the
    /// offsets in it are those of the connection's streams.
    pub(super) fn captured_flow(&self) -> Option<(&'a Flow, Range<usize>)> {
        let connection = self.trace.connection(self.exchange.connection?)?;
        let flow = self.trace.flow_of(connection)?;
        let is_anchored = [Direction::Sent, Direction::Received]
            .into_iter()
            .all(|direction| flow.has_captured_syn(direction));
        let range = ExchangePackets::range(self.trace, self.exchange, flow);
        (is_anchored && !range.is_empty()).then_some((flow, range))
    }

    fn with_packets(&mut self, flow: &'a Flow, range: Range<usize>) {
        let kernel = self.kernel_round_trip();
        let mut walk = self.walk(flow, Knowledge::new(flow, range.clone(), kernel));
        walk.observe_until(range.start);
        walk.was_idle = self.exchange.reused_connection && walk.was_idle_before(range.start);
        if self.phase(Phase::Connect).is_some() {
            self.connect_on_wire(&walk, &range);
        }
        let proxy = Attribution::new(Owner::Proxy, Cause::Connect);
        self.handshake_on_wire(&mut walk, &range, Phase::Proxy, proxy);
        walk.tunnel = self.tunnel(&walk);
        self.handshake_on_wire(&mut walk, &range, Phase::Tls, Attribution::THINK);
        self.message_on_wire(&mut walk, &range);
    }

    pub(super) fn walk(&self, flow: &'a Flow, knowledge: Knowledge) -> Walk<'a> {
        let connection = self.exchange.connection;
        Walk {
            flow,
            clock: self.trace.clock(),
            connection: connection.and_then(|connection| self.trace.connection(connection)),
            uncaptured: &[],
            knowledge,
        }
    }

    /// The proxy's tunnel that the exchange's connection leads through, opened by this exchange or
    /// an earlier one.
    fn tunnel(&self, walk: &Walk<'_>) -> Option<TunnelPath> {
        let opened = self.tunnel_phase()?.ended_position?;
        let is_within = |packet: &&PacketEntry| match packet.direction {
            Direction::Sent => packet.offset >= opened.sent,
            Direction::Received => packet.offset >= opened.received,
        };
        let packets = walk.flow.packets().iter().filter(is_within);
        let to_proxy = walk.path.round_trip.unwrap_or_default();
        Some(TunnelPath::estimate(packets, to_proxy))
    }

    /// Returns true if the exchange's connection leads through a proxy's tunnel.
    pub(super) fn leads_through_tunnel(&self) -> bool {
        self.tunnel_phase().is_some()
    }

    /// The phase in which the tunnel was opened.
    fn tunnel_phase(&self) -> Option<&'a PhaseSpan> {
        let connection = self.trace.connection(self.exchange.connection?)?;
        let opened_by = self.trace.exchange(connection.opened_by)?;
        opened_by.phases.get(Phase::Proxy)
    }

    /// Whom the time until the response belongs to beyond the round trip: the server, or a proxy
    /// that forwards the request, whose target is in absolute form (RFC 9112 §3.2.2).
    pub(super) fn who_answers(&self) -> Attribution {
        let request = self.exchange.request.as_ref();
        if request.is_some_and(|request| request.target.raw().starts_with("http://")) {
            Attribution::new(Owner::Proxy, Cause::Forward)
        } else {
            Attribution::THINK
        }
    }

    /// The least round trip that the kernel measured.
    pub(super) fn kernel_round_trip(&self) -> Option<Nanos> {
        let connection = self.trace.connection(self.exchange.connection?)?;
        connection.tcp_info.as_ref()?.min_rtt
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
            idle_from: u64::MAX,
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
        if let Some(mut upload) = walk.begin_upload(first) {
            walk.advance_upload(&mut self.partition, &mut upload, last + 1);
        }
        let delivered = send.ended_position.map_or(from.received, |to| to.received);
        let receive = self.phase(Phase::Receive);
        let response = receive.and_then(|span| span.began_position);
        let how = Incoming {
            excess: self.who_answers(),
            has_turns: false,
            first_byte: response.map_or(u64::MAX, |from| from.received),
            last_byte: receive.and_then(|span| span.ended_position).map(|to| {
                to.received
                    .max(response.map_or(0, |from| from.received + 1))
            }),
            idle_from: u64::MAX,
        };
        let progress = walk.begin_incoming(last, delivered.min(how.first_byte));
        self.receive(walk, progress, how, range.end);
    }

    /// The response, as far as it has come.
    pub(super) fn receive(
        &mut self,
        walk: &mut Walk<'_>,
        mut progress: IncomingProgress,
        how: Incoming,
        end: usize,
    ) {
        let complete = walk.advance_incoming(&mut self.partition, &mut progress, end, how);
        if let Some(last) = complete {
            self.until_closed(walk, last, end);
        } else {
            self.suspend(walk, || Stage::Receiving(Box::new(progress.clone()), how));
            walk.end_incoming(&mut self.partition, &mut progress, end, how);
        }
    }

    /// The end of a response that the server's FIN delimits (RFC 9112 §6.3): a program that goes on
    /// until the FIN had waited for it.
    fn until_closed(&mut self, walk: &Walk<'_>, last: usize, end: usize) {
        let closing = (last..end).find_map(|index| {
            let packet = walk.packet(index)?;
            let closes = packet.direction == Direction::Received && packet.flags.has(TcpFlags::FIN);
            closes.then(|| (index, walk.moment(packet.wall)))
        });
        let ended = self.phase(Phase::Receive).and_then(|span| span.ended);
        if let Some((index, closed)) = closing
            && ended.is_some_and(|ended| ended + self.error >= closed)
        {
            let pause = Attribution::new(Owner::Server, Cause::Pause);
            let reason = Reason::on_wire(pause, "until_closed", (last, index));
            self.partition.until(closed, reason);
        }
    }

    /// The request, as far as it was sent.
    pub(super) fn send(&mut self, walk: &mut Walk<'_>, mut upload: UploadProgress, end: usize) {
        walk.advance_upload(&mut self.partition, &mut upload, end);
        self.suspend(walk, || Stage::Sending(Box::new(upload.clone())));
        self.not_sent(walk, upload.first(), end);
    }

    /// Keeps what an exchange that is not over goes on from.
    fn suspend(&mut self, walk: &Walk<'_>, stage: impl FnOnce() -> Stage) {
        if self.exchange.ended.is_none() {
            self.suspended = Some(Suspended {
                knowledge: walk.knowledge.clone(),
                partition: self.partition.clone(),
                stage: stage(),
            });
        }
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
        walk.observe_until(first);
        if let Some(upload) = walk.begin_upload(first) {
            self.send(walk, upload, range.end);
        }
    }

    /// Gives the time in which the rest of a request was not sent.
    fn not_sent(&mut self, walk: &mut Walk<'_>, first: usize, end: usize) {
        let reason = walk.not_sent(first, end);
        self.partition.until(self.partition.end(), reason);
    }
}
