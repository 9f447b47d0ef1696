//! The fold of events into a [`Trace`].

mod apply;
mod exchange;
mod retirement;

use std::net::SocketAddr;

use super::flow_table::FlowTable;
use super::{
    Capture, ClockMap, Connection, ConnectionId, DelayReason, Event, Evicted, Exchange, ExchangeId,
    Flow, FlowKey, LinkConfig, Packet, PacketLimits, Phase, RetiredExchanges,
};
use crate::units::{Moment, Nanos, Untrusted, WallTime};
use crate::wire::Transport;

/// Measurement of the same request by an ordinary HTTP client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlMeasurement {
    /// Status of the final response.
    pub status: Option<u16>,
    /// Time until the response head was received.
    pub headers: Nanos,
    /// Time until the response body was received.
    pub total: Nanos,
    /// Why it failed, if it did.
    pub error: Option<Untrusted>,
}

/// All that is known about a run. Only [`Trace::apply`] adds to it; [`Trace::retire`] removes from
/// it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    tool_version: Option<String>,
    started_at: Option<WallTime>,
    ended: Option<Moment>,
    latest: Moment,
    exchanges: Vec<Exchange>,
    /// The latest end of an exchange.
    latest_end: Option<Moment>,
    /// The wait before the next exchange, if the program chose one.
    delay: Option<(Moment, Nanos, DelayReason)>,
    /// Number of exchanges and connections started, including retired ones.
    exchanges_started: usize,
    connections_opened: usize,
    connections: Vec<Connection>,
    retired: RetiredExchanges,
    flows: FlowTable,
    capture: Capture,
    clock: ClockMap,
    control: Option<ControlMeasurement>,
    link: Option<LinkConfig>,
    log: Vec<Event>,
    unlogged: u64,
    dropped: u64,
}

impl Trace {
    /// Maximum number of exchanges held at a time. A run of more is truncated unless finished
    /// exchanges [are retired](Trace::retire).
    pub const MAX_EXCHANGES: usize = 100_000;

    /// Creates a trace with limits on listed packets and flows.
    pub fn with_limits(limits: PacketLimits) -> Self {
        Self {
            flows: FlowTable::with_limits(limits),
            ..Self::default()
        }
    }

    /// Limits on listed packets and flows.
    pub const fn limits(&self) -> PacketLimits {
        self.flows.limits()
    }

    /// Number of packets and flows that were evicted.
    pub const fn evicted(&self) -> Evicted {
        self.flows.evicted()
    }

    /// Folds a sequence of events into a trace.
    pub fn from_events(events: impl IntoIterator<Item = Event>) -> Self {
        let mut trace = Self::default();
        for event in events {
            trace.apply(event);
        }
        trace
    }

    /// Version of the program that recorded the run.
    pub fn tool_version(&self) -> Option<&str> {
        self.tool_version.as_deref()
    }

    /// Wall-clock time of the run's start.
    pub const fn started_at(&self) -> Option<WallTime> {
        self.started_at
    }

    /// When the run ended.
    pub const fn ended(&self) -> Option<Moment> {
        self.ended
    }

    /// Time of the latest event.
    pub const fn latest(&self) -> Moment {
        self.latest
    }

    /// Exchanges held, in the order in which they began.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Returns an exchange by its number.
    pub fn exchange(&self, id: ExchangeId) -> Option<&Exchange> {
        position_by_number(&self.exchanges, id.0 as usize, |exchange| {
            exchange.id.0 as usize
        })
        .and_then(|index| self.exchanges.get(index))
    }

    /// The connections, in the order they were established.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Statistics of exchanges that are no longer held.
    pub const fn retired(&self) -> &RetiredExchanges {
        &self.retired
    }

