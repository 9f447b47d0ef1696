//! The screen on a terminal that is restored however the process ends.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender};

use crate::sys;
use crate::tui::{self, ExitReason, ScreenEffect, ScreenMessage, Settings};

/// Runs [`tui::live`]. The terminal is restored even if the process ends abruptly, and a second
/// termination signal ends the process immediately.
///
/// # Errors
/// Those of [`tui::live`].
pub fn show_screen(
    sender: &SyncSender<ScreenMessage>,
    inbox: &Receiver<ScreenMessage>,
    perform: &mut dyn FnMut(ScreenEffect),
    settings: Settings,
) -> io::Result<ExitReason> {
    let _held = sys::guard_terminal(tui::RESET_SEQUENCE);
    sys::exit_on_second_signal();
    let mut perform = |effect| {
        if matches!(effect, ScreenEffect::Cancel) {
            // The first interrupt cancels the run only; the screen stays.
            sys::acknowledge_interrupt();
        }
        perform(effect);
    };
    tui::run_on_terminal(sender, inbox, &mut perform, settings)
}
