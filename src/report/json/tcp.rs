//! The connection: attempts, round-trip time, segments, each figure with its source.

use serde::Serialize;

use crate::insight::{
    self, KernelCounts, KernelSegments, Waited, kernel_segments, rtt, segments, waited,
};
use crate::trace::{self, Attempt, AttemptOutcome, Endpoint, KernelTcp, SegmentCounts, Trace};
use crate::units::{Nanos, Untrusted};

#[derive(Serialize)]
pub(in crate::report) struct Tcp<'a> {
    mss: Option<u32>,
    mss_source: Option<&'static str>,
    rtt_ns: Option<Nanos>,
    rtt_source: Option<&'static str>,
    retransmits: Option<u64>,
    retransmits_source: Option<&'static str>,
    attempts: Vec<AttemptEntry<'a>>,
    waited: Option<Vec<WaitedEntry>>,
    kernel: Option<&'a KernelTcp>,
}

impl<'a> Tcp<'a> {
    /// What the packets say comes before what the kernel says. `None` where there was neither an
    /// attempt nor a connection.
    pub(in crate::report) fn of(trace: &'a Trace, exchange: &'a trace::Exchange) -> Option<Self> {
        let connection = exchange.connection.and_then(|id| trace.connection(id));
        if connection.is_none() && exchange.attempts.is_empty() {
            return None;
        }
        let (wire, kernel) = (segments(trace, exchange), kernel_segments(trace, exchange));
        let from_wire = |figure| (figure, insight::Segments::CLOCK.name());
        let from_kernel = |figure| (figure, KernelSegments::CLOCK.name());
        let mss = wire
            .and_then(|wire| wire.mss)
            .map(|mss| from_wire(u64::from(mss)));
        let mss = mss.or_else(|| kernel?.mss.map(|mss| from_kernel(u64::from(mss))));
        let again = wire
            .map(|wire| from_wire(wire.sent.retransmitted))
            .or_else(|| kernel?.sent.retransmitted.map(from_kernel));
        let rtt = rtt(trace, exchange);
        Some(Self {
            mss: mss.and_then(|(mss, _)| u32::try_from(mss).ok()),
            mss_source: mss.map(|(_, source)| source),
            rtt_ns: rtt.map(|rtt| rtt.duration),
            rtt_source: rtt.map(|rtt| rtt.clock.name()),
            retransmits: again.map(|(count, _)| count),
            retransmits_source: again.map(|(_, source)| source),
            attempts: exchange.attempts.iter().map(AttemptEntry::of).collect(),
            waited: waited(trace, exchange)
                .map(|all| all.into_iter().map(WaitedEntry::of).collect()),
            kernel: connection.and_then(|connection| connection.kernel.as_ref()),
        })
    }
}

#[derive(Serialize)]
struct AttemptEntry<'a> {
    address: &'a Endpoint,
    outcome: Option<&'static str>,
    start_ns: i64,
    duration_ns: Option<Nanos>,
    error: Option<&'a Untrusted>,
}

impl<'a> AttemptEntry<'a> {
    fn of(attempt: &'a Attempt) -> Self {
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

/// How long nothing passed, for one cause.
#[derive(Serialize)]
struct WaitedEntry {
    cause: &'static str,
    duration_ns: Nanos,
    network_ns: Nanos,
    stretches: usize,
    source: &'static str,
}

impl WaitedEntry {
    const fn of(waited: Waited) -> Self {
        Self {
            cause: waited.cause.name(),
            duration_ns: waited.total,
            network_ns: waited.network,
            stretches: waited.stretches,
            source: Waited::CLOCK.name(),
        }
    }
}

/// Segment counts by the packets, or where none were captured, by the kernel.
#[derive(Serialize)]
pub(in crate::report) struct Segments {
    source: &'static str,
    mss: Option<u32>,
    sent: Counts,
    received: Counts,
    offloaded: Option<bool>,
    #[serde(rename = "wire_segments", skip_serializing_if = "Option::is_none")]
    on_wire: Option<OnWire>,
}

/// What aggregates are on the wire, as the kernel told with each.
#[derive(Serialize)]
struct OnWire {
    sent: u64,
    received: u64,
    max_payload: u32,
}

impl Segments {
    pub(in crate::report) fn of(trace: &Trace, exchange: &trace::Exchange) -> Option<Self> {
        let wire = segments(trace, exchange).map(|wire| Self {
            source: insight::Segments::CLOCK.name(),
            mss: wire.mss.map(u32::from),
            sent: Counts::of_packets(&wire.sent),
            received: Counts::of_packets(&wire.received),
            offloaded: Some(wire.offloaded),
            on_wire: wire.on_wire.map(|on_wire| OnWire {
                sent: on_wire.sent,
                received: on_wire.received,
                max_payload: on_wire.largest,
            }),
        });
        wire.or_else(|| {
            kernel_segments(trace, exchange).map(|kernel| Self {
                source: KernelSegments::CLOCK.name(),
                mss: kernel.mss,
                sent: Counts::of_kernel(&kernel.sent),
                received: Counts::of_kernel(&kernel.received),
                offloaded: None,
                on_wire: None,
            })
        })
    }
}

#[derive(Serialize)]
pub(super) struct Counts {
    packets: Option<u64>,
    data_segments: Option<u64>,
    payload_bytes: Option<u64>,
    max_payload: Option<u32>,
    retransmitted: Option<u64>,
    out_of_order: Option<u64>,
}

impl Counts {
    pub(super) fn of_packets(counts: &SegmentCounts) -> Self {
        Self {
            packets: Some(counts.packets),
            data_segments: Some(counts.data_segments),
            payload_bytes: Some(counts.payload_bytes),
            max_payload: Some(counts.max_payload),
            retransmitted: Some(counts.retransmitted),
            out_of_order: Some(counts.out_of_order),
        }
    }

    fn of_kernel(counts: &KernelCounts) -> Self {
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
