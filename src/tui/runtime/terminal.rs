//! Terminal set-up and restoration.
//!
//! All modes that are enabled are disabled again on every way out: return, error, suspension.
//! Restoring twice does no harm. If the process ends without a way out (a panic, a signal), whoever
//! runs the screen writes [`RESET_SEQUENCE`].

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crossterm::event::{EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, disable_raw_mode, enable_raw_mode};

/// Whether the terminal's modes are enabled.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);
/// Escape sequence that restores the terminal: it disables bracketed paste and mouse reporting,
/// leaves the alternate screen, and shows the cursor. Line settings are not part of it; they belong
/// to the terminal device.
pub const RESET_SEQUENCE: &[u8] =
    b"\x1b[?2004l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// Restores the terminal when dropped.
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

/// Restores the terminal. Errors are ignored: if the terminal was closed, there is nothing to
/// restore.
pub(super) fn restore_terminal() {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // First, since it cannot block: the terminal may accept no output. It is tried twice, since a
    // terminal that stays in raw mode is of no use to a shell.
    let _ = disable_raw_mode().or_else(|_| disable_raw_mode());
    let mut out = io::stdout();
    let _ = out.write_all(RESET_SEQUENCE).and_then(|()| out.flush());
}

/// Copies text to the clipboard of the user's terminal (OSC 52; it works through ssh if the
/// terminal allows it).
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
    fn the_reset_sequence_disables_every_mode_that_the_library_enables() {
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
