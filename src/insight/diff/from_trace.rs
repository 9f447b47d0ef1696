//! Extraction of comparable facts from a trace.

use super::facts::{
    AttemptFacts, ComparedRun, ExchangeFacts, PhaseTimes, QuestionFacts, SpentFacts,
};
use crate::insight::exchange_packets::ExchangePackets;
use crate::insight::ledger::{ExchangeLedger, Ledger};
use crate::insight::{
    ServerNames, Transfer, captured_conversations, connection_ending, connection_rtt,
    connection_segments, flow_segments, group_into_transfers, kernel_segments, server_timing,
    wire_phase,
};
use crate::trace::{
    Attempt, Clock, Connection, Direction, DnsQuery, Exchange, Flow, Phase, PhaseSpan,
    QueryOutcome, Trace, Verification,
};
use crate::units::Nanos;
use crate::wire::{TcpFlags, Transport};

impl ComparedRun {
    /// The exchanges of a run; for a capture of other programs its conversations, with their
    /// servers' names where known.
    pub fn from_trace(trace: &Trace, names: &ServerNames) -> Self {
        let mut side = Self::default();
        group_into_transfers(trace).for_each(|transfer| side.add(trace, &transfer));
        side.add_conversations(trace, names);
        side
    }

    /// Adds the exchanges of a transfer.
    pub fn add(&mut self, trace: &Trace, transfer: &Transfer<'_>) {
        self.exchanges.extend(
            transfer
                .hops()
                .iter()
                .map(|exchange| exchange_facts(trace, exchange)),
        );
    }

    /// Adds the conversations of a capture of other programs, and the clock uncertainty.
    pub fn add_conversations(&mut self, trace: &Trace, names: &ServerNames) {
        let talks = captured_conversations(trace)
            .unwrap_or_default()
            .iter()
            .enumerate();
        self.exchanges.extend(talks.map(|(index, flow)| {
            conversation_facts(flow, names.at(index).map(|name| name.raw().to_owned()))
        }));
        self.uncertainty = trace.clock().uncertainty();
    }
}

fn exchange_facts(trace: &Trace, exchange: &Exchange) -> ExchangeFacts {
    let connection = exchange.connection.and_then(|id| trace.connection(id));
    let mut facts = ExchangeFacts {
        cause: Some(exchange.cause),
        method: exchange.method.clone(),
        url: exchange.url.clone(),
        total: exchange.total(),
        phases: Phase::ALL.map(|phase| phase_times(trace, exchange, phase)),
        reused: exchange.reused_connection,
        rtt: connection_rtt(trace, exchange),
        attempts: attempt_facts(exchange),
        syns: ExchangePackets::of(trace, exchange)
            .filter(|_| !exchange.reused_connection)
            .map(|carried| carried.syns(Direction::Sent) as u64),
        proxy: exchange.proxy.first().map(|(_, step)| step.kind.clone()),
        retransmitted: retransmitted_segments(trace, exchange),
        spent: spent_facts(trace, exchange),
        failure: exchange.failure.clone(),
        ..ExchangeFacts::default()
    };
    add_names(&mut facts, exchange);
    add_messages(&mut facts, exchange);
    if let Some(connection) = connection {
        add_connection(&mut facts, connection);
    }
    facts
}

fn phase_times(trace: &Trace, exchange: &Exchange, phase: Phase) -> PhaseTimes {
    PhaseTimes {
        app: exchange.phases.get(phase).and_then(PhaseSpan::duration),
        wire: wire_phase(trace, exchange, phase).map(|span| span.duration()),
    }
}

fn attempt_facts(exchange: &Exchange) -> Vec<AttemptFacts> {
    let began = exchange
        .attempts
        .first()
        .map(|first| first.started)
        .unwrap_or_default();
    let of = |attempt: &Attempt| AttemptFacts {
        remote: attempt.remote.clone(),
        outcome: attempt
            .outcome
            .as_ref()
            .map(|outcome| outcome.name().into()),
        started_after: attempt.started.since(began),
    };
    exchange.attempts.iter().map(of).collect()
}

/// Counts by the packets, or by the kernel if none were captured.
fn retransmitted_segments(trace: &Trace, exchange: &Exchange) -> [Option<u64>; 2] {
    let by_packets = connection_segments(trace, exchange).map(|seen| {
        [
            Some(seen.sent.retransmitted),
            Some(seen.received.retransmitted),
        ]
    });
    let by_kernel = || kernel_segments(trace, exchange).map(|seen| [seen.sent.retransmitted, None]);
    by_packets.or_else(by_kernel).unwrap_or_default()
}

