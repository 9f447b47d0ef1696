//! Bytes and their meaning, one protocol a file. Pure: functions over `&[u8]`.

mod frame;
mod link;

pub use frame::{Segment, SegmentKind, TcpSegment, segment_of};
pub use link::Link;