    /// Returns a connection by its number.
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        position_by_number(&self.connections, id.0 as usize, |connection| {
            connection.id.0 as usize
        })
        .and_then(|index| self.connections.get(index))
    }

    /// The flows seen on the wire.
    pub fn flows(&self) -> &[Flow] {
        self.flows.list()
    }

    /// Returns the packets of a connection: of the flows between its endpoints, the latest one that
    /// had begun when the connection was established.
    pub fn flow_of(&self, connection: &Connection) -> Option<&Flow> {
        let local = canonical_address(connection.local.ip()?);
        let remote = canonical_address(connection.remote.ip()?);
        let key = FlowKey {
            local,
            remote,
            transport: Transport::Tcp,
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

    /// Returns the latest connection that a flow belongs to.
    pub fn connection_of(&self, flow: &FlowKey) -> Option<&Connection> {
        let wire = |end: &super::Endpoint| end.ip().map(canonical_address);
        let local = Some(flow.local);
        let remote = Some(flow.remote);
        self.connections
            .iter()
            .rev()
            .filter(|_| flow.transport == Transport::Tcp)
            .find(|connection| {
                let ends = (wire(&connection.local), wire(&connection.remote));
                let meet = ends == (local, remote) || ends == (remote, local);
                meet && self
                    .flow_of(connection)
                    .is_some_and(|its| its.key.reuse == flow.reuse)
            })
    }

    /// Returns a flow by its key, whichever endpoint the key takes for the local one.
    pub fn flow(&self, key: &FlowKey) -> Option<&Flow> {
        self.flows.get(key)
    }

    /// Returns the latest flow between the endpoints of a packet.
    pub fn latest_flow_of(&self, packet: &Packet) -> Option<&Flow> {
        let key = FlowKey {
            local: packet.source,
            remote: packet.destination,
            transport: packet.transport.transport(),
            reuse: 0,
        };
        self.flows.latest(&key, |_| true)
    }

    /// Returns the position of a flow in the list of flows.
    pub fn index_of_flow(&self, key: &FlowKey) -> Option<usize> {
        self.flows.index_of(key)
    }

    /// The state of packet capture.
    pub const fn capture(&self) -> &Capture {
        &self.capture
    }

    /// Mapping from packets' wall-clock time to the run's axis.
    pub const fn clock(&self) -> &ClockMap {
        &self.clock
    }

    /// Measurement by an ordinary HTTP client, if there was one.
    pub const fn control(&self) -> Option<&ControlMeasurement> {
        self.control.as_ref()
    }

    /// Latest configuration of the lab's link; `None` without a lab.
    pub const fn link(&self) -> Option<&LinkConfig> {
        self.link.as_ref()
    }

    /// Events in order, without packets and progress reports.
    pub fn log(&self) -> &[Event] {
        &self.log
    }

    /// Number of events that were folded but are not in the log because there were too many.
    pub const fn unlogged(&self) -> u64 {
        self.unlogged
    }

    /// Number of events that were lost before they reached the fold.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The failure that decided the run: the last one that was not followed by a retry.
    pub fn failure(&self) -> Option<&(Phase, super::Failure)> {
        let retried = |i: usize| {
            self.exchanges
                .get(i + 1)
                .is_some_and(|next| next.cause == super::ExchangeCause::Retry)
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
}

/// Returns the position of the item with a number, in a list sorted by number. As long as nothing
/// was removed, that is the number itself. Usually none of the latest items was removed, so their
/// positions follow from the distance to the end.
fn position_by_number<T>(
    list: &[T],
    number: usize,
    number_of: impl Fn(&T) -> usize,
) -> Option<usize> {
    let is_at = |place: &usize| {
        list.get(*place)
            .is_some_and(|found| number_of(found) == number)
    };
    let among_last = || {
        let behind = number_of(list.last()?).checked_sub(number)?;
        list.len().checked_sub(behind.checked_add(1)?)
    };
    Some(number)
        .filter(is_at)
        .or_else(|| among_last().filter(is_at))
        .or_else(|| list.binary_search_by_key(&number, number_of).ok())
}

/// Returns an address as packets show it, without an IPv6 zone (RFC 4007) and with IPv4-mapped
/// addresses as IPv4.
fn canonical_address(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_after_any_removals() {
        let lists: [&[usize]; 6] = [
            &[],
            &[0, 1, 2, 3],
            &[7, 8, 9],
            &[0, 1, 5, 8, 9],
            &[2, 4, 8],
            &[0, usize::MAX],
        ];
        for list in lists {
            for number in (0..12).chain([usize::MAX - 1, usize::MAX]) {
                let place = list.iter().position(|found| *found == number);
                assert_eq!(
                    position_by_number(list, number, |found| *found),
                    place,
                    "{number} in {list:?}"
                );
            }
        }
    }
}
