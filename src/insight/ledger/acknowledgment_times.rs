//! Times from payload to its acknowledgment, and the rhythm of acknowledgments.

use std::collections::VecDeque;

use super::burst::Gaps;
use crate::trace::{Direction, Flow, PacketEntry};
use crate::units::{Nanos, WallTime};

/// Segments in flight that are timed; more are not needed for a minimum.
const MAX_TIMED: usize = 64;

/// Times from payload of a direction to its acknowledgment.
#[derive(Clone, Debug)]
pub(super) struct AcknowledgmentTimes {
    /// The payload's direction.
    direction: Direction,
    /// Offset after the payload and when it was sent.
    timed: VecDeque<(u64, WallTime)>,
    end: u64,
    least: Option<Nanos>,
    /// The latest acknowledgment, what had been sent when it came, and its window's right edge.
    latest: Option<(WallTime, u64, u64)>,
    /// Gaps between acknowledgments of what was sent before the gap: none waited for this side.
    spacings: Option<Box<Gaps>>,
}

/// Those of payload of this side.
impl Default for AcknowledgmentTimes {
    fn default() -> Self {
        Self::new(Direction::Sent)
    }
}

impl AcknowledgmentTimes {
    /// Nothing is timed yet.
    pub(super) const fn new(direction: Direction) -> Self {
        Self {
            direction,
            timed: VecDeque::new(),
            end: 0,
            least: None,
            latest: None,
            spacings: None,
        }
    }

    /// Nothing is timed yet before a flow's packet.
    pub(super) fn before(direction: Direction, flow: &Flow, index: usize) -> Self {
        let mut later = flow.packets().iter().skip(index);
        let first = later.find(|packet| packet.direction == direction);
        Self {
            end: first.map_or(0, |packet| packet.offset),
            ..Self::new(direction)
        }
    }

    /// The least time to a packet without payload that acknowledges all of the payload. Delayed
    /// acknowledgments are longer and do no harm to a minimum.
    pub(super) const fn least(&self) -> Option<Nanos> {
        self.least
    }

    /// Gaps between acknowledgments that did not wait for the payload's sender.
    pub(super) fn spacings(&self) -> Option<&Gaps> {
        self.spacings.as_deref()
    }

    /// Takes the next packet of the flow.
    pub(super) fn observe(&mut self, flow: &Flow, packet: &PacketEntry) {
        if packet.direction != self.direction {
            self.acknowledged(flow, packet);
            return;
        }
        let to = packet.end_offset();
        self.end = self.end.max(to);
        if packet.retransmitted {
            // Which of the two is acknowledged cannot be told.
            self.timed.clear();
        } else if packet.payload_bytes > 0 && self.timed.len() < MAX_TIMED {
            self.timed.push_back((to, packet.wall));
        }
    }

    fn acknowledged(&mut self, flow: &Flow, packet: &PacketEntry) {
        let Some(acknowledged) = flow.acknowledged_offset(packet, self.end) else {
            return;
        };
        let edge = flow
            .scaled_window(packet)
            .map_or(u64::MAX, |window| acknowledged.saturating_add(window));
        let mss = u64::from(flow.counts(self.direction).max_segment);
        // With its window full, a slow reader sets the pace.
        if let Some((before, end, edge)) = self.latest.replace((packet.wall, self.end, edge))
            && acknowledged <= end
            && self.end.saturating_add(mss) <= edge
        {
            let spacings = self.spacings.get_or_insert_with(|| Box::new(Gaps::NONE));
            spacings.add(packet.wall.since(before));
        }
        let mut latest = None;
        while let Some((to, at)) = self.timed.front().copied()
            && to <= acknowledged
        {
            latest = Some((to, at));
            self.timed.pop_front();
        }
        // Only what is acknowledged up to its last byte, by a packet without payload.
        if let Some((to, at)) = latest
            && to == acknowledged
            && packet.payload_bytes == 0
        {
            let took = packet.wall.since(at);
            self.least = Some(self.least.map_or(took, |least| least.min(took)));
        }
    }
}
