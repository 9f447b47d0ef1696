//! The connection: attempts, round-trip time, segments, each figure with its source.

use serde::Serialize;

use crate::insight::{
    self, ConnectionWait, KernelCounts, KernelSegments, connection_rtt, connection_segments,
    connection_waits, kernel_segments,
};
use crate::trace::{self, Attempt, AttemptOutcome, Endpoint, SegmentCounts, TcpInfo, Trace};
use crate::units::{Nanos, Untrusted};

#[derive(Serialize)]
pub(in crate::report) struct JsonTcp<'a> {
    mss: Option<u32>,
    mss_source: Option<&'static str>,
    rtt_ns: Option<Nanos>,
    rtt_source: Option<&'static str>,
    retransmits: Option<u64>,
    retransmits_source: Option<&'static str>,
    attempts: Vec<JsonAttempt<'a>>,
    waited: Option<Vec<JsonWait>>,
    kernel: Option<&'a TcpInfo>,
}

impl<'a> JsonTcp<'a> {
    /// Figures from packets take precedence over the kernel's. `None` if there was neither an
    /// attempt nor a connection.
    pub(in crate::report) fn new(trace: &'a Trace, exchange: &'a trace::Exchange) -> Option<Self> {
        let connection = exchange.connection.and_then(|id| trace.connection(id));
        if connection.is_none() && exchange.attempts.is_empty() {
            return None;
        }
        let wire = connection_segments(trace, exchange);
        let kernel = kernel_segments(trace, exchange);
        let from_wire = |figure| (figure, insight::ConnectionSegments::CLOCK.name());
        let from_kernel = |figure| (figure, KernelSegments::CLOCK.name());
        let mss = wire
            .and_then(|wire| wire.mss)
            .map(|mss| from_wire(u64::from(mss)));
        let mss = mss.or_else(|| kernel?.mss.map(|mss| from_kernel(u64::from(mss))));
        let retransmissions = wire
            .map(|wire| from_wire(wire.sent.retransmitted))
            .or_else(|| kernel?.sent.retransmitted.map(from_kernel));
        let rtt = connection_rtt(trace, exchange);
        Some(Self {
            mss: mss.and_then(|(mss, _)| u32::try_from(mss).ok()),
            mss_source: mss.map(|(_, source)| source),
            rtt_ns: rtt.map(|rtt| rtt.duration),
            rtt_source: rtt.map(|rtt| rtt.clock.name()),
            retransmits: retransmissions.map(|(count, _)| count),
            retransmits_source: retransmissions.map(|(_, source)| source),
            attempts: exchange.attempts.iter().map(JsonAttempt::new).collect(),
            waited: connection_waits(trace, exchange)
                .map(|all| all.into_iter().map(JsonWait::new).collect()),
            kernel: connection.and_then(|connection| connection.tcp_info.as_ref()),
        })
    }
}

#[derive(Serialize)]
struct JsonAttempt<'a> {
    address: &'a Endpoint,
    outcome: Option<&'static str>,
    start_ns: i64,
    duration_ns: Option<Nanos>,
    error: Option<&'a Untrusted>,
}

impl<'a> JsonAttempt<'a> {
    fn new(attempt: &'a Attempt) -> Self {
        let error = match &attempt.outcome {
            Some(AttemptOutcome::Failed(reason)) => Some(reason),
            _ => None,
        };
        Self {
            address: &attempt.remote,
            outcome: attempt.outcome.as_ref().map(AttemptOutcome::name),
            start_ns: attempt.started.0,
            duration_ns: attempt.duration(),
            error,
        }
    }
}

/// Total time for which the connection waited for one thing.
#[derive(Serialize)]
struct JsonWait {
    cause: &'static str,
    duration_ns: Nanos,
    network_ns: Nanos,
    stretches: u64,
    source: &'static str,
}

impl JsonWait {
    const fn new(waited: ConnectionWait) -> Self {
        Self {
            cause: waited.cause,
            duration_ns: waited.total,
            network_ns: waited.network,
            stretches: waited.intervals,
            source: ConnectionWait::CLOCK.name(),
        }
    }
}

/// Segment counts from packets or, if none were captured, from the kernel.
#[derive(Serialize)]
pub(in crate::report) struct JsonSegments {
    source: &'static str,
    mss: Option<u32>,
    sent: JsonSegmentCounts,
    received: JsonSegmentCounts,
    offloaded: Option<bool>,
    #[serde(rename = "wire_segments", skip_serializing_if = "Option::is_none")]
    on_wire: Option<JsonWireSegments>,
}

/// What aggregated segments were on the wire, as the kernel reported for each.
#[derive(Serialize)]
struct JsonWireSegments {
    sent: u64,
    received: u64,
    max_payload: u32,
}

impl JsonSegments {
    pub(in crate::report) fn new(trace: &Trace, exchange: &trace::Exchange) -> Option<Self> {
        let wire = connection_segments(trace, exchange).map(|wire| Self {
            source: insight::ConnectionSegments::CLOCK.name(),
            mss: wire.mss.map(u32::from),
            sent: JsonSegmentCounts::from_packets(&wire.sent),
            received: JsonSegmentCounts::from_packets(&wire.received),
            offloaded: Some(wire.offloaded),
            on_wire: wire.on_wire.map(|on_wire| JsonWireSegments {
                sent: on_wire.sent,
                received: on_wire.received,
                max_payload: on_wire.largest,
            }),
        });
        wire.or_else(|| {
            kernel_segments(trace, exchange).map(|kernel| Self {
                source: KernelSegments::CLOCK.name(),
                mss: kernel.mss,
                sent: JsonSegmentCounts::from_kernel(&kernel.sent),
                received: JsonSegmentCounts::from_kernel(&kernel.received),
                offloaded: None,
                on_wire: None,
            })
        })
    }
}

#[derive(Serialize)]
pub(super) struct JsonSegmentCounts {
    packets: Option<u64>,
    data_segments: Option<u64>,
    payload_bytes: Option<u64>,
    max_payload: Option<u32>,
    retransmitted: Option<u64>,
    out_of_order: Option<u64>,
}

impl JsonSegmentCounts {
    pub(super) fn from_packets(counts: &SegmentCounts) -> Self {
        Self {
            packets: Some(counts.packets),
            data_segments: Some(counts.data_segments),
            payload_bytes: Some(counts.payload_bytes),
            max_payload: Some(counts.max_payload),
            retransmitted: Some(counts.retransmitted),
            out_of_order: Some(counts.out_of_order),
        }
    }

    fn from_kernel(counts: &KernelCounts) -> Self {
        Self {
            packets: counts.packets,
            data_segments: counts.data_segments,
            payload_bytes: counts.payload_bytes,
            max_payload: None,
            retransmitted: counts.retransmitted,
            out_of_order: None,
        }
    }
}
