//! Signal forwarding from the launcher through the init process to the program.
//!
//! Signals from a terminal (Ctrl-C, Ctrl-\) reach every process of its foreground group, so the
//! program receives them anyway; signals sent to one process must be forwarded.

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

/// Signals that other processes send to end a program or to notify it.
const FORWARDED: [i32; 10] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF,
];

/// Receives signals sent to this process, from the moment it is installed; none of them ends the
/// process any more.
pub(super) struct SignalForwarder(SignalsInfo<WithOrigin>);

impl SignalForwarder {
    pub(super) fn install() -> io::Result<Self> {
        // Blocked meanwhile: a signal that arrives while its handler is being installed would be
        // lost.
        with_signals_blocked(|| SignalsInfo::new(FORWARDED)).map(Self)
    }

    /// Forwards to a process, on a thread of its own, the signals that it does not receive by
    /// itself.
    ///
    /// # Errors
    /// No thread can be started: from here on the signals would have no effect at all.
    pub(super) fn forward_to(mut self, process: Pid) -> io::Result<()> {
        start_thread("signals", move || {
            for origin in self.0.forever().filter(is_for_this_process) {
                let _ = Signal::from_named_raw(origin.signal)
                    .map(|signal| kill_process(process, signal));
            }
        })
    }
}

/// Returns true if the signal was sent to this process and not to the terminal's whole foreground
/// group.
fn is_for_this_process(origin: &Origin) -> bool {
    [SIGTERM, SIGHUP].contains(&origin.signal) || matches!(origin.cause, Cause::Sent(_))
}
