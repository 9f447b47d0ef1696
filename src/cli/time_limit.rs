//! Time limit of the transfer in progress (`-m`), for parts of the program other than the engine.
//!
//! The engine enforces the limit itself, except while it waits for the receiver of its events,
//! which may in turn wait for the reader of standard output. So the limit is also tracked here.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::signals;
use crate::trace::{EventKind, ExchangeCause};

/// Deadline of the transfer in progress.
static DEADLINE: Mutex<Option<Instant>> = Mutex::new(None);

/// Returns true if the run must end now: a signal was received, or the deadline has passed.
pub(super) fn run_must_end() -> bool {
    let limit = *DEADLINE.lock().unwrap_or_else(PoisonError::into_inner);
    signals::signal_received() || limit.is_some_and(|limit| limit <= Instant::now())
}

/// Tracks the deadline of a run's transfers from their events.
pub(super) struct TransferLimit {
    limit: Duration,
    /// Deadline of the latest transfer.
    deadline: Option<Instant>,
    /// Whether the exchange in progress failed.
    failed: bool,
}

/// Tolerance for the difference between the engine's reading of the clock and this one's.
const MARGIN: Duration = Duration::from_millis(100);

impl TransferLimit {
    /// Creates a tracker for transfers with this time limit.
    pub(super) const fn new(limit: Duration) -> Self {
        Self {
            limit,
            deadline: None,
            failed: false,
        }
    }

    /// Updates the deadline. Must be called before the event is passed on. The deadline is cleared
    /// when a transfer ends in time, and kept if the limit ended it.
    pub(super) fn observe(&mut self, what: &EventKind) {
        let now = Instant::now();
        match what {
            EventKind::ExchangeStarted { cause, .. } => {
                if !matches!(cause, ExchangeCause::Redirect | ExchangeCause::Retry) {
                    self.deadline = now.checked_add(self.limit);
                }
                self.failed = false;
                set(self.deadline);
            }
            EventKind::Failed { .. } => self.failed = true,
            EventKind::ExchangeEnded { .. } => {
                let at_limit = self.deadline.is_some_and(|limit| limit <= now + MARGIN);
                set((self.failed && at_limit).then_some(now));
            }
            _ => {}
        }
    }
}

fn set(limit: Option<Instant>) {
    *DEADLINE.lock().unwrap_or_else(PoisonError::into_inner) = limit;
}
