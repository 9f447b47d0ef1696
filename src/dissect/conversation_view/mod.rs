//! What two machines said to each other, packet by packet: a rung for each. Only the rungs that are
//! seen are worked out.

mod packet;
mod packet_contents;

use std::ops::Range;

use super::Dissection;
use crate::insight::{IdleCause, idle_causes_within};
use crate::trace::{Connection, Direction, Exchange, Flow, FlowKey, PacketEntry, Trace};
use crate::units::{Moment, Nanos};
use crate::wire::{TcpFlags, Transport};

pub use packet::{PacketMark, PacketNote, flag_words, relative_seq};
pub use packet_contents::{PacketContents, Reach, part_name};

/// The packets between two ends, and what is known of what they carry.
#[derive(Clone, Copy)]
pub struct ConversationView<'a> {
    /// The run or capture it is in.
    pub trace: &'a Trace,
    /// The packets.
    pub flow: &'a Flow,
    /// The connection of our own that they are of.
    pub connection: Option<&'a Connection>,
    /// What others' conversations say, where it was looked at.
    pub dissection: Option<&'a Dissection>,
}

/// A line of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LadderRow {
    /// A packet, by its place among the flow's.
    Packet(usize),
    /// Nothing passed before a packet, for so long; why, where that can be told.
    Idle {
        /// The packet's place among the flow's.
        before: usize,
        /// How long.
        took: Nanos,
        /// Why.
        cause: Option<IdleCause>,
    },
}

/// Packets looked back at for what is told of one by those before it.
const BACK: usize = 64;

impl<'a> ConversationView<'a> {
    /// The talk that an exchange is: on its connection, else in its latest connection attempt of
    /// which packets were seen.
    pub fn of_exchange(trace: &'a Trace, exchange: &Exchange) -> Option<Self> {
        let connection = exchange.connection.and_then(|id| trace.connection(id));
        let flow = match connection {
            Some(connection) => trace.flow_of(connection)?,
            None => trace.flow(&attempted(trace, exchange)?)?,
        };
        Some(Self {
            trace,
            flow,
            connection,
            dissection: None,
        })
    }

    /// The packet at a place.
    pub fn packet(&self, place: usize) -> Option<&'a PacketEntry> {
        self.flow.packets().get(place)
    }

    /// When a packet passed, on the run's axis.
    pub fn moment(&self, packet: &PacketEntry) -> Option<Moment> {
        self.trace.clock().moment_of(packet.wall)
    }

    /// From SYN to SYN-ACK; `None` where the SYN was sent more than once (RFC 6298 §3).
    pub fn round_trip(&self) -> Option<Nanos> {
        let opening = self
            .flow
            .packets()
            .get(..self.flow.packets().len().min(16))?;
        let mut syns = opening
            .iter()
            .filter(|packet| packet.flags.0 & (TcpFlags::SYN | TcpFlags::ACK) == TcpFlags::SYN);
        let (syn, None) = (syns.next()?, syns.next()) else {
            return None;
        };
        let answer = opening
            .iter()
            .find(|packet| packet.flags.has(TcpFlags::SYN | TcpFlags::ACK))?;
        Some(answer.wall.since(syn.wall))
    }

    /// The least for which nothing has to pass before that is told.
    fn least_idle(&self) -> Nanos {
        self.round_trip()
            .map_or(Nanos::from_millis(5), |round_trip| Nanos(round_trip.0 / 2))
            .max(Nanos::from_millis(1))
    }

    fn idle_before(&self, place: usize, least: Nanos) -> Option<Nanos> {
        let before = self.packet(place.checked_sub(1)?)?;
        Some(self.packet(place)?.wall.since(before.wall)).filter(|took| *took >= least)
    }

    /// The rungs on so many lines: around a packet, or else from the beginning, or at the end.
    pub fn ladder_rows(&self, around: Option<usize>, at_end: bool, lines: usize) -> Vec<LadderRow> {
        let count = self.flow.packets().len();
        let shortest = self.least_idle();
        let taken = |place: usize| 1 + usize::from(self.idle_before(place, shortest).is_some());
        // Backwards from the last packet that shall be seen, as far as there are lines.
        let back_from = |last: usize, room: usize| {
            let mut left = room;
            let fits = |place: &usize| {
                left.checked_sub(taken(*place))
                    .map(|rest| left = rest)
                    .is_some()
            };
            (0..=last).rev().take_while(fits).last().unwrap_or(last)
        };
        let Some(last) = count.checked_sub(1) else {
            return Vec::new();
        };
        let latest_start = back_from(last, lines);
        let start = match around {
            Some(place) => back_from(place.min(last), lines.div_ceil(2)).min(latest_start),
            None if at_end => latest_start,
            None => 0,
        };
        self.from(start..(start + lines).min(count), shortest)
            .take(lines)
            .collect()
    }

    fn from(
        &self,
        range: Range<usize>,
        least: Nanos,
    ) -> impl Iterator<Item = LadderRow> + use<'a, '_> {
        let causes: Vec<(usize, IdleCause)> =
            idle_causes_within(self.flow, least, range.clone()).collect();
        range.flat_map(move |place| {
            let idle = self.idle_before(place, least).map(|took| {
                let cause = causes
                    .iter()
                    .find(|(before, _)| *before == place)
                    .map(|(_, cause)| *cause);
                LadderRow::Idle {
                    before: place,
                    took,
                    cause,
                }
            });
            idle.into_iter().chain([LadderRow::Packet(place)])
        })
    }

    /// The nearest packet with payload before one, of a direction, if it is not far away.
    pub fn latest_payload_before(&self, place: usize, direction: Direction) -> Option<usize> {
        self.before(place)
            .find(|(_, packet)| packet.direction == direction && packet.payload_bytes > 0)
            .map(|(place, _)| place)
    }

    /// The packets before one, the nearest first, no more than some.
    fn before(&self, place: usize) -> impl Iterator<Item = (usize, &'a PacketEntry)> + use<'a> {
        let packets = self.flow.packets();
        (place.saturating_sub(BACK)..place)
            .rev()
            .filter_map(move |place| packets.get(place).map(|packet| (place, packet)))
    }
}

/// The flow of the latest connection attempt of which packets were seen.
fn attempted(trace: &Trace, exchange: &Exchange) -> Option<FlowKey> {
    exchange.attempts.iter().rev().find_map(|attempt| {
        let (local, remote) = (attempt.local.as_ref()?.ip()?, attempt.remote.ip()?);
        trace
            .flow(&FlowKey {
                local,
                remote,
                transport: Transport::Tcp,
                reuse: 0,
            })
            .map(|flow| flow.key)
    })
}
