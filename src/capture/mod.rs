//! Live packets as events.
//!
//! ```text
//! Opening::begin ── a thread per interface opens it ─┐
//!      │ this thread gives up the right to capture   │
//!      └─ ready ◄────────────────────────────────────┘ ─► Capture ─► listen ─► Listening ─► finish
//!                                                           │ one reading thread, which never had the right
//! ```
//!
//! * The right to capture is needed once, when the program starts; a [`Capture`] then serves any
//!   number of runs, one at a time.
//! * It sees nothing until a run [expects](Listening::expect) addresses: the kernel's filter is
//!   shut between runs, and within one lets through the packets to and from these addresses and
//!   ports. What the kernel could not be told is checked again here.
//! * Only headers are captured, unless somebody wants to look at packets ([`Depth`]); then they are
//!   kept, in memory and then in a file. No byte is parsed before the right is given up.
//! * Of aggregates, which the kernel cuts on the way out or glued on the way in, a second socket
//!   tells how large their segments are.
//! * What cannot be handed on in time is counted, by the kernel or here, and said.

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
