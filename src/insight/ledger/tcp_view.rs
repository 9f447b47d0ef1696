//! What each side of a connection knew at an instant: acknowledgments, windows, bytes in flight.

use std::collections::VecDeque;

use crate::trace::{Direction, Flow, PacketEntry};
use crate::units::{Nanos, WallTime};

/// Acknowledgments that are remembered; a round trip has fewer unless they come in floods.
const MAX_ACKNOWLEDGMENTS: usize = 4_096;

/// One acknowledgment.
#[derive(Clone, Copy, Debug)]
struct Acknowledgment {
    at: WallTime,
    /// Offset up to which it acknowledges.
    to: u64,
    /// Right edge of the window that it advertises.
    window_edge: Option<u64>,
    /// It moved the edge to the right.
    opens: bool,
    /// The packet's index among the flow's packets.
    index: usize,
    /// It carried payload.
    has_payload: bool,
}

/// State of both directions.
#[derive(Clone, Debug, Default)]
pub(super) struct TcpView {
    /// Highest offsets sent, by direction.
    ends: [u64; 2],
    /// The latest acknowledgments that each side sent, by direction.
    acknowledgments: [VecDeque<Acknowledgment>; 2],
    /// Acknowledgments in a row that acknowledged nothing new, by direction.
    duplicates: [u32; 2],
}

impl TcpView {
    /// The state before a flow's packet, of which what was sent is known from the packets after it.
    pub(super) fn before(flow: &Flow, index: usize) -> Self {
        let packets = flow.packets().get(index..).unwrap_or_default();
        let first = |direction| packets.iter().find(|packet| packet.direction == direction);
        Self {
            ends: [Direction::Sent, Direction::Received]
                .map(|direction| first(direction).map_or(0, |packet| packet.offset)),
            ..Self::default()
        }
    }

    /// Updates the state with the next packet.
    pub(super) fn observe(&mut self, flow: &Flow, index: usize, packet: &PacketEntry) {
        let direction = packet.direction as usize;
        let other = packet.direction.opposite() as usize;
        self.ends[direction] = self.ends[direction].max(packet.end_offset());
        let Some(to) = flow.acknowledged_offset(packet, self.ends[other]) else {
            return;
        };
        let window_edge = flow
            .scaled_window(packet)
            .map(|window| to.saturating_add(window));
        let known = self.acknowledgments[direction].back();
        let advances = known.is_none_or(|known| to > known.to);
        let opens = known.is_some_and(|known| window_edge > known.window_edge);
        self.duplicates[direction] = if advances || packet.payload_bytes > 0 || opens {
            0
        } else {
            self.duplicates[direction].saturating_add(1)
        };
        let known = &mut self.acknowledgments[direction];
        if known.len() == MAX_ACKNOWLEDGMENTS {
            known.pop_front();
        }
        known.push_back(Acknowledgment {
            at: packet.wall,
            to,
            window_edge,
            opens,
            index,
            has_payload: packet.payload_bytes > 0,
        });
    }

    /// Returns the highest offset sent in a direction.
    pub(super) const fn end(&self, direction: Direction) -> u64 {
        self.ends[direction as usize]
    }

    /// Returns up to where a side has acknowledged the other one's stream.
    pub(super) fn acknowledged_by(&self, side: Direction) -> u64 {
        self.acknowledgments[side as usize]
            .back()
            .map_or(0, |latest| latest.to)
    }

    /// Returns when a side first acknowledged the other one's stream up to an offset, if it was
    /// among its latest acknowledgments.
    pub(super) fn first_acknowledgment(&self, side: Direction, offset: u64) -> Option<WallTime> {
        let mut later = self.acknowledgments[side as usize].iter().rev();
        let mut first = None;
        while let Some(ack) = later.next().filter(|ack| ack.to >= offset) {
            first = Some(ack.at);
        }
        first
    }

    /// Returns the number of duplicate acknowledgments in a row that a side sent (RFC 5681 §2).
    pub(super) const fn duplicates_by(&self, side: Direction) -> u32 {
        self.duplicates[side as usize]
    }

    /// Returns true if a side acknowledged something in a period: what it says twice acknowledges
    /// segments selectively (RFC 2018), and each lets the sender go on (RFC 6675 §5).
    pub(super) fn acknowledged_within(
        &self,
        side: Direction,
        from: WallTime,
        to: WallTime,
    ) -> bool {
        self.within(side, from, to).next().is_some()
    }

    /// Returns the packets with payload that a side sent in a period, the latest first.
    pub(super) fn payload_within(
        &self,
        side: Direction,
        from: WallTime,
        to: WallTime,
    ) -> impl Iterator<Item = usize> {
        self.within(side, from, to)
            .filter(|ack| ack.has_payload)
            .map(|ack| ack.index)
    }

    /// Returns true if a side opened its window without acknowledging anything in a period.
    pub(super) fn opened_window_within(
        &self,
        side: Direction,
        from: WallTime,
        to: WallTime,
    ) -> bool {
        self.within(side, from, to).any(|ack| ack.opens)
    }

    /// Returns the right edge of a side's window by what it had sent before an instant.
    pub(super) fn window_edge_before(&self, side: Direction, at: WallTime) -> Option<u64> {
        self.acknowledgments[side as usize]
            .iter()
            .rev()
            .find(|ack| ack.at < at)?
            .window_edge
    }

    fn within(
        &self,
        side: Direction,
        from: WallTime,
        to: WallTime,
    ) -> impl Iterator<Item = &Acknowledgment> {
        self.acknowledgments[side as usize]
            .iter()
            .rev()
            .skip_while(move |ack| ack.at > to)
            .take_while(move |ack| ack.at >= from)
    }
}

/// An instant so long before another.
pub(super) const fn before(at: WallTime, length: Nanos) -> WallTime {
    WallTime(at.0.saturating_sub(length.0))
}
