//! The fold.

use std::net::SocketAddr;

use super::flow_index::{Ends, FlowIndex};
use super::{
    Attempt, AttemptOutcome, Capture, CaptureState, ClockMap, ClockPair, Connection, ConnectionId, Direction, DnsQuery, Event, Exchange,
    ExchangeId, Flow, FlowKey, Informational, Link, Packet, Phase, QueryOutcome, Request, Resolution, Response, Tls, Transport, What,
};
use crate::units::{Moment, Nanos, Untrusted, WallTime};

/// What the ordinary HTTP client measured for the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Status of the final response.
    pub status: Option<u16>,
    /// Time until its head was there.
    pub headers: Nanos,
    /// Time until its body was read.
    pub total: Nanos,
    /// Why it failed, if it did.
    pub error: Option<Untrusted>,
}

/// All that is known about a run. [`Trace::apply`] is its only mutator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    tool_version: Option<String>,
    started_at: Option<WallTime>,
    ended: Option<Moment>,
    latest: Moment,
    exchanges: Vec<Exchange>,
    connections: Vec<Connection>,
    flows: Vec<Flow>,
    flow_index: FlowIndex,
    capture: Capture,
    clock: ClockMap,
    control: Option<Control>,
    link: Option<Link>,
    log: Vec<Event>,
    unlogged: u64,
    dropped: u64,
}

impl Trace {
    /// Exchanges kept. A run of more is cut, and says so through [`Trace::unlogged`].
    const MOST_EXCHANGES: usize = 100_000;
    /// Flows kept; packets of further ones are counted only.
    const MOST_FLOWS: usize = 65_536;
    /// Events kept for the event list.
    const MOST_LOGGED: usize = 200_000;

    /// Takes in what happened. Events that name an exchange or connection which never began are ignored: a file may be crafted.
    pub fn apply(&mut self, event: Event) {
        self.latest = self.latest.max(event.at);
        let Event { at, what } = &event;
        match what {
            What::Packets { packets } => {
                for packet in packets {
                    self.add_packet(packet);
                }
                return;
            }
            What::ResponseBody { .. }
            | What::RequestBody { .. }
            | What::ClockPaired { .. }
            | What::OtherFrames { .. }
            | What::Layered { .. } => {
                self.fold(*at, what);
                return;
            }
            _ => self.fold(*at, what),
        }
        if self.log.len() < Self::MOST_LOGGED {
            self.log.push(event);
        } else {
            self.unlogged += 1;
        }
    }

