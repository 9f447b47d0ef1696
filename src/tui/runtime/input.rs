//! Two threads that send keys and signals to the inbox.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use crossterm::event;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{getpid, getsid, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::terminal;
use crate::tui::{ProcessSignal, ScreenMessage};

/// Timeout for waits that only input ends.
const LONG_WAIT: Duration = Duration::from_secs(3600);

/// Timeout for checking whether more input is waiting. With a timeout of zero crossterm does not
/// check at all.
const POLL_TIMEOUT: Duration = Duration::from_millis(1);

/// Number of consecutive failures to read keys that are tolerated. If the reader cannot be set up,
/// every read fails.
const MAX_READ_FAILURES: u32 = 3;

/// Keyboard and signal input.
pub(super) struct TerminalInput {
    /// Number of stop signals that this program sent to itself and has to ignore.
    self_sent_stops: Arc<AtomicUsize>,
    /// Why keys can no longer be read.
    read_error: Arc<OnceLock<io::Error>>,
}

/// Starts the two threads. They end with the process, or once nobody receives from the inbox.
pub(super) fn start_input_threads(inbox: &SyncSender<ScreenMessage>) -> io::Result<TerminalInput> {
    let own_stops = Arc::new(AtomicUsize::new(0));
    let signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    let for_signals = inbox.clone();
    let for_keys = inbox.clone();
    let stops = Arc::clone(&own_stops);
    let broken = Arc::new(OnceLock::new());
    let why = Arc::clone(&broken);
    start_thread("signals", move || {
        forward_signals(signals, &for_signals, &stops);
    })?;
    start_thread("keyboard", move || forward_keys(&for_keys, &why))?;
    Ok(TerminalInput {
        self_sent_stops: own_stops,
        read_error: broken,
    })
}

fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map(drop).map_err(|error| {
        io::Error::new(error.kind(), format!("no thread could be started: {error}"))
    })
}

impl TerminalInput {
    /// Returns an error if the screen had to be left because keys cannot be read.
    pub(super) fn check(&self) -> io::Result<()> {
        self.read_error.get().map_or(Ok(()), |error| {
            Err(io::Error::new(
                error.kind(),
                format!("keys cannot be read: {error}"),
            ))
        })
    }

    /// Stops the whole job as the shell expects of Ctrl-Z, and takes the terminal over again when
    /// it is continued.
    ///
    /// A session leader has no shell above it that could continue it (the first process of a
    /// container, a terminal's own command), so it is not stopped.
    pub(super) fn suspend(&self) {
        if getsid(None).is_ok_and(|session| session == getpid()) {
            return;
        }
        terminal::restore_terminal();
        self.self_sent_stops.fetch_add(1, Ordering::SeqCst);
        let _ = kill_current_process_group(rustix::process::Signal::TSTP);
        let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
        let _ = terminal::enable_terminal_modes();
    }
}

fn forward_signals(
    mut signals: Signals,
    inbox: &SyncSender<ScreenMessage>,
    own_stops: &AtomicUsize,
) {
    for number in signals.forever() {
        let message = match number {
            SIGTERM => ScreenMessage::Signal(ProcessSignal::Terminate),
            SIGHUP => ScreenMessage::Signal(ProcessSignal::HangUp),
            SIGINT => ScreenMessage::Signal(ProcessSignal::Interrupt),
            SIGQUIT => ScreenMessage::Signal(ProcessSignal::Abort),
            SIGCONT => ScreenMessage::Signal(ProcessSignal::Continue),
            SIGTSTP
                if own_stops
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
                    .is_ok() =>
            {
                continue;
            }
            SIGTSTP => ScreenMessage::Signal(ProcessSignal::Stop),
            _ => match crossterm::terminal::size() {
                Ok((columns, rows)) => ScreenMessage::Terminal(event::Event::Resize(columns, rows)),
                Err(_) => continue,
            },
        };
        if inbox.send(message).is_err() {
            return;
        }
    }
}

/// Waits for keys with `poll` where possible: crossterm's reader would spin forever on a terminal
/// that was closed.
fn forward_keys(inbox: &SyncSender<ScreenMessage>, broken: &OnceLock<io::Error>) {
    let stdin = io::stdin();
    let mut failures = 0;
    while if stdin.is_terminal() {
        wait_for_input(&stdin)
    } else {
        event::poll(LONG_WAIT).is_ok()
    } {
        match forward_waiting_keys(inbox) {
            Ok(true) => failures = 0,
            Ok(false) => return,
            // Unread input stays pending, so without this limit the loop would spin forever.
            Err(error) if failures == MAX_READ_FAILURES => {
                let _ = broken.set(error);
                break;
            }
            Err(_) => failures += 1,
        }
    }
    let _ = inbox.send(ScreenMessage::Signal(ProcessSignal::HangUp));
}

/// Returns true while somebody receives from the inbox.
fn forward_waiting_keys(inbox: &SyncSender<ScreenMessage>) -> io::Result<bool> {
    while event::poll(POLL_TIMEOUT)? {
        let event = event::read()?;
        // Size changes are reported by signal, at once and not with the next key.
        if !matches!(event, event::Event::Resize(..))
            && inbox.send(ScreenMessage::Terminal(event)).is_err()
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns true if there is something to read, and false once the terminal was closed.
fn wait_for_input(stdin: &impl AsFd) -> bool {
    loop {
        let mut wanted = [PollFd::new(stdin, PollFlags::IN)];
        match poll(&mut wanted, None) {
            Ok(_) => {
                return !wanted[0]
                    .revents()
                    .intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
