//! The whole engine against real peers in this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod authority;
mod hostile;
mod layers;
mod peer;
mod plain;
mod routes;
mod second;
mod secure;

use std::sync::{Arc, Mutex};

use url::Url;

use super::{NoWatcher, Recorder, Spec, run};
use crate::trace::{Code, Event, Exchange, Phase, Trace, What};

/// Everything that was told of a run.
struct Told {
    events: Vec<Event>,
    trace: Trace,
}

impl Told {
    fn only(&self) -> &Exchange {
        assert_eq!(self.trace.exchanges().len(), 1, "{:#?}", self.events);
        &self.trace.exchanges()[0]
    }

    /// Phase and code of the only exchange's failure, and its sentence.
    fn failure(&self) -> (Phase, Code, String) {
        let (phase, failure) = self
            .only()
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

fn spec(url: &str) -> Spec {
    Spec::get(Url::parse(url).unwrap())
}

/// Runs a spec and folds what it tells.
async fn probe(spec: Spec) -> Told {
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let recorder = Recorder::start(Arc::new(move |event| sink.lock().unwrap().push(event)));
    run(spec, recorder, Arc::new(NoWatcher)).await;
    let events: Vec<Event> = events.lock().unwrap().clone();
    let told = Told {
        trace: Trace::of(events.clone()),
        events,
    };
    whole(&told);
    told
}

/// What holds for every run, failed or not.
fn whole(told: &Told) {
    for exchange in told.trace.exchanges() {
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
    let closed = told
        .events
        .iter()
        .filter(|event| matches!(event.what, What::Disconnected { .. }))
        .count();
    assert_eq!(
        closed,
        told.trace.connections().len(),
        "every connection is closed"
    );
}
