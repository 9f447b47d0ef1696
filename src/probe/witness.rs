//! What a step's tests need: a step of its own, and the events it emitted.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::step::Step;
use super::{Recorder, Spec, Watcher};
use crate::trace::{Event, ExchangeId, What};

/// Hands out a step and keeps what it says.
pub(super) struct Witness {
    pub(super) spec: Spec,
    recorder: Recorder,
    events: Arc<Mutex<Vec<Event>>>,
    expected: Expected,
}

/// The addresses that a watcher was told of.
#[derive(Default)]
struct Expected(Mutex<Vec<SocketAddr>>);

impl Watcher for Expected {
    fn expect(&self, remotes: &[SocketAddr]) {
        self.0.lock().unwrap().extend(remotes);
    }
}

impl Witness {
    pub(super) fn new() -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let recorder = Recorder::start(Arc::new(move |event| sink.lock().unwrap().push(event)));
        let spec = Spec::get(Url::parse("http://api.test/").unwrap());
        Self {
            spec,
            recorder,
            events,
            expected: Expected::default(),
        }
    }

    /// A step with plenty of time.
    pub(super) fn step(&self) -> Step<'_> {
        self.step_within(Duration::from_secs(60))
    }

    /// A step that must be done soon.
    pub(super) fn step_within(&self, limit: Duration) -> Step<'_> {
        Step {
            spec: &self.spec,
            recorder: &self.recorder,
            watcher: &self.expected,
            exchange: ExchangeId(0),
            redirected_by: None,
            connect_by: Instant::now() + limit,
            done_by: None,
        }
    }

    /// What was said, without how the run began.
    pub(super) fn said(&self) -> Vec<What> {
        let events = self.events.lock().unwrap();
        let begins =
            |what: &What| matches!(what, What::RunStarted { .. } | What::ClockPaired { .. });
        events
            .iter()
            .map(|event| event.what.clone())
            .filter(|what| !begins(what))
            .collect()
    }

    /// What the watcher was told.
    pub(super) fn expected(&self) -> Vec<SocketAddr> {
        self.expected.0.lock().unwrap().clone()
    }
}
