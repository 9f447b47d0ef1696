//! Taking the terminal over and giving it back.
//!
//! Everything that is switched on is switched off again on every way out: return, error, panic, suspension. Switching off what
//! is off does no harm, so leaving twice is fine.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};

use crate::tui::Message;

/// Whether the terminal is ours.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// What other threads had to say when they panicked; shown once the terminal is the user's again.
static LAST_WORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The terminal is ours while this lives.
pub(super) struct Entered {
    /// The panic hook that was there before.
    hook: Arc<Hook>,
}

/// Takes the terminal over, and sees to it that a panic gives it back.
pub(super) fn enter(inbox: SyncSender<Message>) -> io::Result<Entered> {
    let entered = Entered { hook: catch_panics(inbox) };
    switch_on()?;
    Ok(entered)
}

impl Drop for Entered {
    fn drop(&mut self) {
        switch_off();
        if !thread::panicking() {
            let before = Arc::clone(&self.hook);
            panic::set_hook(Box::new(move |panic| before(panic)));
        }
        let words = LAST_WORDS.lock().map(|mut words| std::mem::take(&mut *words)).unwrap_or_default();
        for text in words {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
}

pub(super) fn switch_on() -> io::Result<()> {
    ENTERED.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
}

/// Gives the terminal back. Where it went away there is nothing to give back, so errors are of no interest.
pub(super) fn switch_off() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = queue!(out, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// Puts text on the clipboard of whoever sits at the terminal (OSC 52; it works through ssh, where the terminal allows it).
pub(super) fn copy(text: &str) {
    let mut out = io::stdout();
    let _ = write!(out, "\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text));
    let _ = out.flush();
}

/// A panic of this thread gives the terminal back before it is reported. One of another thread must not: the screen goes on,
/// says so, and the report follows when it is left.
/// Returns the hook that was there before.
fn catch_panics(inbox: SyncSender<Message>) -> Arc<Hook> {
    let ours = thread::current().id();
    let before: Arc<Hook> = Arc::from(panic::take_hook());
    let returned = Arc::clone(&before);
    panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == ours || !ENTERED.load(Ordering::SeqCst) {
            switch_off();
            before(panic);
            return;
        }
        if let Ok(mut words) = LAST_WORDS.lock() {
            words.push(panic.to_string());
        }
        let _ = inbox.try_send(Message::RunFailed("a fault in this program ended the run; its report follows when you quit".to_owned()));
    }));
    returned
}
