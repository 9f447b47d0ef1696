//! The distribution of segment sizes, and its explanation.

use std::collections::BTreeMap;

use super::{ConnectionSegments, flow_segments};
use crate::trace::{Direction, Exchange, Flow, Trace};
use crate::units::{format_count, group_digits};

/// The number of segments of a direction for each payload size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentSizes(BTreeMap<u32, u64>);

/// Segments whose payload lies within a range of sizes, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeRange {
    /// The smallest size.
    pub from: u32,
    /// The largest size.
    pub to: u32,
    /// The number of segments.
    pub segments: u64,
}

/// Bytes that the timestamp option takes up in every segment (RFC 7323 §3.2).
const TIMESTAMP_OPTION_BYTES: u32 = 12;

impl SegmentSizes {
    /// The sizes of all packets of a direction that carry payload.
    pub fn from_flow(flow: &Flow, direction: Direction) -> Self {
        Self(flow.payload_sizes(direction))
    }

    /// The largest size, and the number of segments that have it.
    pub fn largest(&self) -> Option<(u32, u64)> {
        self.0.last_key_value().map(|(size, count)| (*size, *count))
    }

    /// The number of all segments.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The sizes in `count` equal ranges, from 1 to the largest size.
    pub fn ranges(&self, count: u32) -> Vec<SizeRange> {
        let Some((largest, _)) = self.largest() else {
            return Vec::new();
        };
        let step = largest.div_ceil(count.max(1)).max(1);
        let ranges = (0..largest.div_ceil(step))
            .map(|n| (n * step + 1, ((n + 1).saturating_mul(step)).min(largest)));
        ranges
            .map(|(from, to)| SizeRange {
                from,
                to,
                segments: self.0.range(from..=to).map(|(_, count)| count).sum(),
            })
            .collect()
    }
}

/// Explains the segment sizes of an exchange's connection in a sentence, for the direction that
/// carried more. `None` without payload.
pub fn describe_connection_sizes(trace: &Trace, exchange: &Exchange) -> Option<String> {
    describe_flow_sizes(trace.flow_of(trace.connection(exchange.connection?)?)?)
}

/// Explains the segment sizes of a flow in a sentence.
pub fn describe_flow_sizes(flow: &Flow) -> Option<String> {
    let counted = flow_segments(flow);
    let direction = if counted.sent.payload_bytes > counted.received.payload_bytes {
        Direction::Sent
    } else {
        Direction::Received
    };
    let sizes = SegmentSizes::from_flow(flow, direction);
    let (largest, full) = sizes.largest()?;
    let counts = flow.counts(direction);
    let again = match counts.retransmitted {
        0 => String::new(),
        count => format!("; {} retransmitted", group_digits(count)),
    };
    if flow.key.remote.ip().is_loopback() {
        let text = format!(
            "sizes up to {} B: loopback does not split data into segments as a real link does \
             (its MTU is 65,536)",
            group_digits(largest.into())
        );
        return Some(format!("{text}; the lab does{again}."));
    }
    if counted.offloaded {
        let mss = counted
            .mss
            .map(|mss| format!(", more than the MSS of {}", group_digits(mss.into())))
            .unwrap_or_default();
        let text = format!(
            "sizes up to {} B{mss}: the network card or the kernel splits and merges segments \
             (offload)",
            group_digits(largest.into())
        );
        return Some(match counted.on_wire {
            Some(on_wire) => {
                let count = if direction == Direction::Sent {
                    on_wire.sent
                } else {
                    on_wire.received
                };
                format!(
                    "{text}; on the wire they are {} of at most {} B{again}.",
                    format_count(count, "segment"),
                    group_digits(on_wire.largest.into())
                )
            }
            None => format!("{text}, so these are not the sizes on the wire{again}."),
        });
    }
    let others = sizes.count() - full;
    let smaller = if others == 0 {
        String::new()
    } else {
        format!(", {} smaller", group_digits(others))
    };
    Some(format!(
        "{} of {} B{}{smaller}{again}.",
        format_count(full, "segment"),
        group_digits(largest.into()),
        describe_mss_limit(&counted, largest)
    ))
}

/// Explains how the largest size follows from the MSS.
fn describe_mss_limit(counted: &ConnectionSegments, largest: u32) -> String {
    match counted.mss.map(u32::from) {
        Some(mss) if mss == largest => format!(" (the MSS of {})", group_digits(mss.into())),
        Some(mss) if mss == largest + TIMESTAMP_OPTION_BYTES => {
            format!(
                " (MSS {} \u{2212} {TIMESTAMP_OPTION_BYTES} for timestamps)",
                group_digits(mss.into())
            )
        }
        Some(mss) => format!(" at most, of an MSS of {}", group_digits(mss.into())),
        None => " at most".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::super::trace_builder::{TraceBuilder, first_exchange};
    use super::*;

    fn said(scene: TraceBuilder) -> Option<String> {
        let trace = scene.build();
        describe_connection_sizes(&trace, first_exchange(&trace))
    }

    #[test]
    fn the_sentence_explains_the_sizes() {
        let open = || {
            TraceBuilder::new()
                .connected(100, false)
                .syn(10)
                .syn_ack(50)
        };
        assert_eq!(said(open()), None);
        let full = open()
            .payload_received(110, 0, 1_388)
            .payload_received(111, 1_388, 1_388)
            .payload_received(112, 2_776, 434);
        assert_eq!(
            said(full).unwrap(),
            "2 segments of 1,388 B (MSS 1,400 \u{2212} 12 for timestamps), 1 smaller."
        );
        let again = open()
            .payload_received(110, 0, 1_400)
            .payload_received(900, 0, 1_400);
        assert_eq!(
            said(again).unwrap(),
            "2 segments of 1,400 B (the MSS of 1,400); 1 retransmitted."
        );
        let glued = open().payload_received(110, 0, 6_000);
        assert!(
            said(glued)
                .unwrap()
                .starts_with("sizes up to 6,000 B, more than the MSS of 1,400: the network card")
        );
    }

    #[test]
    fn ranges_hold_every_segment_once() {
        let trace = TraceBuilder::new()
            .connected(100, false)
            .syn(10)
            .syn_ack(50)
            .payload_received(110, 0, 1)
            .payload_received(120, 1, 999)
            .payload_received(130, 1_000, 1_000)
            .build();
        let flow = trace.flow_of(trace.connections().first().unwrap()).unwrap();
        for count in [1, 3, 8, 5_000] {
            let ranges = SegmentSizes::from_flow(flow, Direction::Received).ranges(count);
            assert_eq!(ranges.iter().map(|range| range.segments).sum::<u64>(), 3);
            assert!(ranges.windows(2).all(|pair| pair[0].to + 1 == pair[1].from));
        }
    }
}