    /// Folds all of `events`.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let mut trace = Self::default();
        for event in events {
            trace.apply(event);
        }
        trace
    }

    /// The program version that recorded the run.
    pub fn tool_version(&self) -> Option<&str> {
        self.tool_version.as_deref()
    }

    /// Wall-clock time of the start.
    pub const fn started_at(&self) -> Option<WallTime> {
        self.started_at
    }

    /// When the run was over.
    pub const fn ended(&self) -> Option<Moment> {
        self.ended
    }

    /// The latest instant heard of.
    pub const fn latest(&self) -> Moment {
        self.latest
    }

    /// The exchanges, in the order they began.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// One exchange.
    pub fn exchange(&self, id: ExchangeId) -> Option<&Exchange> {
        self.exchanges.get(id.0 as usize)
    }

    /// The connections, in the order they were established.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// One connection.
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(id.0 as usize)
    }

    /// The flows seen on the wire.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// The packets of a connection.
    pub fn flow_of(&self, connection: &Connection) -> Option<&Flow> {
        let (local, remote) = (as_on_the_wire(connection.local.ip()?), as_on_the_wire(connection.remote.ip()?));
        self.flow(&FlowKey { local, remote, tcp: true })
    }

    /// The latest connection that a flow's packets are of.
    pub fn connection_of(&self, flow: &FlowKey) -> Option<&Connection> {
        let wire = |end: &super::Endpoint| end.ip().map(as_on_the_wire);
        let (local, remote) = (Some(flow.local), Some(flow.remote));
        self.connections.iter().rev().filter(|_| flow.tcp).find(|connection| {
            let ends = (wire(&connection.local), wire(&connection.remote));
            ends == (local, remote) || ends == (remote, local)
        })
    }

    /// The packets of a 4-tuple, whichever end is taken for the local one.
    pub fn flow(&self, key: &FlowKey) -> Option<&Flow> {
        self.flow_index.place(&Ends::of(key)).and_then(|place| self.flows.get(place))
    }

    /// The state of packet capture.
    pub const fn capture(&self) -> &Capture {
        &self.capture
    }

    /// The mapping from packets' time to the run's axis.
    pub const fn clock(&self) -> &ClockMap {
        &self.clock
    }

    /// The ordinary client's figures, where it was run.
    pub const fn control(&self) -> Option<&Control> {
        self.control.as_ref()
    }

    /// How the lab's link was set last; without a lab there is none.
    pub const fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// What happened, in order, without packets and progress reports.
    pub fn log(&self) -> &[Event] {
        &self.log
    }

    /// Events that are in the fold but, for their number, not in the log.
    pub const fn unlogged(&self) -> u64 {
        self.unlogged
    }

    /// Events that never reached the fold.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The failure that decided the run: the last one that was not made good by trying again.
    pub fn failure(&self) -> Option<&(Phase, super::Failure)> {
        let retried = |i: usize| self.exchanges.get(i + 1).is_some_and(|next| next.cause == super::Cause::Retry);
        let mut kept = self.exchanges.iter().enumerate().rev().filter(|(i, _)| !retried(*i));
        kept.find_map(|(_, exchange)| exchange.failure.as_ref())
    }

    fn fold(&mut self, at: Moment, what: &What) {
        match what {
            What::RunStarted { tool_version, started_at, .. } => {
                self.tool_version = Some(tool_version.clone());
                self.started_at = Some(*started_at);
            }
            What::ClockPaired { wall, uncertainty } => self.clock.add(ClockPair { at, wall: *wall, uncertainty: *uncertainty }),
            What::RunEnded => self.ended = Some(at),
            What::Dropped { count } => self.dropped = self.dropped.saturating_add(*count),
            What::ControlMeasured { status, headers, total, error } => {
                self.control = Some(Control { status: *status, headers: *headers, total: *total, error: error.clone() });
            }
            What::LinkSet { link } => self.link = Some(link.clone()),
            What::OtherFrames { frames } => {
                self.capture.packets = self.capture.packets.saturating_add(frames.total());
                self.capture.others.add(*frames);
            }
            What::CaptureOpened { .. } | What::CaptureUnavailable { .. } | What::CaptureOff | What::CaptureClosed { .. } => {
                self.fold_capture(what);
            }
            What::ExchangeStarted { exchange, cause, method, url } => self.start_exchange(at, *exchange, *cause, method, url),
            What::Connected { .. } => self.fold_connected(at, what),
            What::Packets { .. } | What::Note { .. } => {}
            _ => {
                if let Some(exchange) = what.exchange().and_then(|id| self.exchanges.get_mut(id.0 as usize)) {
                    fold_exchange(exchange, at, what);
                } else if let Some(connection) = what.connection().and_then(|id| self.connections.get_mut(id.0 as usize)) {
                    fold_connection(connection, at, what);
                }
            }
        }
    }

    fn fold_capture(&mut self, what: &What) {
        match what {
            What::CaptureOpened { interface, link_type } => {
                self.capture.state = CaptureState::On;
                self.capture.interface = Some(interface.clone());
                self.capture.link_type = Some(link_type.clone());
            }
            What::CaptureUnavailable { reason, remedy } => {
                self.capture.state = CaptureState::Unavailable { reason: reason.clone(), remedy: remedy.clone() };
            }
            What::CaptureOff => self.capture.state = CaptureState::Off,
            What::CaptureClosed { dropped, .. } => {
                self.capture.dropped = Some(self.capture.dropped.unwrap_or(0).saturating_add(*dropped));
            }
            _ => {}
        }
    }

    fn start_exchange(&mut self, at: Moment, id: ExchangeId, cause: super::Cause, method: &str, url: &Untrusted) {
        if id.0 as usize != self.exchanges.len() || self.exchanges.len() == Self::MOST_EXCHANGES {
            return;
        }
        self.exchanges.push(Exchange {
            id,
            cause,
            method: method.to_owned(),
            url: url.clone(),
            started: at,
            ended: None,
            phases: super::Phases::default(),
            resolution: None,
            attempts: Vec::new(),
            connection: None,
            reused_connection: false,
            proxy: Vec::new(),
            request: None,
            request_body: super::BodyCount::default(),
            informational: Vec::new(),
            response: None,
            response_body: super::BodyCount::default(),
            preview: None,
            redirected: None,
            failure: None,
        });
    }

    fn fold_connected(&mut self, at: Moment, what: &What) {
        let What::Connected { exchange, connection, local, remote, reused } = what else { return };
        if connection.0 as usize == self.connections.len() && self.connections.len() < Self::MOST_EXCHANGES {
            self.connections.push(Connection {
                id: *connection,
                opened_by: *exchange,
                established: at,
                local: local.clone(),
                remote: remote.clone(),
                tls: None,
                layers: super::Layers::default(),
                kernel: None,
                closed: None,
            });
        }
        if let Some(exchange) = self.exchanges.get_mut(exchange.0 as usize) {
            exchange.connection = Some(*connection);
            exchange.reused_connection = *reused;
        }
    }

    fn add_packet(&mut self, packet: &Packet) {
        self.capture.packets = self.capture.packets.saturating_add(1);
        let tcp = matches!(packet.transport, Transport::Tcp(_));
        let ends = Ends::between(packet.source, packet.destination, tcp);
        let place = match self.flow_index.place(&ends) {
            Some(place) => place,
            None if self.flows.len() == Self::MOST_FLOWS => {
                self.capture.beyond_flows += 1;
                return;
            }
            None => {
                self.flow_index.insert(ends, self.flows.len());
                self.flows.push(Flow::new(opener(packet, tcp)));
                self.flows.len() - 1
            }
        };
        if let Some(flow) = self.flows.get_mut(place) {
            let direction = if packet.source == flow.key.local { Direction::Sent } else { Direction::Received };
            flow.add(packet, direction);
        }
    }
}

