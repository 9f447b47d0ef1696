//! Whether the run has to end: a signal came, or what is transferred has reached its limit (`-m`).
//!
//! The engine keeps the limit itself. It cannot while it waits for whoever takes its events, and
//! those in turn may wait for the reader of standard output; so the limit is known here, too.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::signals;
use crate::trace::{EventKind, ExchangeCause};

/// The limit of the transfer under way.
static UNDER_WAY: Mutex<Option<Instant>> = Mutex::new(None);

/// Returns whether whatever is still to be done has to be done at once.
pub(super) fn has_to_end() -> bool {
    let limit = *UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    signals::signal_received() || limit.is_some_and(|limit| limit <= Instant::now())
}

/// Follows a run's transfers, each of which has a limit.
pub(super) struct TransferLimit {
    lasts: Duration,
    /// Of the latest transfer.
    ends: Option<Instant>,
    /// Whether the exchange under way failed.
    failed: bool,
}

/// The engine reads its clock a little earlier or later than it is read here: 100 ms at most.
const MARGIN: Duration = Duration::from_millis(100);

impl TransferLimit {
    /// For transfers that may last so long.
    pub(super) const fn lasting(lasts: Duration) -> Self {
        Self {
            lasts,
            ends: None,
            failed: false,
        }
    }

    /// Follows what happens, before anybody else does. A transfer that has ended in time has no
    /// limit any more; one that the limit ended keeps it.
    pub(super) fn follow(&mut self, what: &EventKind) {
        let now = Instant::now();
        match what {
            EventKind::ExchangeStarted { cause, .. } => {
                if !matches!(cause, ExchangeCause::Redirect | ExchangeCause::Retry) {
                    self.ends = now.checked_add(self.lasts);
                }
                self.failed = false;
                set(self.ends);
            }
            EventKind::Failed { .. } => self.failed = true,
            EventKind::ExchangeEnded { .. } => {
                let at_limit = self.ends.is_some_and(|limit| limit <= now + MARGIN);
                set((self.failed && at_limit).then_some(now));
            }
            _ => {}
        }
    }
}

fn set(limit: Option<Instant>) {
    *UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner) = limit;
}
