//! Assignment of packets to phases.
//!
//! | packet | phase |
//! |---|---|
//! | to or from a name server that was queried | dns |
//! | of a failed connection attempt; SYN and SYN-ACK | connect |
//! | with payload | the one whose part of the stream contains its first byte |
//! | without payload | the one in progress on the program's clock when it passed |

use crate::trace::{Direction, Endpoint, Exchange, Flow, FlowKey, PacketEntry, Phase, Trace};
use crate::units::Moment;
use crate::wire::TcpFlags;

/// The phase of an exchange that a packet belongs to; `None` if it belongs to none.
pub fn phase_of_packet(
    trace: &Trace,
    exchange: &Exchange,
    flow: &Flow,
    packet: &PacketEntry,
) -> Option<Phase> {
    let asked = exchange.resolution.as_ref().is_some_and(|resolution| {
        resolution
            .queries
            .iter()
            .any(|query| [flow.key.local, flow.key.remote].contains(&query.server.address))
    });
    if asked {
        return exchange.phases.get(Phase::Dns).map(|_| Phase::Dns);
    }
    let own = exchange
        .connection
        .and_then(|id| trace.connection(id))
        .and_then(|connection| trace.flow_of(connection));
    if own.is_none_or(|own| own.key != flow.key) {
        return is_connection_attempt(exchange, &flow.key).then_some(Phase::Connect);
    }
    if packet.flags.has(TcpFlags::SYN) {
        return exchange.phases.get(Phase::Connect).map(|_| Phase::Connect);
    }
    let carried = (packet.payload_bytes > 0)
        .then(|| phase_by_position(exchange, packet))
        .flatten();
    carried.or_else(|| phase_by_time(exchange, trace.clock().moment_of(packet.wall)?))
}

fn is_connection_attempt(exchange: &Exchange, key: &FlowKey) -> bool {
    let local = |end: Option<&Endpoint>| end.and_then(Endpoint::ip) == Some(key.local);
    exchange
        .attempts
        .iter()
        .any(|attempt| attempt.remote.ip() == Some(key.remote) && local(attempt.local.as_ref()))
}

fn phase_by_position(exchange: &Exchange, packet: &PacketEntry) -> Option<Phase> {
    let found = exchange.phases.iter().find(|(_, span)| {
        let (Some(from), Some(to)) = (span.began_position, span.ended_position) else {
            return false;
        };
        let part = match packet.direction {
            Direction::Sent => from.sent..to.sent,
            Direction::Received => from.received..to.received,
        };
        part.contains(&packet.offset)
    });
    found.map(|(phase, _)| phase)
}

fn phase_by_time(exchange: &Exchange, at: Moment) -> Option<Phase> {
    let began = exchange
        .phases
        .iter()
        .filter(|(_, span)| span.began <= at && span.ended.is_none_or(|ended| at <= ended));
    began.map(|(phase, _)| phase).last()
}