/// The ledger of the exchange and of each phase that has ended.
fn spent_facts(trace: &Trace, exchange: &Exchange) -> Vec<SpentFacts> {
    if exchange.ended.is_none() {
        return Vec::new();
    }
    let ledger = ExchangeLedger::new(trace, exchange);
    let of = |phase: Option<Phase>, ledger: &Ledger| {
        let causes = ledger.cause_totals().into_iter();
        causes
            .map(|total| SpentFacts {
                phase,
                owner: total.attribution.owner,
                cause: total.attribution.cause,
                duration: total.total,
            })
            .collect::<Vec<_>>()
    };
    let phases = exchange
        .phases
        .iter()
        .filter(|(_, span)| span.ended.is_some())
        .filter_map(|(phase, _)| Some(of(Some(phase), ledger.phase(phase)?)));
    let mut spent = of(None, &ledger.whole);
    spent.extend(phases.flatten());
    spent
}

fn add_names(facts: &mut ExchangeFacts, exchange: &Exchange) {
    let Some(resolution) = &exchange.resolution else {
        return;
    };
    let asked = |query: &DnsQuery| QuestionFacts {
        name: query.name.clone(),
        kind: query.kind.as_str().into(),
        server: query.server.address.to_string().into(),
        took: query.duration(),
        rcode: match &query.outcome {
            QueryOutcome::Answered(answer) => Some(answer.rcode.as_str().into()),
            QueryOutcome::Pending | QueryOutcome::Failed(_) => None,
        },
    };
    facts.source = resolution.source;
    facts.questions = resolution.queries.iter().map(asked).collect();
}

fn add_messages(facts: &mut ExchangeFacts, exchange: &Exchange) {
    if let Some(request) = &exchange.request {
        facts.version = Some(request.version);
        facts.request_fields.clone_from(&request.headers);
        facts.sent_bytes = Some(exchange.request_body.transferred);
    }
    if let Some(response) = &exchange.response {
        facts.version = Some(response.version);
        facts.status = Some(response.status);
        facts.response_fields.clone_from(&response.headers);
        // If no event mentioned the body, its bytes were not counted.
        facts.received_bytes = exchange
            .response_body
            .at
            .map(|_| exchange.response_body.transferred);
    }
    facts.server_timing = server_timing(exchange)
        .into_iter()
        .filter_map(|metric| Some((metric.name, metric.duration?)))
        .collect();
    facts.redirect = exchange.redirected.as_ref().map(|(to, _)| to.clone());
}

fn add_connection(facts: &mut ExchangeFacts, connection: &Connection) {
    facts.remote = Some(connection.remote.clone());
    let Some(tls) = &connection.tls else { return };
    facts.handshake.clone_from(&tls.handshake);
    facts.verification = tls
        .verification
        .as_ref()
        .map(|(verification, _): &(Verification, Nanos)| verification.clone());
    facts.certificates.clone_from(&tls.certificates);
}

/// The facts of a conversation: time to connect and time to the server's first byte, on the wire's
/// clock.
fn conversation_facts(flow: &Flow, name: Option<String>) -> ExchangeFacts {
    let first = |wanted: &dyn Fn(&crate::trace::PacketEntry) -> bool| {
        flow.packets()
            .iter()
            .find(|packet| wanted(packet))
            .map(|it| it.wall)
    };
    let syn =
        first(&|packet| packet.direction == Direction::Sent && packet.flags.has(TcpFlags::SYN));
    let syn_ack =
        first(&|packet| packet.direction == Direction::Received && packet.flags.has(TcpFlags::SYN));
    let asked = first(&|packet| packet.direction == Direction::Sent && packet.payload_bytes > 0);
    let answered =
        first(&|packet| packet.direction == Direction::Received && packet.payload_bytes > 0);
    let between = |from: Option<crate::units::WallTime>, to: Option<_>| {
        Some(to?)
            .zip(from)
            .map(|(to, from): (crate::units::WallTime, _)| to.since(from))
    };
    let counted = flow_segments(flow);
    let syns = flow
        .packets()
        .iter()
        .filter(|packet| packet.direction == Direction::Sent && packet.flags.has(TcpFlags::SYN))
        .count();
    let mut facts = ExchangeFacts {
        method: flow.key.transport.name().to_owned(),
        url: name
            .map_or_else(
                || flow.key.remote.to_string(),
                |name| format!("{name}:{}", flow.key.remote.port()),
            )
            .into(),
        total: between(syn.or(asked), answered),
        remote: Some(flow.key.remote.into()),
        syns: (flow.key.transport == Transport::Tcp).then_some(syns as u64),
        sent_bytes: Some(counted.sent.payload_bytes),
        received_bytes: Some(counted.received.payload_bytes),
        retransmitted: [
            Some(counted.sent.retransmitted),
            Some(counted.received.retransmitted),
        ],
        ending: connection_ending(flow),
        ..ExchangeFacts::default()
    };
    let connect = between(syn, syn_ack);
    facts.phases[Phase::Connect as usize].wire = connect;
    facts.phases[Phase::Wait as usize].wire = between(asked, answered);
    facts.rtt = connect
        .filter(|_| syns == 1)
        .map(|duration| crate::insight::Rtt {
            duration,
            clock: Clock::Wire,
        });
    facts
}
