//! Test context: an exchange context without an exchange, and the events emitted through it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::exchange_context::ExchangeContext;
use super::{Recorder, RemoteObserver, Spec};
use crate::trace::{Event, EventKind, ExchangeId};

/// Provides exchange contexts and collects the emitted events.
pub(super) struct TestContext {
    pub(super) spec: Spec,
    recorder: Recorder,
    events: Arc<Mutex<Vec<Event>>>,
    remotes: ExpectedRemotes,
}

/// Records the addresses that were announced.
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

    /// Returns a context with ample time.
    pub(super) fn exchange_context(&self) -> ExchangeContext<'_> {
        self.exchange_context_within(Duration::from_secs(60))
    }

    /// Returns a context with this connect deadline.
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

    /// Returns the emitted events without those of the start of the run.
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

    /// Returns the announced addresses.
    pub(super) fn expected_remotes(&self) -> Vec<SocketAddr> {
        self.remotes.0.lock().unwrap().clone()
    }
}
