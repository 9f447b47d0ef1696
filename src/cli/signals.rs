//! Signals that end a probe: the first one cancels the run, so that a report of what happened is
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

/// Set once a termination signal has arrived, for threads that wait for something else.
static RECEIVED: AtomicBool = AtomicBool::new(false);

/// Returns true once a termination signal has arrived.
pub(super) fn signal_received() -> bool {
    RECEIVED.load(Ordering::SeqCst)
}

/// Records a termination signal that was handled elsewhere.
pub(super) fn remember_signal() {
    RECEIVED.store(true, Ordering::SeqCst);
}

/// Watches for signals on a separate thread.
pub(super) struct SignalWatcher {
    received: Arc<AtomicI32>,
    canceller: Arc<Mutex<Option<Canceller>>>,
}

impl SignalWatcher {
    /// Starts watching. The second signal ends the process immediately, as does the first if
    /// signals cannot be watched.
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
        let received = Arc::clone(&self.received);
        let canceller = Arc::clone(&self.canceller);
        // Initially no signals: had the thread failed to start, signals registered for it would be
        // ignored altogether.
        let mut incoming = Incoming::new(std::iter::empty::<i32>())?;
        let watched = incoming.handle();
        start_thread("signals", move || {
            for signal in incoming.forever() {
                remember_signal();
                received.store(signal, Ordering::SeqCst);
                if let Some(canceller) = &*canceller.lock().unwrap_or_else(PoisonError::into_inner)
                {
                    canceller.cancel();
                }
            }
        })?;
        // Under `nohup`, SIGHUP is ignored.
        let hang_up = Some(SIGHUP).filter(|signal| !sys::is_ignored(*signal));
        [SIGINT, SIGTERM]
            .into_iter()
            .chain(hang_up)
            .try_for_each(|signal| watched.add_signal(signal))
    }

    /// Sets what to cancel when a signal arrives; cancels it immediately if one has arrived
    /// already.
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

    /// The exit code for the signal that arrived, if one did.
    pub(super) fn exit(&self) -> Option<Exit> {
        match self.received.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(Exit::Signal(u8::try_from(signal).unwrap_or(0))),
        }
    }
}
