//! The screen, on a terminal that is given back however the process ends.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender};

use crate::sys;
use crate::tui::{self, ExitReason, ScreenEffect, ScreenMessage, Settings};

/// [`tui::live`], of which an abrupt end leaves no trace on the terminal, and which the second
/// signal that asks it to end ends at once.
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
            // An interrupt calls the run off first, and the screen stays.
            sys::acknowledge_interrupt();
        }
        perform(effect);
    };
    tui::run_on_terminal(sender, inbox, &mut perform, settings)
}
