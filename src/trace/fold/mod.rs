//! The fold.

mod connection;
mod exchange;
mod retiring;

use std::net::SocketAddr;

use super::flows::Flows;
use super::{
    Capture, CaptureState, ClockMap, ClockPair, Connection, ConnectionId, Event, Exchange,
    ExchangeId, Flow, FlowKey, Forgotten, Link, Packet, PacketLimits, Phase, Retired, What,
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

/// All that is known about a run. [`Trace::apply`] is its only mutator, but for [`Trace::retire`],
/// which forgets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    tool_version: Option<String>,
    started_at: Option<WallTime>,
    ended: Option<Moment>,
    latest: Moment,
    exchanges: Vec<Exchange>,
    /// How many exchanges and connections began, those that are no longer held included.
    begun: usize,
    connected: usize,
    connections: Vec<Connection>,
    retired: Retired,
    flows: Flows,
    capture: Capture,
    clock: ClockMap,
    control: Option<Control>,
    link: Option<Link>,
    log: Vec<Event>,
    unlogged: u64,
    dropped: u64,
}

impl Trace {
    /// Exchanges held at a time. A run of more is cut, unless exchanges that are over [are
    /// retired](Trace::retire).
    pub const MOST_EXCHANGES: usize = 100_000;
    /// Events kept for the event list.
    const MOST_LOGGED: usize = 200_000;