/// An address as a packet shows it: a socket's may name the interface too (RFC 4007), or be IPv4 in IPv6's clothes.
fn as_on_the_wire(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Which end opened a flow: the sender of a SYN, the receiver of a SYN-ACK, else the side with the higher port.
fn opener(packet: &Packet, tcp: bool) -> FlowKey {
    use super::TcpFlags;
    let outward = FlowKey { local: packet.source, remote: packet.destination, tcp };
    let inward = FlowKey { local: packet.destination, remote: packet.source, tcp };
    if let Transport::Tcp(tcp) = packet.transport
        && tcp.flags.has(TcpFlags::SYN)
    {
        return if tcp.flags.has(TcpFlags::ACK) { inward } else { outward };
    }
    if packet.source.port() >= packet.destination.port() { outward } else { inward }
}

fn fold_exchange(exchange: &mut Exchange, at: Moment, what: &What) {
    match what {
        What::PhaseBegan { phase, position, .. } => exchange.phases.begin(*phase, at, *position),
        What::PhaseEnded { phase, position, .. } => exchange.phases.end(*phase, at, *position),
        What::Failed { phase, failure, .. } => {
            exchange.phases.begin(*phase, at, None);
            exchange.phases.end(*phase, at, None);
            exchange.failure.get_or_insert((*phase, failure.clone()));
        }
        What::ExchangeEnded { .. } => {
            exchange.ended.get_or_insert(at);
        }
        What::DnsQueried { .. } | What::DnsAnswered { .. } | What::DnsFailed { .. } | What::Resolved { .. } => {
            fold_resolution(exchange.resolution.get_or_insert_default(), at, what);
        }
        What::AttemptStarted { attempt, remote, local, .. } => exchange.attempts.push(Attempt {
            id: *attempt,
            remote: remote.clone(),
            local: local.clone(),
            started: at,
            ended: None,
            outcome: None,
        }),
        What::AttemptEnded { attempt, outcome, .. } => end_attempt(exchange, at, *attempt, outcome),
        What::ProxyTalked { step, .. } => exchange.proxy.push((at, step.clone())),
        _ => fold_message(exchange, at, what),
    }
}

fn end_attempt(exchange: &mut Exchange, at: Moment, id: super::AttemptId, outcome: &AttemptOutcome) {
    if let Some(attempt) = exchange.attempts.iter_mut().find(|attempt| attempt.id == id && attempt.outcome.is_none()) {
        attempt.ended = Some(at);
        attempt.outcome = Some(outcome.clone());
    }
}

fn fold_resolution(resolution: &mut Resolution, at: Moment, what: &What) {
    let (id, outcome) = match what {
        What::DnsQueried { query, name, kind, server, .. } => {
            resolution.queries.push(DnsQuery {
                id: *query,
                name: name.clone(),
                kind: kind.clone(),
                server: *server,
                asked: at,
                ended: None,
                outcome: QueryOutcome::Pending,
            });
            return;
        }
        What::Resolved { source, addresses, .. } => {
            resolution.source = Some(*source);
            resolution.addresses.clone_from(addresses);
            return;
        }
        What::DnsAnswered { query, answer, .. } => (*query, QueryOutcome::Answered(answer.clone())),
        What::DnsFailed { query, reason, .. } => (*query, QueryOutcome::Failed(reason.clone())),
        _ => return,
    };
    if let Some(query) = resolution.queries.iter_mut().find(|query| query.id == id && query.ended.is_none()) {
        query.ended = Some(at);
        query.outcome = outcome;
    }
}

fn fold_message(exchange: &mut Exchange, at: Moment, what: &What) {
    match what {
        What::RequestHead { version, method, target, headers, header_bytes, .. } => {
            exchange.request = Some(Request {
                at,
                version: *version,
                method: method.clone(),
                target: target.clone(),
                headers: headers.clone(),
                header_bytes: *header_bytes,
            });
        }
        What::RequestBody { sent, expected, .. } => {
            exchange.request_body = super::BodyCount { transferred: *sent, decoded: *sent, expected: *expected, at: Some(at) };
        }
        What::Informational { status, headers, .. } => {
            exchange.informational.push(Informational { at, status: *status, headers: headers.clone() });
        }
        What::ResponseHead { version, status, reason, headers, header_bytes, .. } => {
            exchange.response = Some(Response {
                at,
                version: *version,
                status: *status,
                reason: reason.clone(),
                headers: headers.clone(),
                header_bytes: *header_bytes,
                trailers: Vec::new(),
            });
        }
        What::ResponseBody { received, decoded, expected, .. } => {
            exchange.response_body = super::BodyCount { transferred: *received, decoded: *decoded, expected: *expected, at: Some(at) };
        }
        What::Trailers { headers, .. } => {
            if let Some(response) = &mut exchange.response {
                response.trailers.clone_from(headers);
            }
        }
        What::BodyPreview { text, truncated, .. } => exchange.preview = Some((text.clone(), *truncated)),
        What::Redirected { to, withheld, .. } => exchange.redirected = Some((to.clone(), withheld.clone())),
        _ => {}
    }
}

fn fold_connection(connection: &mut Connection, at: Moment, what: &What) {
    match what {
        What::KernelMeasured { figures, .. } => connection.kernel = Some(*figures),
        What::Disconnected { .. } => {
            connection.closed.get_or_insert(at);
        }
        What::Layered { from, records, parts, unlisted, .. } => connection.layers.of_mut(*from).take(records, parts, *unlisted),
        _ => fold_tls(connection.tls.get_or_insert_default(), at, what),
    }
}

fn fold_tls(tls: &mut Tls, at: Moment, what: &What) {
    match what {
        What::TlsMessage { message, .. } => tls.messages.push((at, message.clone())),
        What::TlsCertificates { certificates, .. } => tls.certificates.clone_from(certificates),
        What::TlsVerified { verification, took, .. } => tls.verification = Some((verification.clone(), *took)),
        What::TlsEstablished { handshake, .. } => tls.handshake = Some(handshake.clone()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "parts of a number")]
    fn packets_of_flows_beyond_the_number_that_is_kept_are_counted() {
        const MORE: usize = 10;
        let end = |number: usize| SocketAddr::from(([10, 0, (number >> 8) as u8, number as u8], u16::from((number >> 16) as u8) + 1));
        let mut trace = Trace::default();
        for number in 0..Trace::MOST_FLOWS + MORE {
            let packet = Packet {
                wall: WallTime(0),
                source: end(number),
                destination: SocketAddr::from(([192, 0, 2, 1], 53)),
                frame_bytes: 60,
                payload_bytes: 18,
                transport: Transport::Udp,
                stored: None,
            };
            trace.apply(Event { at: Moment::START, what: What::Packets { packets: vec![packet] } });
        }
        let capture = trace.capture();
        assert_eq!((trace.flows().len(), capture.beyond_flows), (Trace::MOST_FLOWS, MORE as u64));
        assert_eq!(capture.packets, (Trace::MOST_FLOWS + MORE) as u64);
    }
}
