//! Mapping from a packet to its phase and event, and back.

use super::Cursor;
use crate::timeline::Lane;
use crate::trace::{
    Direction, EventKind, Exchange, ExchangeId, Flow, FlowKey, Phase, StreamPosition, Trace,
};
use crate::tui::cursor::conversation_of_cursor;
use crate::tui::screen_run::ScreenRun;
use crate::units::Moment;
use crate::wire::Side;

/// Returns when a packet passed.
pub(super) fn moment_of(run: &ScreenRun, flow: &FlowKey, index: usize) -> Option<Moment> {
    let packet = run.trace.flow(flow)?.packets().get(index)?;
    run.trace.clock().moment_of(packet.wall)
}

/// Returns the exchange and the phase in which a packet passed.
pub(super) fn lane_of(run: &ScreenRun, flow: &FlowKey, index: usize) -> Option<(ExchangeId, Lane)> {
    let at = moment_of(run, flow, index)?;
    let exchange = exchange_at(&run.trace, flow, at)?;
    let spans = || {
        exchange
            .phases
            .iter()
            .filter(|(phase, _)| *phase != Phase::Dns)
    };
    let phase =
        spans().find(|(_, span)| span.began <= at && span.ended.is_none_or(|ended| at < ended));
    // Packets after the last phase, such as a last ACK or FIN, belong to that phase.
    let phase = phase
        .or_else(|| spans().filter(|(_, span)| span.began <= at).last())
        .or_else(|| spans().next());
    Some((
        exchange.id,
        phase.map_or(Lane::Folded, |(phase, _)| Lane::Phase(phase)),
    ))
}

/// Returns the listed event nearest to a packet in time.
pub(super) fn event_of(run: &ScreenRun, flow: &FlowKey, index: usize) -> Option<usize> {
    let at = moment_of(run, flow, index)?;
    let after = run
        .listed_events
        .partition_point(|&listed| run.event(listed).is_some_and(|event| event.at < at));
    let near = [after.checked_sub(1), Some(after)]
        .into_iter()
        .flatten()
        .filter_map(|line| run.listed_events.get(line).copied());
    near.min_by_key(|&listed| {
        run.event(listed)
            .map_or(u64::MAX, |event| event.at.0.abs_diff(at.0))
    })
}

/// Returns the packet that carried what an event or a row is about, otherwise the next one in time.
pub(super) fn packet_of_cursor(run: &ScreenRun, cursor: Cursor) -> Option<(FlowKey, usize)> {
    let conversation = conversation_of_cursor(run, cursor)?;
    let carrier = match cursor {
        Cursor::Event(index) => packet_of_event(run, conversation.flow, index),
        Cursor::Lane(id, lane) => lane
            .phase()
            .and_then(|phase| packet_of_phase(run.trace.exchange(id)?, conversation.flow, phase)),
        Cursor::Run | Cursor::Flow(_) | Cursor::Packet(..) => None,
    };
    let next = || {
        let wall = run.trace.clock().wall_of(cursor.moment(run)?)?;
        let packets = conversation.flow.packets();
        let after = packets.partition_point(|packet| packet.wall < wall);
        packets.len().checked_sub(1).map(|last| after.min(last))
    };
    Some((conversation.flow.key, carrier.or_else(next)?))
}

fn packet_of_event(run: &ScreenRun, flow: &Flow, index: usize) -> Option<usize> {
    let kind = &run.event(index)?.kind;
    let exchange = || kind.exchange().and_then(|id| run.trace.exchange(id));
    match kind {
        EventKind::TlsMessage { message, .. } => {
            let direction = if message.from == Side::Client {
                Direction::Sent
            } else {
                Direction::Received
            };
            flow.first_packet_carrying(direction, message.offset)
        }
        EventKind::RequestHead { .. } => packet_of_phase(exchange()?, flow, Phase::Send),
        EventKind::ResponseHead { .. } => packet_of_phase(exchange()?, flow, Phase::Receive),
        _ => None,
    }
}

/// Returns the packet that carried the first byte of a phase.
fn packet_of_phase(exchange: &Exchange, flow: &Flow, phase: Phase) -> Option<usize> {
    let StreamPosition { sent, received, .. } = exchange.phases.get(phase)?.began_position?;
    match phase {
        Phase::Receive => flow.first_packet_carrying(Direction::Received, received),
        Phase::Proxy | Phase::Tls | Phase::Send => {
            flow.first_packet_carrying(Direction::Sent, sent)
        }
        Phase::Wait => flow.first_packet_carrying(Direction::Sent, sent.checked_sub(1)?),
        Phase::Dns | Phase::Connect => None,
    }
}

/// Returns the exchange on a flow's connection that had begun last at an instant, otherwise the
/// first one on it.
fn exchange_at<'a>(trace: &'a Trace, flow: &FlowKey, at: Moment) -> Option<&'a Exchange> {
    let tried = |exchange: &Exchange| {
        exchange.attempts.iter().any(|attempt| {
            attempt.local.as_ref().and_then(crate::trace::Endpoint::ip) == Some(flow.local)
        })
    };
    let Some(connection) = trace.connection_of(flow) else {
        return trace
            .exchanges()
            .iter()
            .rev()
            .find(|exchange| tried(exchange));
    };
    let first = trace
        .exchanges()
        .partition_point(|exchange| exchange.id < connection.opened_by);
    let on_it = trace
        .exchanges()
        .iter()
        .skip(first)
        .filter(|exchange| exchange.connection == Some(connection.id));
    on_it
        .clone()
        .take_while(|exchange| exchange.started <= at)
        .last()
        .or_else(|| on_it.clone().next())
}
