//! Messages: everything that arrives at the screen.

use crate::dissect::Dissection;
use crate::trace::{self, FlowKey, LinkConfig, LinkCounts, PacketLocation};
use crate::units::Untrusted;

/// Something that arrived at the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum ScreenMessage {
    /// A key, a mouse event, a paste, or a new size.
    Terminal(crossterm::event::Event),
    /// An event of the run. [`RunStarted`](trace::EventKind::RunStarted) begins a new trace.
    Trace(trace::Event),
    /// A signal to the process.
    Signal(ProcessSignal),
    /// The requested run could not be started, or ended without an event saying so; the reason, in
    /// a sentence.
    RunFailed(String),
    /// A packet's bytes, requested by
    /// [`ScreenEffect::ReadPacket`](super::ScreenEffect::ReadPacket).
    PacketRead {
        /// The packet.
        stored: PacketLocation,
        /// The link type of the frame and its captured bytes; or why they cannot be read, as text
        /// to follow a colon.
        read: Result<(u16, Vec<u8>), String>,
    },
    /// The current state of the lab's link. It may arrive at any time, and again with other
    /// counters; without a link it never does.
    Link {
        /// Returns its value as shown.
        link: LinkConfig,
        /// Its packet counters so far.
        counts: LinkCounts,
    },
    /// A dissected conversation, requested by
    /// [`ScreenEffect::Dissect`](super::ScreenEffect::Dissect).
    Dissected(FlowKey, Box<Dissection>),
    /// The run was saved, or could not be, as requested by
    /// [`ScreenEffect::Save`](super::ScreenEffect::Save) or on the command line; a sentence either
    /// way.
    Saved(Result<String, String>),
    /// Server names found in the flows of
    /// [`ScreenEffect::FindServerNames`](super::ScreenEffect::FindServerNames).
    ServerNames(Vec<(FlowKey, Untrusted)>),
    /// The link could not be configured as [`ScreenEffect::SetLink`](super::ScreenEffect::SetLink)
    /// requested; the reason, in a sentence. Its current state follows in [`ScreenMessage::Link`].
    LinkRefused(String),
}

impl From<trace::Event> for ScreenMessage {
    fn from(event: trace::Event) -> Self {
        Self::Trace(event)
    }
}

/// Signals that this program handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessSignal {
    /// SIGTERM: end now.
    Terminate,
    /// SIGHUP, or the terminal was closed: end now.
    HangUp,
    /// SIGQUIT: end now. It is what users send when nothing else helps, so the terminal is restored
    /// then, too.
    Abort,
    /// SIGINT: like Ctrl-C.
    Interrupt,
    /// SIGTSTP: like Ctrl-Z.
    Stop,
    /// SIGCONT: the process was continued; the terminal may show anything.
    Continue,
}
