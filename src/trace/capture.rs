//! State of the packet capture of a run.

use super::OtherFrames;

/// Whether packets are being captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CaptureState {
    /// Not known yet, or the user turned capture off.
    #[default]
    Off,
    /// Packets are being, or were, captured.
    On,
    /// Packets cannot be captured.
    Unavailable {
        /// Why not.
        reason: String,
        /// Command or step that makes it possible.
        remedy: String,
    },
}

/// The state of packet capture in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// Whether packets are being captured.
    pub state: CaptureState,
    /// Interface, once capture is on.
    pub interface: Option<String>,
    /// Link type's name as libpcap gives it (`EN10MB`), once capture is on.
    pub link_type: Option<String>,
    /// Packets that reached this trace, including [`other_frames`](Self::other_frames).
    pub packets: u64,
    /// Of these, frames that are neither TCP nor UDP packets.
    pub other_frames: OtherFrames,
    /// Of these, TCP and UDP packets of flows beyond the flow limit: they are counted here only.
    pub packets_beyond_flow_limit: u64,
    /// Packets that the kernel saw but dropped; known once the capture has closed.
    pub dropped: Option<u64>,
}
