//! The screen's terminal and settings, shared by the commands that show it.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{Receiver, SyncSender};

use super::args::{ScreenArgs, ThemeChoice};
use super::exit::Exit;
use crate::sys;
use crate::tui::{self, ExitReason, ScreenEffect, ScreenMessage, Settings, Theme};

/// Returns true if there is a terminal to draw on and to read keys from.
pub(super) fn has_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// Runs [`tui::run_on_terminal`]. The terminal is restored even if the process ends abruptly, and a
/// second termination signal ends the process immediately.
///
/// # Errors
/// Those of [`tui::run_on_terminal`].
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

/// The exit code for how the screen ended.
pub(super) fn screen_exit(outcome: std::io::Result<ExitReason>) -> Exit {
    match outcome {
        Ok(ExitReason::Quit) => Exit::Done,
        Ok(other) => Exit::Signal(other.exit_code().saturating_sub(128)),
        Err(error) => {
            eprintln!("tapline: the terminal cannot be used: {error}");
            Exit::Fault
        }
    }
}

/// The settings that depend on appearance alone.
pub(super) fn appearance_settings(args: &ScreenArgs) -> Settings {
    let theme = match args.theme {
        ThemeChoice::Dark | ThemeChoice::Plain => Theme::Dark,
        ThemeChoice::Light => Theme::Light,
        ThemeChoice::ColorBlind => Theme::ColorBlind,
    };
    let colorless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Settings {
        theme,
        color: args.theme != ThemeChoice::Plain && !colorless,
        ascii: args.ascii || !super::supports_unicode(),
        ..Settings::default()
    }
}
