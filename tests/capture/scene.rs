//! A capture on loopback and the run that listens to it.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tapline::capture::{Capture, Depth, Interfaces, Listening, Now, Opening, Sink};
use tapline::trace::{Event, Trace, What};
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
pub(super) fn opened(test: &str) -> Option<Capture> {
    let loopback = Interfaces::Towards {
        addresses: vec![SocketAddr::from(([127, 0, 0, 1], 80))],
        names: false,
    };
    match Opening::begin(&loopback, Depth::Headers).ready() {
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
    pub(super) listening: Listening,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Heard {
    pub(super) fn by(capture: &Capture) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&events);
        let sink: Sink = Arc::new(move |event| {
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
            what: What::ClockPaired {
                wall,
                uncertainty: Nanos(1_000),
            },
        });
        let now: Now = Arc::new(move || Moment::START + Nanos::from(start.elapsed()));
        Self {
            listening: capture.listen(sink, now),
            events,
        }
    }

    pub(super) fn expecting(capture: &Capture, remote: SocketAddr) -> Self {
        let heard = Self::by(capture);
        heard.listening.expect(&[remote]);
        heard
    }

    /// Ends the run and folds it.
    pub(super) fn finished(self) -> (Trace, Vec<What>) {
        self.listening.finish(PATIENCE);
        let events = self.events.lock().unwrap().clone();
        (
            Trace::of(events.clone()),
            events.into_iter().map(|event| event.what).collect(),
        )
    }
}
