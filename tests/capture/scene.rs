//! A capture on loopback and the run that listens to it.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tapline::capture::{
    CaptureDepth, CaptureEventSink, CaptureOpening, CaptureSession, InterfaceSelection,
    LiveCapture, RunClock,
};
use tapline::trace::{Event, EventKind, Trace};
use tapline::units::{Moment, Nanos, WallTime};

/// How long a condition is waited for before a test fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a test on a thread of its own: opening a capture takes rights from the thread it is called
/// on for good.
pub(super) fn on_a_thread_of_its_own(test: impl FnOnce() + Send + 'static) {
    if let Err(panic) = thread::spawn(test).join() {
        std::panic::resume_unwind(panic);
    }
}

/// An open capture of loopback; `None`, said aloud, without the right to.
pub(super) fn opened(test: &str) -> Option<LiveCapture> {
    let loopback = InterfaceSelection::Toward {
        addresses: vec![SocketAddr::from(([127, 0, 0, 1], 80))],
        names: false,
    };
    match CaptureOpening::begin(&loopback, CaptureDepth::Headers).wait() {
        Ok(capture) => Some(capture),
        Err(refusal) => {
            assert!(
                refusal.remedy.contains("setcap cap_net_raw=eip"),
                "refused for another reason than rights: {refusal}"
            );
            skipped(test, &refusal.to_string());
            None
        }
    }
}

/// Says so, past the test harness, which hides what tests that pass print.
pub(super) fn skipped(test: &str, reason: &str) {
    #[expect(
        clippy::explicit_write,
        reason = "the harness hides what eprintln! writes"
    )]
    writeln!(std::io::stderr(), "SKIPPED {test}: {reason}").unwrap();
}

/// A run, with every event it was given.
pub(super) struct Heard {
    pub(super) listening: CaptureSession,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Heard {
    pub(super) fn by(capture: &LiveCapture) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&events);
        let sink: CaptureEventSink = Arc::new(move |event| {
            into.lock().unwrap().push(event);
            true
        });
        let start = Instant::now();
        let wall = WallTime(
            u64::try_from(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap()
                    .as_nanos(),
            )
            .unwrap(),
        );
        sink(Event {
            at: Moment::START,
            kind: EventKind::ClockPaired {
                wall,
                uncertainty: Nanos(1_000),
            },
        });
        let now: RunClock = Arc::new(move || Moment::START + Nanos::from(start.elapsed()));
        Self {
            listening: capture.start_session(sink, now),
            events,
        }
    }

    pub(super) fn expecting(capture: &LiveCapture, remote: SocketAddr) -> Self {
        let heard = Self::by(capture);
        heard.listening.watch_addresses(&[remote]);
        heard
    }

    /// Ends the run and folds it.
    pub(super) fn finished(self) -> (Trace, Vec<EventKind>) {
        self.listening.finish(PATIENCE);
        let events = self.events.lock().unwrap().clone();
        (
            Trace::from_events(events.clone()),
            events.into_iter().map(|event| event.kind).collect(),
        )
    }
}
