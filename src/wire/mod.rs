//! Bytes and their meaning, one protocol a file. Pure, and safe on any input: nothing here panics,
//! loops without end or keeps more than a stated amount.

pub mod anatomy;
pub mod dns;
mod fragment;
mod frame;
pub mod hpack;
pub mod http1;
pub mod http2;
mod icmp;
mod ip;
mod link;
pub mod quic;
mod reader;
pub mod tls;
mod transport;

pub use fragment::{Fragment, Fragments};
pub use frame::{Frame, Segment, SegmentKind, TcpSegment, frame_of, segment_of};
pub use icmp::{Undelivered, error_name as icmp_error_name};
pub use link::Link;
