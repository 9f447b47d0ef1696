//! Everything that arrives.

use crate::trace;

/// Something that arrived at the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A key, a click, a paste, a new size.
    Terminal(crossterm::event::Event),
    /// Something happened in the run. [`trace::What::RunStarted`] begins a new trace.
    Trace(trace::Event),
    /// The operating system wants something.
    Signal(Signal),
    /// The run that was asked for could not be started, or ended without saying so; why, in a sentence.
    RunFailed(String),
}

impl From<trace::Event> for Message {
    fn from(event: trace::Event) -> Self {
        Self::Trace(event)
    }
}

/// Signals this program acts upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// SIGTERM: end now.
    Terminate,
    /// SIGHUP, or the terminal went away: end now.
    HangUp,
    /// SIGQUIT: end now. It is what one sends when nothing else helps, so the terminal comes back then, too.
    Abort,
    /// SIGINT: as Ctrl-C.
    Interrupt,
    /// SIGTSTP: as Ctrl-Z.
    Stop,
    /// SIGCONT: awake again; the terminal may show anything.
    Continue,
}
