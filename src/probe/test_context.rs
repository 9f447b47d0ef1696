//! What a step's tests need: a step of its own, and the events it emitted.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::exchange_context::ExchangeContext;
use super::{Recorder, RemoteObserver, Spec};
use crate::trace::{Event, EventKind, ExchangeId};

/// Hands out a step and keeps what it says.
pub(super) struct TestContext {
    pub(super) spec: Spec,
    recorder: Recorder,
    events: Arc<Mutex<Vec<Event>>>,
    remotes: ExpectedRemotes,
}

/// The addresses that a watcher was told of.
#[derive(Default)]
struct ExpectedRemotes(Mutex<Vec<SocketAddr>>);

impl RemoteObserver for ExpectedRemotes {
    fn expect_remotes(&self, remotes: &[SocketAddr]) {
        self.0.lock().unwrap().extend(remotes);
    }
}

impl TestContext {
    pub(super) fn new() -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let recorder = Recorder::start(Arc::new(move |event| sink.lock().unwrap().push(event)));
        let spec = Spec::get(Url::parse("http://api.test/").unwrap());
        Self {
            spec,
            recorder,
            events,
            remotes: ExpectedRemotes::default(),
        }
    }

    /// A step with plenty of time.
    pub(super) fn exchange_context(&self) -> ExchangeContext<'_> {
        self.exchange_context_within(Duration::from_secs(60))
    }

    /// A step that must be done soon.
    pub(super) fn exchange_context_within(&self, limit: Duration) -> ExchangeContext<'_> {
        ExchangeContext {
            spec: &self.spec,
            recorder: &self.recorder,
            observer: &self.remotes,
            exchange: ExchangeId(0),
            redirected_by: None,
            connect_deadline: Instant::now() + limit,
            deadline: None,
        }
    }

    /// What was said, without how the run began.
    pub(super) fn emitted(&self) -> Vec<EventKind> {
        let events = self.events.lock().unwrap();
        let begins = |what: &EventKind| {
            matches!(
                what,
                EventKind::RunStarted { .. } | EventKind::ClockPaired { .. }
            )
        };
        events
            .iter()
            .map(|event| event.kind.clone())
            .filter(|what| !begins(what))
            .collect()
    }

    /// What the watcher was told.
    pub(super) fn expected_remotes(&self) -> Vec<SocketAddr> {
        self.remotes.0.lock().unwrap().clone()
    }
}
