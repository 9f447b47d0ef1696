//! Bytes and their meaning, one protocol a file. Pure, and safe on any input: nothing here panics, loops without end or keeps
//! more than a stated amount.

mod frame;
pub mod http1;
pub mod http2;
mod link;
pub mod tls;

pub use frame::{Segment, SegmentKind, TcpSegment, segment_of};
pub use link::Link;
