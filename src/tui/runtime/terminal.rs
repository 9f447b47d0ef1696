//! Taking the terminal over and giving it back.
//!
//! Everything that is switched on is switched off again on every way out: return, error,
//! suspension. Switching off what is off does no harm, so leaving twice is fine. Where the process
//! ends without a way out (a panic, a signal), whoever runs the screen writes [`SWITCHED_OFF`].

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crossterm::event::{EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, disable_raw_mode, enable_raw_mode};

/// Whether the terminal is ours.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);
/// What a terminal is sent to be as it was before the screen: pasting, the mouse and its ways to
/// tell of itself, the second screen, the cursor. How lines are read is no part of it; that is a
/// setting of the terminal's device.
pub const RESET_SEQUENCE: &[u8] =
    b"\x1b[?2004l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// The terminal is ours while this lives.
pub(super) struct TerminalGuard(());

/// Takes the terminal over.
pub(super) fn enter_terminal() -> io::Result<TerminalGuard> {
    let entered = TerminalGuard(());
    enable_terminal_modes()?;
    Ok(entered)
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore_terminal();
    }
}

pub(super) fn enable_terminal_modes() -> io::Result<()> {
    IS_ENTERED.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste
    )
}

/// Gives the terminal back. Where it went away there is nothing to give back, so errors are of no
/// interest.
pub(super) fn restore_terminal() {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // First, since it waits for nobody: the terminal may take no output. What fails once may be
    // done the second time; a terminal that stays raw is of no use to a shell.
    let _ = disable_raw_mode().or_else(|_| disable_raw_mode());
    let mut out = io::stdout();
    let _ = out.write_all(RESET_SEQUENCE).and_then(|()| out.flush());
}

/// Puts text on the clipboard of whoever sits at the terminal (OSC 52; it works through ssh, where
/// the terminal allows it).
pub(super) fn copy_to_clipboard(text: &str) {
    let mut out = io::stdout();
    let _ = write!(out, "\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text));
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use crossterm::Command;
    use crossterm::cursor::Show;
    use crossterm::event::{DisableBracketedPaste, DisableMouseCapture};
    use crossterm::terminal::LeaveAlternateScreen;

    use super::*;

    #[test]
    fn it_is_what_the_library_switches_off() {
        let mut expected = String::new();
        let commands: [&dyn Fn(&mut String) -> std::fmt::Result; 4] = [
            &|out| DisableBracketedPaste.write_ansi(out),
            &|out| DisableMouseCapture.write_ansi(out),
            &|out| LeaveAlternateScreen.write_ansi(out),
            &|out| Show.write_ansi(out),
        ];
        assert!(commands.iter().all(|write| write(&mut expected).is_ok()));
        assert_eq!(
            RESET_SEQUENCE.escape_ascii().to_string(),
            expected.as_bytes().escape_ascii().to_string()
        );
    }
}
