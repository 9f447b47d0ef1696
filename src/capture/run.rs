//! State of one run's capture, shared by the threads that add addresses, read packets and end the
//! run.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::packet_filter::{RemoteAddress, remote_address};
use super::packet_store::PacketStore;
use crate::trace::{Event, EventKind};
use crate::units::Moment;

/// Receiver of events. It must not block; it returns `false` if it has no room and the event is
/// lost.
pub type CaptureEventSink = Arc<dyn Fn(Event) -> bool + Send + Sync>;

/// Returns the current time on the run's axis.
pub type RunClock = Arc<dyn Fn() -> Moment + Send + Sync>;

pub(super) struct CaptureRun {
    /// `None` once the run has ended: a receiver sees the end of its events when all senders are
    /// dropped.
    output: Mutex<Option<(CaptureEventSink, RunClock)>>,
    watched: Mutex<Arc<BTreeSet<RemoteAddress>>>,
    open_connections: Mutex<usize>,
    connections_changed: Condvar,
    packet_store: Option<Arc<PacketStore>>,
}

impl CaptureRun {
    /// Addresses kept; a run with more is captured in part.
    const MAX_WATCHED: usize = 4_096;

    pub(super) fn new(
        sink: CaptureEventSink,
        now: RunClock,
        packet_store: Option<Arc<PacketStore>>,
    ) -> Self {
        Self {
            output: Mutex::new(Some((sink, now))),
            watched: Mutex::default(),
            open_connections: Mutex::new(0),
            connections_changed: Condvar::new(),
            packet_store,
        }
    }

    /// Returns the store for its packets, if they are kept.
    pub(super) const fn packet_store(&self) -> Option<&Arc<PacketStore>> {
        self.packet_store.as_ref()
    }

    /// Adds addresses. Returns all of them if any was new.
    pub(super) fn watch(&self, remotes: &[SocketAddr]) -> Option<Arc<BTreeSet<RemoteAddress>>> {
        let mut watched = lock_ignoring_poison(&self.watched);
        let new: Vec<RemoteAddress> = remotes
            .iter()
            .map(|remote| remote_address(*remote))
            .filter(|remote| !watched.contains(remote))
            .collect();
        if new.is_empty() || watched.len() + new.len() > Self::MAX_WATCHED {
            return None;
        }
        *watched = Arc::new(watched.iter().copied().chain(new).collect());
        Some(Arc::clone(&watched))
    }

    /// The addresses so far.
    pub(super) fn watched(&self) -> Arc<BTreeSet<RemoteAddress>> {
        Arc::clone(&lock_ignoring_poison(&self.watched))
    }

    /// Emits an event with the current time; `false` if there was no room. Events of a run that has
    /// ended are ignored.
    pub(super) fn emit(&self, what: EventKind) -> bool {
        lock_ignoring_poison(&self.output)
            .as_ref()
            .is_none_or(|(sink, now)| {
                sink(Event {
                    at: now(),
                    kind: what,
                })
            })
    }

    /// Drops the sink and the clock, also for other holders of this run.
    pub(super) fn close(&self) {
        lock_ignoring_poison(&self.output).take();
    }

    /// Emits an event that must not be lost: retries for a while if there is no room.
    pub(super) fn emit_with_retry(&self, what: &EventKind) -> bool {
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

    pub(super) fn set_open_connections(&self, open: usize) {
        *lock_ignoring_poison(&self.open_connections) = open;
        self.connections_changed.notify_all();
    }

    /// Waits until every connection whose beginning was seen has closed, for `patience` at most.
    pub(super) fn wait_until_closed(&self, patience: Duration) {
        let open = lock_ignoring_poison(&self.open_connections);
        let waited = self
            .connections_changed
            .wait_timeout_while(open, patience, |open| *open > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// The guarded values are valid between any two statements, so a poisoned lock stays usable.
pub(super) fn lock_ignoring_poison<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn run() -> CaptureRun {
        CaptureRun::new(Arc::new(|_| true), Arc::new(|| Moment::START), None)
    }

    #[test]
    fn watched_addresses_accumulate_and_are_returned_only_if_new() {
        let run = run();
        let first = ([127, 0, 0, 1], 80).into();
        let second = ([127, 0, 0, 1], 53).into();
        assert_eq!(run.watch(&[first]).unwrap().len(), 1);
        assert!(run.watch(&[first]).is_none());
        assert_eq!(run.watch(&[first, second]).unwrap().len(), 2);
        assert_eq!(run.watched().len(), 2);
    }

    #[test]
    fn more_addresses_than_are_remembered_are_not_taken() {
        let run = run();
        let many: Vec<SocketAddr> = (0..u16::MAX)
            .map(|port| ([127, 0, 0, 1], port).into())
            .collect();
        assert!(run.watch(&many).is_none());
        assert!(run.watched().is_empty());
    }

    #[test]
    fn waiting_ends_when_the_last_connection_closes() {
        let run = Arc::new(run());
        run.set_open_connections(1);
        let closing = Arc::clone(&run);
        let closer = thread::spawn(move || closing.set_open_connections(0));
        run.wait_until_closed(Duration::from_secs(60));
        assert_eq!(*lock_ignoring_poison(&run.open_connections), 0);
        closer.join().unwrap();
    }
}
