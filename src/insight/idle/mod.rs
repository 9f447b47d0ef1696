//! Stretches in which nothing passed on a connection, and why: told from the packets around them.
//!
//! | cause | what the packets show |
//! |---|---|
//! | handshake | between SYN and SYN-ACK: the network's round trip |
//! | lost | what ends it was sent before; it is sent again after a timeout (RFC 6298), or after duplicate acknowledgments (RFC 5681 §3.2) |
//! | window | the bytes under way fill the window that the receiver has announced (RFC 9293 §3.8.6) |
//! | acknowledgment | the sender goes on a round trip after its latest bytes were acknowledged: it might have no more under way (RFC 5681 §3.1) |
//! | delayed ack | a small segment waits, by Nagle's algorithm, for the acknowledgment of the one before it, which is delayed (RFC 9293 §3.7.4, RFC 1122 §4.2.3.2) |
//! | server | the last to say something was the client |
//! | client | the last to say something was the server, or the client goes on by itself |
//!
//! The rules are inferred: TCP does not say why it waits. Round trips are the handshake's.

mod cause;
mod tcp_state;
mod totals;

use std::ops::Range;

use super::exchange_packets::ExchangePackets;
use crate::trace::{Exchange, Flow, PacketEntry, Trace};
use crate::units::{Moment, Nanos};

pub use cause::IdleCause;
use tcp_state::TcpState;
pub use totals::{IdleTotal, MIN_IDLE, idle_totals, idle_totals_within};

/// A stretch in which nothing passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdlePeriod {
    /// When the packet before it passed.
    pub began: Moment,
    /// When the packet after it did.
    pub ended: Moment,
    /// Place of the packet after it among the flow's packets.
    pub next_packet: usize,
    /// Why.
    pub cause: IdleCause,
}

impl IdlePeriod {
    /// How long nothing passed.
    pub fn duration(&self) -> Nanos {
        self.ended.since(self.began)
    }
}

/// Stretches that are told of one exchange.
const MAX_PERIODS: usize = 4_096;

/// The stretches of at least `least` on an exchange's connection in the exchange's time, in their
/// order; `None` where no packet of it was seen.
pub fn idle_periods(trace: &Trace, exchange: &Exchange, least: Nanos) -> Option<Vec<IdlePeriod>> {
    let flow = trace.flow_of(trace.connection(exchange.connection?)?)?;
    let span = ExchangePackets::range(trace, exchange, flow);
    let at = |packet: &PacketEntry| trace.clock().moment_of(packet.wall);
    let mut found = Vec::new();
    for (before, cause) in idle_causes(flow, least)
        .skip_while(|(before, _)| *before <= span.start)
        .take_while(|(before, _)| *before < span.end)
    {
        let edges = before.checked_sub(1).and_then(|after| {
            Some((
                at(flow.packets().get(after)?)?,
                at(flow.packets().get(before)?)?,
            ))
        });
        if let Some((began, ended)) = edges.filter(|_| found.len() < MAX_PERIODS) {
            found.push(IdlePeriod {
                began,
                ended,
                next_packet: before,
                cause,
            });
        }
    }
    Some(found)
}

/// The causes of a flow's stretches of at least `least`, each with the place of the packet after
/// it.
pub fn idle_causes(flow: &Flow, least: Nanos) -> impl Iterator<Item = (usize, IdleCause)> {
    let mut state = TcpState::new(flow);
    let packets = flow.packets();
    packets
        .iter()
        .enumerate()
        .filter_map(move |(place, packet)| {
            let cause = state.cause_of(packets, place, least);
            state.observe(packet);
            cause.map(|cause| (place, cause))
        })
}

impl TcpState<'_> {
    /// Why nothing passed before the packet at a place, if that was for so long.
    fn cause_of(&self, packets: &[PacketEntry], place: usize, least: Nanos) -> Option<IdleCause> {
        let (before, packet) = (packets.get(place.checked_sub(1)?)?, packets.get(place)?);
        let is_idle = packet.wall.since(before.wall) >= least;
        is_idle
            .then(|| {
                cause::cause_between(
                    self,
                    before,
                    packet,
                    packets.get(place + 1..).unwrap_or_default(),
                )
            })
            .flatten()
    }
}

/// As [`causes`], for a few packets amid many: those of `range`. What TCP knew before them is
/// gathered from the handshake and from no more than some thousands of packets right before.
pub fn idle_causes_within(
    flow: &Flow,
    least: Nanos,
    range: Range<usize>,
) -> impl Iterator<Item = (usize, IdleCause)> {
    const BEFORE: usize = 4_096;
    const HANDSHAKE: usize = 16;
    let packets = flow.packets();
    let mut state = TcpState::new(flow);
    let near = range.start.saturating_sub(BEFORE);
    let before = (0..near.min(HANDSHAKE)).chain(near..range.start.min(packets.len()));
    before
        .filter_map(|place| packets.get(place))
        .for_each(|packet| state.observe(packet));
    range.filter_map(move |place| {
        let cause = state.cause_of(packets, place, least);
        state.observe(packets.get(place)?);
        cause.map(|cause| (place, cause))
    })
}

#[cfg(test)]
mod tests;
