//! Segment counts of a connection, by the packets or by the kernel.

use crate::trace::{Clock, Connection, Direction, Exchange, Flow, SegmentCounts, TcpInfo, Trace};

/// Segments of a connection as captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionSegments {
    /// Sent by this side.
    pub sent: SegmentCounts,
    /// Received by this side.
    pub received: SegmentCounts,
    /// Whether a payload exceeded the receiver's announced MSS: the capture saw an aggregate that
    /// the network card or the kernel splits into segments when sending, or merged from segments
    /// when receiving (offload). Sizes and counts are then not the wire's.
    pub offloaded: bool,
    /// The segments on the wire, if the kernel reported the segmentation of all aggregates.
    pub on_wire: Option<WireSegments>,
    /// The smaller of the two announced maximum segment sizes (RFC 9293 §3.7.1); `None` if no SYN
    /// was captured.
    pub mss: Option<u16>,
}

/// Segments as they were on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireSegments {
    /// Segments with payload, sent by this side.
    pub sent: u64,
    /// Segments with payload, received by this side.
    pub received: u64,
    /// The largest payload.
    pub largest: u32,
}

impl ConnectionSegments {
    /// The source of these figures.
    pub const CLOCK: Clock = Clock::Wire;
}

/// The segments of an exchange's connection, including those of other exchanges on it; `None` if
/// none was captured.
pub fn connection_segments(trace: &Trace, exchange: &Exchange) -> Option<ConnectionSegments> {
    trace
        .flow_of(exchange_connection(trace, exchange)?)
        .map(flow_segments)
}

/// The segments of a flow.
pub fn flow_segments(flow: &Flow) -> ConnectionSegments {
    let sent = *flow.counts(Direction::Sent);
    let received = *flow.counts(Direction::Received);
    // A SYN announces the MSS that its sender accepts, so the limit for one direction is announced
    // by the other.
    let ours = flow.announced_mss(Direction::Sent);
    let theirs = flow.announced_mss(Direction::Received);
    let exceeds =
        |largest: u32, limit: Option<u16>| limit.is_some_and(|limit| largest > u32::from(limit));
    let offloaded = exceeds(sent.max_payload, theirs) || exceeds(received.max_payload, ours);
    let all_known = !exceeds(sent.max_segment, theirs) && !exceeds(received.max_segment, ours);
    let on_wire = WireSegments {
        sent: sent.wire_segments,
        received: received.wire_segments,
        largest: sent.max_segment.max(received.max_segment),
    };
    ConnectionSegments {
        sent,
        received,
        offloaded,
        on_wire: (offloaded && all_known).then_some(on_wire),
        mss: ours.into_iter().chain(theirs).min(),
    }
}

/// Counts of one direction as the kernel reports them; others are absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelCounts {
    /// Segments of any kind.
    pub packets: Option<u64>,
    /// Segments with payload.
    pub data_segments: Option<u64>,
    /// Payload bytes.
    pub payload_bytes: Option<u64>,
    /// Retransmitted segments; unknown for the receiving direction.
    pub retransmitted: Option<u64>,
}

/// The kernel's counts for a connection (`TCP_INFO`), used if there was no capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelSegments {
    /// Sent by this side.
    pub sent: KernelCounts,
    /// Received by this side.
    pub received: KernelCounts,
    /// The MSS for sending.
    pub mss: Option<u32>,
}

impl KernelSegments {
    /// The source of these figures.
    pub const CLOCK: Clock = Clock::Kernel;
}

impl From<&TcpInfo> for KernelSegments {
    fn from(figures: &TcpInfo) -> Self {
        Self {
            sent: KernelCounts {
                packets: figures.segments_out,
                data_segments: figures.data_segments_out,
                payload_bytes: figures.bytes_sent,
                retransmitted: figures.retransmits,
            },
            received: KernelCounts {
                packets: figures.segments_in,
                data_segments: figures.data_segments_in,
                payload_bytes: figures.bytes_received,
                retransmitted: None,
            },
            mss: figures.send_mss,
        }
    }
}

