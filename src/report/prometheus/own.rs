//! The metrics that are this program's own.

use super::{Family, Sample, Target};
use crate::insight::{
    KernelSegments, Segments, kernel_segments, round_trips, rtt, segments, wire_phase,
};
use crate::report::time;
use crate::trace::{Clock, Phase};
use crate::units::Nanos;

/// In the order in which they are written.
pub(super) const FAMILIES: [Family; 9] = [
    Family {
        name: "tapline_start_time_seconds",
        help: "When the latest request began, in unixtime",
        of: began,
    },
    Family {
        name: "tapline_phase_duration_seconds",
        help: "Time in a phase, summed over all redirects, as the program saw it (app) and as the \
            packets did (wire)",
        of: |target| {
            Phase::ALL
                .iter()
                .flat_map(|phase| both_clocks(target, *phase))
                .collect()
        },
    },
    Family {
        name: "tapline_first_byte_seconds",
        help: "From the start to the first byte of the final response",
        of: |target| {
            target
                .latest
                .first_byte()
                .map(Sample::time)
                .into_iter()
                .collect()
        },
    },
    Family {
        name: "tapline_rtt_seconds",
        help: "Round-trip time of the connection, and which source tells it",
        of: round_trip,
    },
    Family {
        name: "tapline_round_trips",
        help: "How many round trips of the network the final exchange took",
        of: |target| {
            let trips = target
                .last()
                .and_then(|last| round_trips(target.trace, last));
            trips
                .map(|trips| Sample::of(trips.used))
                .into_iter()
                .collect()
        },
    },
    Family {
        name: "tapline_retransmitted_segments",
        help: "Segments of the connection that were sent again",
        of: retransmitted,
    },
    Family {
        name: "tapline_probes",
        help: "Requests to the target in this run",
        of: |target| vec![Sample::count(target.probes)],
    },
    Family {
        name: "tapline_probes_failed",
        help: "Requests to the target in this run that failed",
        of: |target| vec![Sample::count(target.failed)],
    },
    Family {
        name: "tapline_failure_info",
        help: "In which phase the latest request failed, and how",
        of: failure,
    },
];

fn began(target: &Target) -> Vec<Sample> {
    let began = target
        .latest
        .hops()
        .first()
        .and_then(|first| time::wall_of(target.trace, first.started));
    began
        .map(|wall| Sample::time(Nanos(wall.0)))
        .into_iter()
        .collect()
}

/// A phase on each clock; on the wire's only where packets tell it of every hop that had it.
fn both_clocks(target: &Target, phase: Phase) -> Vec<Sample> {
    let had = target
        .latest
        .hops()
        .iter()
        .filter(|hop| hop.phases.get(phase).is_some());
    let app = target.latest.phase(phase);
    let wire: Option<Nanos> = app.and_then(|_| {
        had.map(|hop| wire_phase(target.trace, hop, phase).map(|span| span.duration()))
            .sum()
    });
    let clocks = [(Clock::App, app), (Clock::Wire, wire)];
    let sample = |(clock, time): (Clock, Option<Nanos>)| {
        Some(
            Sample::time(time?)
                .with("phase", phase.name())
                .with("clock", clock.name()),
        )
    };
    clocks.into_iter().filter_map(sample).collect()
}

fn round_trip(target: &Target) -> Vec<Sample> {
    let rtt = target.last().and_then(|last| rtt(target.trace, last));
    rtt.map(|rtt| Sample::time(rtt.duration).with("source", rtt.clock.name()))
        .into_iter()
        .collect()
}

/// By the packets, else what the kernel counts: what it sent.
fn retransmitted(target: &Target) -> Vec<Sample> {
    let Some(last) = target.last() else {
        return Vec::new();
    };
    let sample = |count, direction, source: Clock| {
        Sample::count(count)
            .with("direction", direction)
            .with("source", source.name())
    };
    if let Some(wire) = segments(target.trace, last) {
        let counts = [
            ("sent", wire.sent.retransmitted),
            ("received", wire.received.retransmitted),
        ];
        return counts
            .map(|(direction, count)| sample(count, direction, Segments::CLOCK))
            .into();
    }
    let kernel = kernel_segments(target.trace, last).and_then(|kernel| kernel.sent.retransmitted);
    kernel
        .map(|count| sample(count, "sent", KernelSegments::CLOCK))
        .into_iter()
        .collect()
}

fn failure(target: &Target) -> Vec<Sample> {
    let failure = target.last().and_then(|last| last.failure.as_ref());
    failure
        .map(|(phase, failure)| {
            Sample::of(1.0)
                .with("phase", phase.name())
                .with("code", &failure.code.to_string())
        })
        .into_iter()
        .collect()
}
