//! What the capture can say about itself.

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
    /// Packets that reached this trace.
    pub packets: u64,
    /// Packets the kernel saw but could not hand over; known once the capture has closed.
    pub dropped: Option<u64>,
}
