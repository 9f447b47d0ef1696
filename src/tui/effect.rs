//! Effects: what the screen asks its caller to do.

use crate::insight::FlowOpening;
use crate::trace::{ClockMap, Flow, FlowKey, LinkConfig, PacketLocation};

/// An action to be performed outside the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScreenEffect {
    /// Start a new run, replacing the one in progress. Its events come back as
    /// [`ScreenMessage::Trace`](super::ScreenMessage::Trace), the first of them
    /// [`RunStarted`](crate::trace::EventKind::RunStarted). If it cannot be started,
    /// [`ScreenMessage::RunFailed`](super::ScreenMessage::RunFailed) says why.
    Run {
        /// URL, as the user typed it.
        url: String,
    },
    /// Cancel the run in progress. Its last events still come back, the very last being
    /// [`RunEnded`](crate::trace::EventKind::RunEnded).
    Cancel,
    /// Configure the lab's link, at once. The result comes back as
    /// [`ScreenMessage::Link`](super::ScreenMessage::Link), and during a run as
    /// [`LinkSet`](crate::trace::EventKind::LinkSet) too.
    SetLink(LinkConfig),
    /// Read a packet's bytes. They come back as
    /// [`ScreenMessage::PacketRead`](super::ScreenMessage::PacketRead).
    ReadPacket(PacketLocation),
    /// Search the first bytes of these flows for server names. The names come back as
    /// [`ScreenMessage::ServerNames`](super::ScreenMessage::ServerNames).
    FindServerNames(Vec<(FlowKey, FlowOpening)>),
    /// Dissect a captured conversation. The result comes back as
    /// [`ScreenMessage::Dissected`](super::ScreenMessage::Dissected).
    Dissect(Box<(Flow, ClockMap)>),
    /// Save the latest run to a file. The result comes back as
    /// [`ScreenMessage::Saved`](super::ScreenMessage::Saved).
    Save,
    /// Copy text to the clipboard.
    Copy(String),
    /// Stop this process as Ctrl-Z does, until it is continued.
    Suspend,
    /// Redraw the whole screen because something else wrote to the terminal.
    /// [`run_event_loop`](super::run_event_loop) does it.
    Redraw,
    /// Leave the screen; [`run_event_loop`](super::run_event_loop) returns the reason.
    Quit(ExitReason),
}

/// Reason why the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitReason {
    /// The user quit.
    Quit,
    /// Ctrl-C or SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// SIGQUIT, which Ctrl-\ sends.
    Aborted,
    /// SIGHUP, or the terminal was closed.
    HungUp,
}

impl ExitReason {
    /// Returns the exit code of the process; for a signal, 128 plus its number, as in shells.
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
