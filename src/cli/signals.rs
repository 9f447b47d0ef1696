//! Signals that end a probe: the first calls the run off, so that the report of what happened is
//! still written.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Incoming;

use super::engine::Canceller;
use super::exit::Exit;
use super::threads::start_thread;
use crate::sys;

/// Whether a signal came that ends the program, for those who wait for something else on a thread
/// of their own.
static RECEIVED: AtomicBool = AtomicBool::new(false);

/// Whether a signal came that ends the program.
pub(super) fn signal_received() -> bool {
    RECEIVED.load(Ordering::SeqCst)
}

/// Remembers that one came, where another watched for it.
pub(super) fn remember_signal() {
    RECEIVED.store(true, Ordering::SeqCst);
}

/// Waits for signals on a thread of its own.
pub(super) struct SignalWatcher {
    received: Arc<AtomicI32>,
    canceller: Arc<Mutex<Option<Canceller>>>,
}

impl SignalWatcher {
    /// Starts watching. The second signal ends the process at once, and so does the first where
    /// none can be watched.
    pub(super) fn watch() -> Self {
        let signals = Self {
            received: Arc::new(AtomicI32::new(0)),
            canceller: Arc::default(),
        };
        sys::exit_on_second_signal();
        let _ = signals.start_watching();
        signals
    }

    fn start_watching(&self) -> io::Result<()> {
        let (came, canceller) = (Arc::clone(&self.received), Arc::clone(&self.canceller));
        // Of none at first: those that are watched by a thread that could not be started would have
        // no effect at all.
        let mut incoming = Incoming::new(std::iter::empty::<i32>())?;
        let watched = incoming.handle();
        start_thread("signals", move || {
            for signal in incoming.forever() {
                remember_signal();
                came.store(signal, Ordering::SeqCst);
                if let Some(canceller) = &*canceller.lock().unwrap_or_else(PoisonError::into_inner)
                {
                    canceller.cancel();
                }
            }
        })?;
        // After `nohup` a terminal that goes away means nothing.
        let hang_up = Some(SIGHUP).filter(|signal| !sys::is_ignored(*signal));
        [SIGINT, SIGTERM]
            .into_iter()
            .chain(hang_up)
            .try_for_each(|signal| watched.add_signal(signal))
    }

    /// What to call off when a signal comes; at once if one has come already.
    pub(super) fn cancel_on_signal(&self, run: Canceller) {
        let mut canceller = self
            .canceller
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.received.load(Ordering::SeqCst) != 0 {
            run.cancel();
        }
        *canceller = Some(run);
    }

    /// The exit that a signal asks for, if one came.
    pub(super) fn exit(&self) -> Option<Exit> {
        match self.received.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(Exit::Signal(u8::try_from(signal).unwrap_or(0))),
        }
    }
}
