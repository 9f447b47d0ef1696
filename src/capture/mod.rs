//! Live packet capture as events.
//!
//! ```text
//! CaptureOpening::begin ── a thread per interface opens it ─┐
//!      │ this thread drops the capture privileges           │
//!      └─ wait ◄────────────────────────────────────────────┘
//!           └─► LiveCapture ─► start_session ─► CaptureSession ─► finish
//!                  └─ one reading thread, which never had the privileges
//! ```
//!
//! * The right to capture is only needed once, when the program starts; a [`LiveCapture`] then
//!   serves any number of runs, one at a time.
//! * It captures nothing until a run [adds addresses](CaptureSession::watch_addresses): the
//!   kernel's filter blocks everything between runs, and within one passes the packets to and from
//!   these addresses and ports. What the kernel's filter cannot express is checked again here.
//! * Only headers are captured, unless whole packets are wanted ([`CaptureDepth`]); those are kept
//!   in memory and then in a file. No byte is parsed before the right is given up.
//! * For aggregates (GSO, GRO), which the kernel splits on the way out or merges on the way in, a
//!   second socket reports the size of their segments.
//! * Packets that cannot be delivered in time are counted, by the kernel or here, and reported.

mod aggregates;
mod bpf;
mod device;
mod diagnosis;
mod error;
mod interface_selection;
mod live;
mod open_connections;
mod opening;
mod packet_filter;
mod packet_store;
mod privilege;
mod reader;
mod run;
mod session_packets;

pub use device::CaptureDepth;
pub use diagnosis::{CaptureDiagnosis, InterfaceCheck, diagnose_capture};
pub use error::CaptureError;
pub use interface_selection::InterfaceSelection;
pub use live::{CaptureSession, LiveCapture};
pub use opening::CaptureOpening;
pub use packet_store::PacketStore;
pub use privilege::drop_capture_privileges;
pub use run::{CaptureEventSink, RunClock};
