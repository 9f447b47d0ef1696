//! What the screen wants done.

use crate::insight::FlowOpening;
use crate::trace::{Flow, FlowKey, LinkConfig, PacketLocation};

/// Something that shall happen outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScreenEffect {
    /// Start a new run, in place of the one under way if there is one. Its events come back as
    /// [`Message::Trace`](super::Message::Trace), the first of them
    /// [`RunStarted`](crate::trace::What::RunStarted). Where it cannot be started,
    /// [`Message::RunFailed`](super::Message::RunFailed) says why.
    Run {
        /// Where to, as the user wrote it.
        url: String,
    },
    /// End the run under way. Its last events still come back, the very last
    /// [`RunEnded`](crate::trace::What::RunEnded).
    Cancel,
    /// Set the lab's link so, at once. How it is then comes back as
    /// [`Message::Link`](super::Message::Link), and during a run as
    /// [`LinkSet`](crate::trace::What::LinkSet) too.
    SetLink(LinkConfig),
    /// Read a packet's bytes. They come back as
    /// [`Message::PacketRead`](super::Message::PacketRead).
    ReadPacket(PacketLocation),
    /// Look for the servers' names in what was sent first in these flows. They come back as
    /// [`Message::Named`](super::Message::Named).
    FindServerNames(Vec<(FlowKey, FlowOpening)>),
    /// Take a conversation of others apart. What it says comes back as
    /// [`Message::TakenApart`](super::Message::TakenApart).
    Dissect(Box<Flow>),
    /// Save the latest run to a file. How that went comes back as
    /// [`Message::Saved`](super::Message::Saved).
    Save,
    /// Put text on the clipboard.
    Copy(String),
    /// Stop this process as Ctrl-Z does, and come back from it.
    Suspend,
    /// Draw everything anew: something else wrote on the terminal. [`run`](super::run) does it.
    Redraw,
    /// Leave; [`run`](super::run) returns the outcome.
    Quit(ExitReason),
}

/// Why the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitReason {
    /// The user was done.
    Quit,
    /// Ctrl-C or SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// SIGQUIT, which Ctrl-\ sends.
    Aborted,
    /// SIGHUP, or the terminal went away.
    HungUp,
}

impl ExitReason {
    /// The process's exit code; for a signal 128 and its number, as shells have it.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Aborted => 131,
            Self::Terminated => 143,
        }
    }
}
