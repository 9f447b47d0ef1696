//! What the capture can say about itself.

use super::OtherFrames;

/// Whether packets are seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CaptureState {
    /// Nothing is known yet, or the user did not want it.
    #[default]
    Off,
    /// Packets are, or were, captured.
    On,
    /// They cannot be: why, and the command that changes it.
    Unavailable {
        /// Why not.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
}

/// The state of packet capture in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// Whether packets are seen.
    pub state: CaptureState,
    /// Interface, once capture is on.
    pub interface: Option<String>,
    /// Link type's name as libpcap gives it (`EN10MB`), once capture is on.
    pub link_type: Option<String>,
    /// Packets that reached this trace, those of [`others`](Self::others) included.
    pub packets: u64,
    /// Of these, what is no TCP or UDP packet.
    pub other_frames: OtherFrames,
    /// Of these, TCP and UDP packets of flows beyond the number that is kept: they are counted
    /// here only.
    pub packets_beyond_flow_limit: u64,
    /// Packets the kernel saw but could not hand over; known once the capture has closed.
    pub dropped: Option<u64>,
}
