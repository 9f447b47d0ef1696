//! Signals that the lab's processes pass on, down to the program.
//!
//! What a terminal sends (Ctrl-C, Ctrl-\) reaches every process in its foreground, so the program
//! has it already; what somebody sends to one process alone would end there.

use std::io;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM,
};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::{Cause, Origin};

use super::threads::start_thread;
use crate::sys::with_signals_blocked;

/// What other processes send to end a program, or to tell it something.
const FORWARDED: [i32; 10] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF,
];

/// Signals that came to this process. None is lost from here on, and none ends it.
pub(super) struct SignalForwarder(SignalsInfo<WithOrigin>);

impl SignalForwarder {
    pub(super) fn install() -> io::Result<Self> {
        // One that came while its handler is being put in its place would be lost.
        with_signals_blocked(|| SignalsInfo::new(FORWARDED)).map(Self)
    }

    /// Passes on to a process what it does not get by itself, from a thread of its own.
    ///
    /// # Errors
    /// No thread can be started: from here on they would end nothing, this process least of all.
    pub(super) fn forward_to(mut self, process: Pid) -> io::Result<()> {
        start_thread("signals", move || {
            for origin in self.0.forever().filter(is_for_this_process) {
                let _ = Signal::from_named_raw(origin.signal)
                    .map(|signal| kill_process(process, signal));
            }
        })
    }
}

/// Not for all that a terminal has in its foreground.
fn is_for_this_process(origin: &Origin) -> bool {
    [SIGTERM, SIGHUP].contains(&origin.signal) || matches!(origin.cause, Cause::Sent(_))
}
