//! Findings about a trace: phases on two clocks, round trips, idle times, budgets, differences
//! between runs, secrets to mask. Pure.

mod annotations;
pub mod budget;
mod clock_comparison;
mod connection_waits;
mod conversations;
mod curl;
pub mod diff;
mod exchange_packets;
mod idle;
pub mod ledger;
mod packet_phase;
mod payload;
mod phase_meaning;
pub mod redact;
mod repeats;
mod retirement;
mod round_trips;
mod segment_sizes;
mod segments;
mod server_names;
mod server_timing;
mod spread;
mod statistics;
#[cfg(test)]
mod trace_builder;
mod transfer;
mod wire_clock;

pub use annotations::{
    attempt_annotations, describe_attempt_outcome, phase_annotations, query_annotations,
    server_timing_annotations, server_timing_spans, tls_version_name, without_root_dot,
};
pub use clock_comparison::ClockComparison;
pub use connection_waits::{ConnectionWait, connection_waits};
pub use conversations::{ConnectionEnding, captured_conversations, connection_ending, flow_span};
pub use curl::{CurlMarks, curl_marks, transfer_curl_marks};
pub use idle::{IdleCause, idle_causes, idle_causes_within};
pub use packet_phase::phase_of_packet;
pub use payload::{OrderedPayloads, opening, payload_of};
pub use phase_meaning::{phase_meaning, phase_references, phase_title};
pub use repeats::{
    RepeatedRequest, RunStatistics, exchange_count, repeated_requests, run_statistics,
};
pub use retirement::{HopLimits, RetentionLimits, Retirement};
pub use round_trips::{RoundTrips, Rtt, connection_rtt, exchange_round_trips, round_trips};
pub use segment_sizes::{SegmentSizes, SizeRange, describe_connection_sizes, describe_flow_sizes};
pub use segments::{
    ConnectionSegments, KernelCounts, KernelSegments, WireSegments, connection_segments,
    flow_segments, kernel_segments,
};
pub use server_names::{FlowOpening, ServerNames, server_name};
pub use server_timing::{ServerTiming, server_timing};
pub use spread::Spread;
pub use statistics::{TimingStatistics, timing_statistics};
pub use transfer::{Transfer, group_into_transfers};
pub use wire_clock::{WireSpan, wire_phase};
