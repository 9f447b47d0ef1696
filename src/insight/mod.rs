//! Pure findings about a trace: phases on two clocks, round trips, what the packets say.

mod belongs;
pub mod budget;
mod carried;
mod conversations;
mod curl;
pub mod diff;
mod ending;
mod idle;
mod meaning;
mod packet;
mod payload;
pub mod redact;
mod remarks;
mod repeats;
mod retirement;
mod round_trips;
#[cfg(test)]
mod scene;
mod segments;
mod server_names;
mod server_timing;
mod silence;
mod sizes;
mod spread;
mod statistics;
mod transfer;
mod two_clocks;
mod undelivered;
mod wire_clock;

pub use belongs::phase_of;
pub use conversations::{conversations, span_of};
pub use curl::{CurlMarks, curl_marks, curl_marks_of};
pub use ending::{Ending, ending};
pub use idle::{
    Idle, IdleCause, LEAST as LEAST_IDLE, Waited, causes, causes_within, idles, waited,
    waited_within,
};
pub use meaning::{meaning, phase_title, references};
pub use packet::packet_of;
pub use payload::{opening, payload_of};
pub use remarks::{
    attempt_words, outcome_words, query_words, remarks, server_timing_spans, server_timing_words,
    version_name, without_root,
};
pub use repeats::{Repeats, Runs, exchange_count, repeats, runs};
pub use retirement::{Holding, Retirement};
pub use round_trips::{RoundTrips, Rtt, round_trips, rtt};
pub use segments::{
    KernelCounts, KernelSegments, OnWire, Segments, kernel_segments, segments, segments_of,
};
pub use server_names::{Opening, ServerNames, server_name};
pub use server_timing::{ServerTiming, server_timing};
pub use silence::{Longest, longest, silence};
pub use sizes::{SizeRange, Sizes, sizes_sentence, sizes_sentence_of};
pub use spread::Spread;
pub use statistics::{Statistics, statistics};
pub use transfer::{Transfer, transfers};
pub use two_clocks::TwoClocks;
pub use undelivered::{undelivered_name, undelivered_of};
pub use wire_clock::{WireSpan, wire_phase};
