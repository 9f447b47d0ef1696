//! Packets of a conversation as a sequence diagram (ladder): a row per packet and idle period. Only
//! visible rows are computed.

mod idle;
mod packet;
mod packet_contents;

use std::ops::Range;

use super::Dissection;
use crate::trace::{Connection, Direction, Exchange, Flow, FlowKey, PacketEntry, Trace};
use crate::units::{Moment, Nanos};
use crate::wire::{TcpFlags, Transport};

pub use packet::{PacketMark, PacketNote, flag_words, relative_seq};
pub use packet_contents::{PacketContents, Reach, part_name};

/// A conversation: its packets, and what is known of their contents.
#[derive(Clone, Copy)]
pub struct ConversationView<'a> {
    /// The trace of the run or capture.
    pub trace: &'a Trace,
    /// The flow with the packets.
    pub flow: &'a Flow,
    /// The connection, if it is one of this program.
    pub connection: Option<&'a Connection>,
    /// The dissection, if the conversation of another program was dissected.
    pub dissection: Option<&'a Dissection>,
}

/// A row of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LadderRow {
    /// A packet, by its index in the flow.
    Packet(usize),
    /// An idle period before a packet.
    Idle {
        /// Index of the packet that ended it.
        before: usize,
        /// Its duration.
        took: Nanos,
    },
}

/// Maximum number of earlier packets that are examined to describe one.
const BACK: usize = 64;

impl<'a> ConversationView<'a> {
    /// Returns the conversation of an exchange: that of its connection, else of its latest
    /// connection attempt with captured packets.
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

    /// Returns the packet at an index.
    pub fn packet(&self, place: usize) -> Option<&'a PacketEntry> {
        self.flow.packets().get(place)
    }

    /// Returns when a packet was captured, on the run's axis.
    pub fn moment(&self, packet: &PacketEntry) -> Option<Moment> {
        self.trace.clock().moment_of(packet.wall)
    }

    /// Returns the time from SYN to SYN-ACK; `None` if the SYN was retransmitted (RFC 6298 §3).
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

    /// Returns the shortest idle period that is shown.
    fn least_idle(&self) -> Nanos {
        self.round_trip()
            .map_or(Nanos::from_millis(5), |round_trip| Nanos(round_trip.0 / 2))
            .max(Nanos::from_millis(1))
    }

    fn idle_before(&self, place: usize, least: Nanos) -> Option<Nanos> {
        let before = self.packet(place.checked_sub(1)?)?;
        Some(self.packet(place)?.wall.since(before.wall)).filter(|took| *took >= least)
    }

    /// Returns the rows that fit on `lines`: around a packet, or from the beginning or up to the
    /// end.
    pub fn ladder_rows(&self, around: Option<usize>, at_end: bool, lines: usize) -> Vec<LadderRow> {
        let count = self.flow.packets().len();
        let shortest = self.least_idle();
        let taken = |place: usize| 1 + usize::from(self.idle_before(place, shortest).is_some());
        // Collects rows backwards from the last visible packet while there is room.
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
        range.flat_map(move |place| {
            let took = self.idle_before(place, least);
            let idle = took.map(|took| LadderRow::Idle {
                before: place,
                took,
            });
            idle.into_iter().chain([LadderRow::Packet(place)])
        })
    }

    /// Returns the nearest earlier packet with payload in a direction, if it is not too far away.
    pub fn latest_payload_before(&self, place: usize, direction: Direction) -> Option<usize> {
        self.before(place)
            .find(|(_, packet)| packet.direction == direction && packet.payload_bytes > 0)
            .map(|(place, _)| place)
    }

    /// Iterates over the packets before one, the nearest first, up to a limit.
    fn before(&self, place: usize) -> impl Iterator<Item = (usize, &'a PacketEntry)> + use<'a> {
        let packets = self.flow.packets();
        (place.saturating_sub(BACK)..place)
            .rev()
            .filter_map(move |place| packets.get(place).map(|packet| (place, packet)))
    }
}

/// Returns the flow of the latest connection attempt with captured packets.
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