/// The kernel's counts for an exchange's connection; `None` if they were not queried.
pub fn kernel_segments(trace: &Trace, exchange: &Exchange) -> Option<KernelSegments> {
    exchange_connection(trace, exchange)?
        .tcp_info
        .as_ref()
        .map(KernelSegments::from)
}

fn exchange_connection<'a>(trace: &'a Trace, exchange: &Exchange) -> Option<&'a Connection> {
    trace.connection(exchange.connection?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use super::super::trace_builder::{TraceBuilder, first_exchange};
    use super::*;

    fn established() -> TraceBuilder {
        TraceBuilder::new()
            .connected(100, false)
            .syn(10)
            .syn_ack(50)
    }

    #[test]
    fn both_directions_are_counted_and_the_smaller_mss_holds() {
        let trace = established()
            .payload_sent(110, 0, 300)
            .payload_received(200, 0, 1_400)
            .payload_received(210, 1_400, 200)
            .payload_received(220, 0, 1_400)
            .build();
        let counted =
            connection_segments(&trace, first_exchange(&trace)).expect("packets were seen");
        assert_eq!(
            (
                counted.sent.packets,
                counted.sent.data_segments,
                counted.sent.payload_bytes
            ),
            (2, 1, 300)
        );
        assert_eq!(
            (
                counted.received.packets,
                counted.received.data_segments,
                counted.received.retransmitted
            ),
            (4, 3, 1)
        );
        assert_eq!((counted.mss, counted.offloaded), (Some(1_400), false));
    }

    #[test]
    fn a_payload_above_the_announced_mss_is_an_aggregate() {
        // This side announced 1,460 and the other 1,400.
        for (scene, offloaded) in [
            (established().payload_sent(110, 0, 1_400), false),
            (established().payload_sent(110, 0, 1_401), true),
            (established().payload_received(110, 0, 1_460), false),
            (established().payload_received(110, 0, 1_461), true),
        ] {
            let trace = scene.build();
            assert_eq!(
                connection_segments(&trace, first_exchange(&trace))
                    .map(|counted| counted.offloaded),
                Some(offloaded)
            );
        }
    }

    #[test]
    fn aggregates_are_split_as_the_kernel_reports() {
        let trace = established()
            .payload_sent(110, 0, 2_900)
            .of_segments(1_400)
            .payload_received(200, 0, 1_460)
            .build();
        let on_wire =
            connection_segments(&trace, first_exchange(&trace)).and_then(|counted| counted.on_wire);
        assert_eq!(
            on_wire,
            Some(WireSegments {
                sent: 3,
                received: 1,
                largest: 1_460
            })
        );
        let sentence = crate::insight::describe_connection_sizes(&trace, first_exchange(&trace))
            .expect("payload was seen");
        assert!(
            sentence.ends_with("on the wire they are 3 segments of at most 1,460 B."),
            "{sentence}"
        );
        let in_part = established()
            .payload_sent(110, 0, 2_900)
            .of_segments(1_400)
            .payload_sent(120, 2_900, 2_900)
            .build();
        assert_eq!(
            connection_segments(&in_part, first_exchange(&in_part))
                .and_then(|counted| counted.on_wire),
            None
        );
    }

    #[test]
    fn without_packets_the_kernels_counts_are_used() {
        let figures = TcpInfo {
            segments_out: Some(9),
            bytes_received: Some(10_407),
            send_mss: Some(1_448),
            ..TcpInfo::default()
        };
        let trace = TraceBuilder::new()
            .connected(100, false)
            .kernel(figures)
            .build();
        assert_eq!(connection_segments(&trace, first_exchange(&trace)), None);
        let counted =
            kernel_segments(&trace, first_exchange(&trace)).expect("the kernel was asked");
        assert_eq!(
            (
                counted.sent.packets,
                counted.received.payload_bytes,
                counted.mss
            ),
            (Some(9), Some(10_407), Some(1_448))
        );
        assert_eq!(
            (counted.sent.retransmitted, counted.received.packets),
            (None, None)
        );
    }
}
