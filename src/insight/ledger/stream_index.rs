//! Which packet of a captured stream brought a byte first.

use std::ops::Range;

use super::delivery::Delivery;
use crate::trace::{Direction, Flow};

/// Packets around a place that are compared: the same bytes may have been cut differently when they
/// were sent again.
const MAX_COMPARED: usize = 16;

/// Gaps that are remembered; a hostile capture may have one between any two packets.
const MAX_GAPS: usize = 1_024;

/// The packets with payload of one direction.
pub(super) struct StreamIndex {
    direction: Direction,
    /// Offset after the payload, offset of the payload, and the packet's index; in this order.
    packets: Vec<(u64, u64, usize)>,
}

impl StreamIndex {
    pub(super) fn new(flow: &Flow, direction: Direction) -> Self {
        let mut packets: Vec<_> = flow
            .packets()
            .iter()
            .enumerate()
            .filter(|(_, packet)| packet.direction == direction && packet.payload_bytes > 0)
            .map(|(index, packet)| (packet.end_offset(), packet.offset, index))
            .collect();
        if !packets.is_sorted() {
            packets.sort_unstable();
        }
        Self { direction, packets }
    }

    /// Returns the first packet with the byte at an offset.
    pub(super) fn packet_with(&self, offset: u64) -> Option<usize> {
        let from = self.packets.partition_point(|(end, _, _)| *end <= offset);
        self.packets
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take(MAX_COMPARED)
            .filter(|(_, start, _)| *start <= offset)
            .map(|(_, _, index)| *index)
            .min()
    }

    /// Returns the packet that was captured last.
    pub(super) fn last_packet(&self) -> Option<usize> {
        self.packets.iter().map(|(_, _, index)| *index).max()
    }

    /// Returns the bytes that the other side acknowledged and that the capture lacks, in order.
    pub(super) fn uncaptured(&self, flow: &Flow) -> Vec<Range<u64>> {
        let mut payloads: Vec<_> = self
            .packets
            .iter()
            .map(|(end, start, _)| (*start, *end))
            .collect();
        if !payloads.is_sorted() {
            payloads.sort_unstable();
        }
        let mut next = if flow.has_captured_syn(self.direction) {
            0
        } else {
            payloads.first().map_or(0, |(start, _)| *start)
        };
        let mut gaps = Vec::new();
        for (start, end) in payloads {
            if start > next && gaps.len() < MAX_GAPS {
                gaps.push(next..start);
            }
            next = next.max(end);
        }
        if !gaps.is_empty() {
            let acknowledged = flow.packets().iter();
            let acknowledged = acknowledged
                .filter(|packet| packet.direction != self.direction)
                .filter_map(|packet| flow.acknowledged_offset(packet, next))
                .filter(|to| *to <= next.saturating_add(1))
                .max();
            gaps.retain(|gap| acknowledged.is_some_and(|to| gap.end <= to));
        }
        gaps
    }

    /// Returns the packet with which the last one of a range of bytes had come, in order; `None` if
    /// some did not come.
    pub(super) fn packet_completing(
        &self,
        flow: &Flow,
        range: Range<u64>,
        uncaptured: &[Range<u64>],
    ) -> Option<usize> {
        let last_byte = range.end.checked_sub(1)?.max(range.start);
        let from = self.packet_with(range.start)?;
        let last = self.packet_with(last_byte)?;
        let mut delivery = Delivery::from_offset(range.start);
        for gap in uncaptured {
            delivery.add(gap.start.max(range.start), gap.end);
        }
        let packets = flow.packets().iter().enumerate();
        let mut arrivals = packets
            .skip(from.min(last))
            .filter(|(_, packet)| packet.direction == self.direction && packet.payload_bytes > 0);
        arrivals
            .find(|(_, packet)| {
                delivery.add(packet.offset.max(range.start), packet.end_offset());
                delivery.next() >= range.end
            })
            .map(|(index, _)| index)
    }
}
