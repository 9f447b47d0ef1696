//! End-to-end tests: the whole engine against real servers in this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod certificates;
mod hostile_peers;
mod http1;
mod http2;
mod layers;
mod request_options;
mod test_server;
mod tls;

use std::sync::{Arc, Mutex};

use url::Url;

use super::{NoRemoteObserver, Recorder, Spec, run};
use crate::trace::{Event, EventKind, Exchange, FailureCode, Phase, Trace};

/// Events of a run and their trace.
struct ProbedRun {
    events: Vec<Event>,
    trace: Trace,
}

impl ProbedRun {
    fn only_exchange(&self) -> &Exchange {
        assert_eq!(self.trace.exchanges().len(), 1, "{:#?}", self.events);
        &self.trace.exchanges()[0]
    }

    /// Returns phase, code and message of the only exchange's failure.
    fn failure(&self) -> (Phase, FailureCode, String) {
        let (phase, failure) = self
            .only_exchange()
            .failure
            .as_ref()
            .unwrap_or_else(|| panic!("it did not fail: {:#?}", self.events));
        assert!(!failure.hint.is_empty());
        (*phase, failure.code, failure.message.escaped().into_owned())
    }

    fn phases(&self, exchange: usize) -> Vec<Phase> {
        self.trace.exchanges()[exchange]
            .phases
            .iter()
            .map(|(phase, _)| phase)
            .collect()
    }
}

fn spec_for(url: &str) -> Spec {
    Spec::get(Url::parse(url).unwrap())
}

/// Runs a spec to its end.
async fn run_probe(spec: Spec) -> ProbedRun {
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let recorder = Recorder::start(Arc::new(move |event| sink.lock().unwrap().push(event)));
    run(spec, recorder, Arc::new(NoRemoteObserver)).await;
    let events: Vec<Event> = events.lock().unwrap().clone();
    let probed = ProbedRun {
        trace: Trace::from_events(events.clone()),
        events,
    };
    assert_well_formed(&probed);
    probed
}

/// Asserts what holds for every run, failed or not.
fn assert_well_formed(probed: &ProbedRun) {
    for exchange in probed.trace.exchanges() {
        let ended = exchange.ended.expect("every exchange ends");
        let mut last = exchange.started;
        for (phase, span) in exchange.phases.iter() {
            assert_eq!(
                span.began, last,
                "{phase} does not begin where the phase before it ends"
            );
            last = span.ended.unwrap_or_else(|| panic!("{phase} does not end"));
        }
        assert!(last <= ended);
    }
    let closed = probed
        .events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::Disconnected { .. }))
        .count();
    assert_eq!(
        closed,
        probed.trace.connections().len(),
        "every connection is closed"
    );
}
