//! Pure findings about a trace: phases on two clocks, round trips, what the packets say.

mod carried;
mod round_trips;
#[cfg(test)]
mod scene;
mod segments;
mod wire_clock;

pub use round_trips::{RoundTrips, Rtt, round_trips, rtt};
pub use segments::{KernelCounts, KernelSegments, Segments, kernel_segments, segments};
pub use wire_clock::{WireSpan, wire_phase};
