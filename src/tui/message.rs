//! Everything that arrives.

use crate::dissect::Dissection;
use crate::trace::{self, FlowKey, LinkConfig, LinkCounts, PacketLocation};
use crate::units::Untrusted;

/// Something that arrived at the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum ScreenMessage {
    /// A key, a click, a paste, a new size.
    Terminal(crossterm::event::Event),
    /// Something happened in the run. [`trace::What::RunStarted`] begins a new trace.
    Trace(trace::Event),
    /// The operating system wants something.
    Signal(ProcessSignal),
    /// The run that was asked for could not be started, or ended without saying so; why, in a
    /// sentence.
    RunFailed(String),
    /// A packet's bytes, which [`Effect::ReadPacket`](super::Effect::ReadPacket) asked for.
    PacketRead {
        /// Which packet.
        stored: PacketLocation,
        /// The number of the link type it begins with, and the bytes as far as they were captured;
        /// or why they cannot be had, in words that follow a colon.
        read: Result<(u16, Vec<u8>), String>,
    },
    /// The lab's link as it is now. It may come at any time, and again with other counts; where it
    /// never comes there is no link.
    Link {
        /// How it is set.
        link: LinkConfig,
        /// What it has done with packets so far.
        counts: LinkCounts,
    },
    /// What a conversation says, which [`Effect::TakeApart`](super::Effect::TakeApart) asked for.
    Dissected(FlowKey, Box<Dissection>),
    /// The run was saved, or could not be, which [`Effect::Save`](super::Effect::Save) or the
    /// command line asked for; a sentence either way.
    Saved(Result<String, String>),
    /// The servers' names, of those flows that [`Effect::Name`](super::Effect::Name) was about and
    /// where one was found.
    ServerNames(Vec<(FlowKey, Untrusted)>),
    /// The link could not be set as [`Effect::SetLink`](super::Effect::SetLink) asked; why, in a
    /// sentence. How it is then [`Message::Link`] says.
    LinkRefused(String),
}

impl From<trace::Event> for ScreenMessage {
    fn from(event: trace::Event) -> Self {
        Self::Trace(event)
    }
}

/// Signals this program acts upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessSignal {
    /// SIGTERM: end now.
    Terminate,
    /// SIGHUP, or the terminal went away: end now.
    HangUp,
    /// SIGQUIT: end now. It is what one sends when nothing else helps, so the terminal comes back
    /// then, too.
    Abort,
    /// SIGINT: as Ctrl-C.
    Interrupt,
    /// SIGTSTP: as Ctrl-Z.
    Stop,
    /// SIGCONT: awake again; the terminal may show anything.
    Continue,
}
