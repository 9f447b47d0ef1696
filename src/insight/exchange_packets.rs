//! Lookup of the packet that carried a byte of a connection's streams, and its time.

use std::ops::Range;

use crate::trace::{ClockMap, Direction, Exchange, Flow, PacketEntry, Trace};
use crate::units::{Moment, Nanos};
use crate::wire::TcpFlags;
use crate::wire::assembler::Coverage;

/// Maximum number of gaps that are tracked, as a limit for hostile peers.
const MOST_GAPS: usize = 1_024;

/// Packets of an exchange's connection from the time of the exchange, on the run's axis.
pub(super) struct ExchangePackets<'a> {
    packets: &'a [PacketEntry],
    clock: &'a ClockMap,
    /// Whether each direction's SYN was captured. Without it, offsets count from the first captured
    /// packet.
    anchored: [bool; 2],
}

impl<'a> ExchangePackets<'a> {
    /// Tolerance for errors in the mapping between the clocks. Stream offsets determine the packet;
    /// time only limits the search.
    const SLACK: Nanos = Nanos::from_millis(100);

    /// Returns the packets of an exchange; `None` if it has no connection or none of its packets
    /// was captured.
    pub(super) fn of(trace: &'a Trace, exchange: &Exchange) -> Option<Self> {
        let flow = trace.flow_of(trace.connection(exchange.connection?)?)?;
        let (clock, all) = (trace.clock(), flow.packets());
        let anchored = [Direction::Sent, Direction::Received].map(|direction| {
            all.iter()
                .find(|packet| packet.direction == direction)
                .is_some_and(|packet| packet.flags.has(TcpFlags::SYN))
        });
        Some(Self {
            packets: all.get(Self::range(trace, exchange, flow))?,
            clock,
            anchored,
        })
    }

    /// Returns the indices of a flow's packets from the time of an exchange.
    pub(super) fn range(trace: &Trace, exchange: &Exchange, flow: &Flow) -> Range<usize> {
        let ended = exchange.ended.unwrap_or(Moment(i64::MAX));
        let moment = |packet: &PacketEntry| trace.clock().moment_of(packet.wall);
        let from = flow.packets().partition_point(|packet| {
            moment(packet).is_some_and(|at| at < exchange.started - Self::SLACK)
        });
        from..flow
            .packets()
            .partition_point(|packet| moment(packet).is_some_and(|at| at <= ended + Self::SLACK))
    }

    /// Returns when the first packet of a direction with all flags in `set` and none in `unset` was
    /// captured.
    pub(super) fn first_flagged(&self, direction: Direction, set: u8, unset: u8) -> Option<Moment> {
        self.of_direction(direction)
            .find(|packet| packet.flags.has(set) && packet.flags.0 & unset == 0)
            .and_then(|packet| self.at(packet))
    }

    /// Returns the number of packets of a direction with the SYN flag.
    pub(super) fn syns(&self, direction: Direction) -> usize {
        self.of_direction(direction)
            .filter(|packet| packet.flags.has(TcpFlags::SYN))
            .count()
    }

    /// Returns when the byte at a stream offset was first captured.
    pub(super) fn first(&self, direction: Direction, offset: u64) -> Option<Moment> {
        let carries = |packet: &&PacketEntry| (packet.offset..end(packet)).contains(&offset);
        self.stream(direction)?
            .find(carries)
            .and_then(|packet| self.at(packet))
    }

    /// Returns when the last missing byte of `[from, to)` was captured, which completed the range.
    pub(super) fn completed(&self, direction: Direction, from: u64, to: u64) -> Option<Moment> {
        let mut passed = Coverage::<MOST_GAPS>::starting_at(from);
        for packet in self
            .stream(direction)?
            .filter(|packet| packet.payload_bytes > 0)
        {
            // A range that exceeds the limit on gaps counts as not captured.
            _ = passed.try_insert(packet.offset..end(packet), ());
            if passed.in_order_end() >= to {
                return self.at(packet);
            }
        }
        None
    }

    fn of_direction(&self, direction: Direction) -> impl Iterator<Item = &'a PacketEntry> {
        self.packets
            .iter()
            .filter(move |packet| packet.direction == direction)
    }

    /// Returns a direction's packets, if their offsets are comparable with stream positions.
    fn stream(&self, direction: Direction) -> Option<impl Iterator<Item = &'a PacketEntry>> {
        let [sent, received] = self.anchored;
        let anchored = if direction == Direction::Sent {
            sent
        } else {
            received
        };
        anchored.then(|| self.of_direction(direction))
    }

    fn at(&self, packet: &PacketEntry) -> Option<Moment> {
        self.clock.moment_of(packet.wall)
    }
}

fn end(packet: &PacketEntry) -> u64 {
    packet
        .offset
        .saturating_add(u64::from(packet.payload_bytes))
}
