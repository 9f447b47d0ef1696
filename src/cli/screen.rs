//! The screen, on a terminal that is given back however the process ends.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender};

use crate::sys;
use crate::tui::{self, Effect, Message, Outcome, Settings};

/// [`tui::live`], of which an abrupt end leaves no trace on the terminal, and which the second
/// signal that asks it to end ends at once.
///
/// # Errors
/// Those of [`tui::live`].
pub fn show(
    sender: &SyncSender<Message>,
    inbox: &Receiver<Message>,
    perform: &mut dyn FnMut(Effect),
    settings: Settings,
) -> io::Result<Outcome> {
    let _held = sys::hold_terminal(tui::SWITCHED_OFF);
    sys::end_at_second_signal();
    let mut perform = |effect| {
        if matches!(effect, Effect::Cancel) {
            // An interrupt calls the run off first, and the screen stays.
            sys::answer_interrupt();
        }
        perform(effect);
    };
    tui::live(sender, inbox, &mut perform, settings)
}