    /// Takes in what happened. Events that name an exchange or connection which never began are
    /// ignored: a file may be crafted.
    pub fn apply(&mut self, event: Event) {
        self.latest = self.latest.max(event.at);
        let Event { at, what } = &event;
        match what {
            What::Packets { packets } => {
                return packets.iter().for_each(|packet| self.add_packet(packet));
            }
            What::Undelivered { errors } => {
                return errors
                    .iter()
                    .for_each(|error| self.flows.add_undelivered(error));
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
        if self.log.len() >= Self::MOST_LOGGED && self.limits().keeps_latest {
            self.log.drain(..Self::MOST_LOGGED / 4);
            self.unlogged += Self::MOST_LOGGED as u64 / 4;
        }
        if self.log.len() < Self::MOST_LOGGED {
            self.log.push(event);
        } else {
            self.unlogged += 1;
        }
    }

    /// A trace that lists so many packets and flows.
    pub fn within(limits: PacketLimits) -> Self {
        Self {
            flows: Flows::within(limits),
            ..Self::default()
        }
    }

    /// How many packets and flows it lists.
    pub const fn limits(&self) -> PacketLimits {
        self.flows.limits()
    }

    /// The packets and flows that it no longer lists.
    pub const fn forgotten(&self) -> Forgotten {
        self.flows.forgotten()
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

    /// The exchanges that are held, in the order they began.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// One exchange.
    pub fn exchange(&self, id: ExchangeId) -> Option<&Exchange> {
        at(&self.exchanges, id.0 as usize, |exchange| {
            exchange.id.0 as usize
        })
        .and_then(|place| self.exchanges.get(place))
    }

    /// The connections, in the order they were established.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// What is known of exchanges that are no longer held.
    pub const fn retired(&self) -> &Retired {
        &self.retired
    }

    /// One connection.
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        at(&self.connections, id.0 as usize, |connection| {
            connection.id.0 as usize
        })
        .and_then(|place| self.connections.get(place))
    }

    /// The flows seen on the wire.
    pub fn flows(&self) -> &[Flow] {
        self.flows.list()
    }

    /// The packets of a connection. Of flows between the same ends it is the latest that had begun
    /// when the connection was established.
    pub fn flow_of(&self, connection: &Connection) -> Option<&Flow> {
        let (local, remote) = (
            as_on_the_wire(connection.local.ip()?),
            as_on_the_wire(connection.remote.ip()?),
        );
        let key = FlowKey {
            local,
            remote,
            tcp: true,
            reuse: 0,
        };
        let began = |flow: &Flow| {
            flow.packets()
                .first()
                .and_then(|packet| self.clock.moment_of(packet.wall))
        };
        self.flows
            .latest(&key, |flow| began(flow) <= Some(connection.established))
    }

    /// The latest connection that a flow's packets are of.
    pub fn connection_of(&self, flow: &FlowKey) -> Option<&Connection> {
        let wire = |end: &super::Endpoint| end.ip().map(as_on_the_wire);
        let (local, remote) = (Some(flow.local), Some(flow.remote));
        self.connections
            .iter()
            .rev()
            .filter(|_| flow.tcp)
            .find(|connection| {
                let ends = (wire(&connection.local), wire(&connection.remote));
                let meet = ends == (local, remote) || ends == (remote, local);
                meet && self
                    .flow_of(connection)
                    .is_some_and(|its| its.key.reuse == flow.reuse)
            })
    }

    /// The packets of one flow, whichever end is taken for the local one.
    pub fn flow(&self, key: &FlowKey) -> Option<&Flow> {
        self.flows.of(key)
    }

    /// The latest flow between the ends of a packet.
    pub fn flow_with(&self, packet: &Packet) -> Option<&Flow> {
        let tcp = matches!(packet.transport, super::Transport::Tcp(_));
        let key = FlowKey {
            local: packet.source,
            remote: packet.destination,
            tcp,
            reuse: 0,
        };
        self.flows.latest(&key, |_| true)
    }

    /// Where a flow stands among all.
    pub fn place_of(&self, key: &FlowKey) -> Option<usize> {
        self.flows.place(key)
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
        let retried = |i: usize| {
            self.exchanges
                .get(i + 1)
                .is_some_and(|next| next.cause == super::Cause::Retry)
        };
        let mut kept = self
            .exchanges
            .iter()
            .enumerate()
            .rev()
            .filter(|(i, _)| !retried(*i));
        let held = kept.find_map(|(_, exchange)| Some((exchange.id, exchange.failure.as_ref()?)));
        let retired = self
            .retired
            .failure
            .as_ref()
            .map(|(id, failure)| (*id, failure));
        held.into_iter()
            .chain(retired)
            .max_by_key(|(id, _)| id.0)
            .map(|(_, failure)| failure)
    }

    fn fold(&mut self, at: Moment, what: &What) {
        match what {
            What::RunStarted {
                tool_version,
                started_at,
                ..
            } => {
                self.tool_version = Some(tool_version.clone());
                self.started_at = Some(*started_at);
            }
            What::ClockPaired { wall, uncertainty } => self.clock.add(ClockPair {
                at,
                wall: *wall,
                uncertainty: *uncertainty,
            }),
            What::RunEnded => self.ended = Some(at),
            What::Dropped { count } => self.dropped = self.dropped.saturating_add(*count),
            What::ControlMeasured {
                status,
                headers,
                total,
                error,
            } => {
                self.control = Some(Control {
                    status: *status,
                    headers: *headers,
                    total: *total,
                    error: error.clone(),
                });
            }
            What::LinkSet { link } => self.link = Some(link.clone()),
            What::OtherFrames { frames } => {
                self.capture.packets = self.capture.packets.saturating_add(frames.total());
                self.capture.others.add(*frames);
            }
            What::CaptureOpened { .. }
            | What::CaptureUnavailable { .. }
            | What::CaptureOff
            | What::CaptureClosed { .. } => {
                self.fold_capture(what);
            }
            What::ExchangeStarted {
                exchange,
                cause,
                method,
                url,
            } => self.start_exchange(at, *exchange, *cause, method, url),
            What::Connected { .. } => self.fold_connected(at, what),
            What::Packets { .. } | What::Undelivered { .. } | What::Note { .. } => {}
            _ => {
                if let Some(exchange) = what.exchange().and_then(|id| self.exchange_mut(id)) {
                    exchange::fold_exchange(exchange, at, what);
                } else if let Some(connection) =
                    what.connection().and_then(|id| self.connection_mut(id))
                {
                    connection::fold_connection(connection, at, what);
                }
            }
        }
    }

    fn fold_capture(&mut self, what: &What) {
        match what {
            What::CaptureOpened {
                interface,
                link_type,
            } => {
                self.capture.state = CaptureState::On;
                self.capture.interface = Some(interface.clone());
                self.capture.link_type = Some(link_type.clone());
            }
            What::CaptureUnavailable { reason, remedy } => {
                self.capture.state = CaptureState::Unavailable {
                    reason: reason.clone(),
                    remedy: remedy.clone(),
                };
            }
            What::CaptureOff => self.capture.state = CaptureState::Off,
            What::CaptureClosed { dropped, .. } => {
                self.capture.dropped =
                    Some(self.capture.dropped.unwrap_or(0).saturating_add(*dropped));
            }
            _ => {}
        }
    }

    fn start_exchange(
        &mut self,
        at: Moment,
        id: ExchangeId,
        cause: super::Cause,
        method: &str,
        url: &Untrusted,
    ) {
        if id.0 as usize == self.begun && self.exchanges.len() < Self::MOST_EXCHANGES {
            self.begun += 1;
            self.exchanges
                .push(exchange::started(at, id, cause, method, url));
        }
    }

    fn fold_connected(&mut self, at: Moment, what: &What) {
        let What::Connected {
            exchange,
            connection,
            local,
            remote,
            reused,
        } = what
        else {
            return;
        };
        if connection.0 as usize == self.connected && self.connections.len() < Self::MOST_EXCHANGES
        {
            self.connected += 1;
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
        if let Some(exchange) = self.exchange_mut(*exchange) {
            exchange.connection = Some(*connection);
            exchange.reused_connection = *reused;
        }
    }

    fn exchange_mut(&mut self, id: ExchangeId) -> Option<&mut Exchange> {
        at(&self.exchanges, id.0 as usize, |exchange| {
            exchange.id.0 as usize
        })
        .and_then(|place| self.exchanges.get_mut(place))
    }

    fn connection_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        at(&self.connections, id.0 as usize, |connection| {
            connection.id.0 as usize
        })
        .and_then(|place| self.connections.get_mut(place))
    }

    fn add_packet(&mut self, packet: &Packet) {
        self.capture.packets = self.capture.packets.saturating_add(1);
        if !self.flows.add(packet) {
            self.capture.beyond_flows += 1;
        }
    }
}

/// Returns where in a list, which is in the order of numbers, the one with a number is. While none
/// has gone that is the number itself.
fn at<T>(list: &[T], number: usize, number_of: impl Fn(&T) -> usize) -> Option<usize> {
    if list
        .get(number)
        .is_some_and(|found| number_of(found) == number)
    {
        return Some(number);
    }
    list.binary_search_by_key(&number, number_of).ok()
}

/// An address as a packet shows it: a socket's may name the interface too (RFC 4007), or be IPv4 in
/// IPv6's clothes.
fn as_on_the_wire(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
