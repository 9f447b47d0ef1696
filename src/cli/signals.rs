//! Signals that end a probe: the first calls the run off, so that the report of what happened is still written.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Incoming;

use super::engine::Canceller;
use super::exit::Exit;

/// Waits for signals on a thread of its own.
pub(super) struct Signals {
    came: Arc<AtomicI32>,
    canceller: Arc<Mutex<Option<Canceller>>>,
}

impl Signals {
    /// Starts watching. The second signal of a kind ends the process at once.
    pub(super) fn watch() -> Self {
        let signals = Self { came: Arc::new(AtomicI32::new(0)), canceller: Arc::default() };
        let (came, canceller) = (Arc::clone(&signals.came), Arc::clone(&signals.canceller));
        if let Ok(mut incoming) = Incoming::new([SIGINT, SIGTERM, SIGHUP]) {
            std::thread::spawn(move || {
                for signal in incoming.forever() {
                    if came.swap(signal, Ordering::SeqCst) != 0 {
                        let _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                    if let Some(canceller) = &*canceller.lock().unwrap_or_else(PoisonError::into_inner) {
                        canceller.cancel();
                    }
                }
            });
        }
        signals
    }

    /// What to call off when a signal comes; at once if one has come already.
    pub(super) fn cancel(&self, run: Canceller) {
        let mut canceller = self.canceller.lock().unwrap_or_else(PoisonError::into_inner);
        if self.came.load(Ordering::SeqCst) != 0 {
            run.cancel();
        }
        *canceller = Some(run);
    }

    /// The exit that a signal asks for, if one came.
    pub(super) fn exit(&self) -> Option<Exit> {
        match self.came.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(Exit::Signal(u8::try_from(signal).unwrap_or(0))),
        }
    }
}
