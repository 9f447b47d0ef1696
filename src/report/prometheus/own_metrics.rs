//! Metrics specific to tapline.

use super::{MetricFamily, MetricSample, MetricTarget};
use crate::insight::{
    ConnectionSegments, KernelSegments, connection_rtt, connection_segments, exchange_round_trips,
    kernel_segments,
};
use crate::report::timestamps;
use crate::trace::{Clock, Phase};
use crate::units::Nanos;

/// In output order.
pub(super) const FAMILIES: [MetricFamily; 9] = [
    MetricFamily {
        name: "tapline_start_time_seconds",
        help: "When the latest request began, in unixtime",
        samples: start_time,
    },
    MetricFamily {
        name: "tapline_phase_duration_seconds",
        help: "Time in a phase, summed over all redirects, on the program's clock (app) and the \
               packets' clock (wire)",
        samples: |target| {
            Phase::ALL
                .iter()
                .flat_map(|phase| both_clocks(target, *phase))
                .collect()
        },
    },
    MetricFamily {
        name: "tapline_first_byte_seconds",
        help: "From the start to the first byte of the final response",
        samples: |target| {
            target
                .latest
                .first_byte()
                .map(MetricSample::time)
                .into_iter()
                .collect()
        },
    },
    MetricFamily {
        name: "tapline_rtt_seconds",
        help: "Round-trip time of the connection, and its source",
        samples: round_trip,
    },
    MetricFamily {
        name: "tapline_round_trips",
        help: "Number of network round trips of the final exchange",
        samples: |target| {
            let trips = target
                .last()
                .and_then(|last| exchange_round_trips(target.trace, last));
            trips
                .map(|trips| MetricSample::new(trips.used))
                .into_iter()
                .collect()
        },
    },
    MetricFamily {
        name: "tapline_retransmitted_segments",
        help: "Segments of the connection that were retransmitted",
        samples: retransmitted_segments,
    },
    MetricFamily {
        name: "tapline_probes",
        help: "Requests to the target in this run",
        samples: |target| vec![MetricSample::count(target.probes)],
    },
    MetricFamily {
        name: "tapline_probes_failed",
        help: "Requests to the target in this run that failed",
        samples: |target| vec![MetricSample::count(target.failed)],
    },
    MetricFamily {
        name: "tapline_failure_info",
        help: "Phase and code of the latest request's failure",
        samples: failure_info,
    },
];

fn start_time(target: &MetricTarget) -> Vec<MetricSample> {
    let began = target
        .latest
        .hops()
        .first()
        .and_then(|first| timestamps::wall_time_of(target.trace, first.started));
    began
        .map(|wall| MetricSample::time(Nanos(wall.0)))
        .into_iter()
        .collect()
}

/// A phase on each clock; on the wire clock only if the packets show it for every hop that had it.
fn both_clocks(target: &MetricTarget, phase: Phase) -> Vec<MetricSample> {
    let app = target.latest.phase(phase);
    let wire = app.and_then(|_| target.latest.wire_phase(target.trace, phase));
    let clocks = [(Clock::App, app), (Clock::Wire, wire)];
    let sample = |(clock, time): (Clock, Option<Nanos>)| {
        Some(
            MetricSample::time(time?)
                .with("phase", phase.name())
                .with("clock", clock.name()),
        )
    };
    clocks.into_iter().filter_map(sample).collect()
}

fn round_trip(target: &MetricTarget) -> Vec<MetricSample> {
    let rtt = target
        .last()
        .and_then(|last| connection_rtt(target.trace, last));
    rtt.map(|rtt| MetricSample::time(rtt.duration).with("source", rtt.clock.name()))
        .into_iter()
        .collect()
}

/// Retransmissions counted from packets, or else those sent as counted by the kernel.
fn retransmitted_segments(target: &MetricTarget) -> Vec<MetricSample> {
    let Some(last) = target.last() else {
        return Vec::new();
    };
    let sample = |count, direction, source: Clock| {
        MetricSample::count(count)
            .with("direction", direction)
            .with("source", source.name())
    };
    if let Some(wire) = connection_segments(target.trace, last) {
        let counts = [
            ("sent", wire.sent.retransmitted),
            ("received", wire.received.retransmitted),
        ];
        return counts
            .map(|(direction, count)| sample(count, direction, ConnectionSegments::CLOCK))
            .into();
    }
    let kernel = kernel_segments(target.trace, last).and_then(|kernel| kernel.sent.retransmitted);
    kernel
        .map(|count| sample(count, "sent", KernelSegments::CLOCK))
        .into_iter()
        .collect()
}

fn failure_info(target: &MetricTarget) -> Vec<MetricSample> {
    let failure = target.last().and_then(|last| last.failure.as_ref());
    failure
        .map(|(phase, failure)| {
            MetricSample::new(1.0)
                .with("phase", phase.name())
                .with("code", &failure.code.to_string())
        })
        .into_iter()
        .collect()
}
