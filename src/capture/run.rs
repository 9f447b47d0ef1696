//! What a run wants of a capture, shared by the threads that expect, read and finish.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::filter::{Remote, remote_of};
use super::kept::Kept;
use crate::trace::{Event, What};
use crate::units::Moment;

/// Where events go. It says `false` where it has no room and the event is lost: it must not block.
pub type Sink = Arc<dyn Fn(Event) -> bool + Send + Sync>;

/// What time it is on the run's axis.
pub type Now = Arc<dyn Fn() -> Moment + Send + Sync>;

pub(super) struct Run {
    /// Until the run has ended. Whoever waits for its last event waits until nobody can send
    /// another.
    told: Mutex<Option<(Sink, Now)>>,
    expected: Mutex<Arc<BTreeSet<Remote>>>,
    open_flows: Mutex<usize>,
    flows_changed: Condvar,
    kept: Option<Arc<Kept>>,
}

impl Run {
    /// Addresses remembered; a run that goes to more is captured in part.
    const MOST_EXPECTED: usize = 4_096;

    pub(super) fn new(sink: Sink, now: Now, kept: Option<Arc<Kept>>) -> Self {
        Self {
            told: Mutex::new(Some((sink, now))),
            expected: Mutex::default(),
            open_flows: Mutex::new(0),
            flows_changed: Condvar::new(),
            kept,
        }
    }

    /// Where its packets are kept, if they are.
    pub(super) const fn kept(&self) -> Option<&Arc<Kept>> {
        self.kept.as_ref()
    }

    /// Adds addresses. All of them then, if any was new.
    pub(super) fn expect(&self, remotes: &[SocketAddr]) -> Option<Arc<BTreeSet<Remote>>> {
        let mut expected = locked(&self.expected);
        let new: Vec<Remote> = remotes
            .iter()
            .map(|remote| remote_of(*remote))
            .filter(|remote| !expected.contains(remote))
            .collect();
        if new.is_empty() || expected.len() + new.len() > Self::MOST_EXPECTED {
            return None;
        }
        *expected = Arc::new(expected.iter().copied().chain(new).collect());
        Some(Arc::clone(&expected))
    }

    /// The addresses expected so far.
    pub(super) fn expected(&self) -> Arc<BTreeSet<Remote>> {
        Arc::clone(&locked(&self.expected))
    }

    /// Hands out an event as of now; `false` where there was no room. Of a run that has ended
    /// nothing is wanted.
    pub(super) fn emit(&self, what: What) -> bool {
        locked(&self.told)
            .as_ref()
            .is_none_or(|(sink, now)| sink(Event { at: now(), what }))
    }

    /// Lets go of where events go and of the run's clock, also for those who still hold this.
    pub(super) fn end(&self) {
        locked(&self.told).take();
    }

    /// Hands out an event that must not be missed: tries again for a while where there is no room.
    pub(super) fn emit_surely(&self, what: &What) -> bool {
        const PATIENCE: Duration = Duration::from_millis(500);
        let deadline = Instant::now() + PATIENCE;
        while !self.emit(what.clone()) {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }

    pub(super) fn set_open_flows(&self, open: usize) {
        *locked(&self.open_flows) = open;
        self.flows_changed.notify_all();
    }

    /// Waits until every connection that was seen to begin was seen to end, but no longer than
    /// `patience`.
    pub(super) fn wait_until_closed(&self, patience: Duration) {
        let open = locked(&self.open_flows);
        let waited = self
            .flows_changed
            .wait_timeout_while(open, patience, |open| *open > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// What a poisoned lock guards here is valid between any two statements, so it stays of use.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn run() -> Run {
        Run::new(Arc::new(|_| true), Arc::new(|| Moment::START), None)
    }

    #[test]
    fn what_is_expected_adds_up_and_is_told_only_when_it_grew() {
        let run = run();
        let (first, second) = (([127, 0, 0, 1], 80).into(), ([127, 0, 0, 1], 53).into());
        assert_eq!(run.expect(&[first]).unwrap().len(), 1);
        assert!(run.expect(&[first]).is_none());
        assert_eq!(run.expect(&[first, second]).unwrap().len(), 2);
        assert_eq!(run.expected().len(), 2);
    }

    #[test]
    fn more_addresses_than_are_remembered_are_not_taken() {
        let run = run();
        let many: Vec<SocketAddr> = (0..u16::MAX)
            .map(|port| ([127, 0, 0, 1], port).into())
            .collect();
        assert!(run.expect(&many).is_none());
        assert!(run.expected().is_empty());
    }

    #[test]
    fn waiting_ends_when_the_last_connection_closes() {
        let run = Arc::new(run());
        run.set_open_flows(1);
        let closing = Arc::clone(&run);
        let closer = thread::spawn(move || closing.set_open_flows(0));
        run.wait_until_closed(Duration::from_secs(60));
        assert_eq!(*locked(&run.open_flows), 0);
        closer.join().unwrap();
    }
}
