//! Folding the events of concurrent runs.
//!
//! Only runs in progress have a trace. When a run ends, its trace is reduced to a [`SuiteEndpoint`]
//! and dropped.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::endpoint_config::EndpointConfig;
use super::progress::SuiteProgressLine;
use super::run_pool::NumberedEvent;
use crate::cli::long_run::LongRun;
use crate::probe::Spec;
use crate::report::{ReportOptions, SuiteEndpoint};
use crate::trace::{Event, EventKind};
use crate::units::Untrusted;

/// The state of all runs of a suite.
pub(super) struct SuiteFold {
    slots: Vec<EndpointSlot>,
    under_way: BTreeMap<usize, LongRun>,
}

/// An endpoint, with its result once its run has ended.
struct EndpointSlot {
    name: Untrusted,
    url: Untrusted,
    options: ReportOptions,
    endpoint: Option<SuiteEndpoint>,
}

impl SuiteFold {
    /// Creates the fold for runs that have not started, and returns their specs.
    pub(super) fn new(jobs: Vec<EndpointConfig>) -> (Self, Vec<Spec>) {
        let (places, specs) = jobs
            .into_iter()
            .map(
                |EndpointConfig {
                     name,
                     spec,
                     options,
                 }| {
                    (
                        EndpointSlot {
                            name,
                            url: spec.url.as_str().into(),
                            options,
                            endpoint: None,
                        },
                        spec,
                    )
                },
            )
            .unzip();
        (
            Self {
                slots: places,
                under_way: BTreeMap::new(),
            },
            specs,
        )
    }

    /// Receives events until all senders are gone.
    pub(super) fn receive_all(&mut self, events: &Receiver<NumberedEvent>) {
        let mut progress = SuiteProgressLine::start(self.slots.len());
        loop {
            let received = match progress.redraw_interval() {
                Some(pace) => events.recv_timeout(pace),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match received {
                Ok((number, event)) => {
                    if let Some(ended) = self.apply(number, event) {
                        progress.record_result(ended);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            progress.draw();
        }
        progress.clear();
    }

    /// The results, in file order.
    pub(super) fn endpoints(self) -> Vec<SuiteEndpoint> {
        let endpoint = |place: EndpointSlot| {
            place
                .endpoint
                .unwrap_or_else(|| SuiteEndpoint::not_run(&place.name, &place.url, &place.options))
        };
        self.slots.into_iter().map(endpoint).collect()
    }

    fn apply(&mut self, number: usize, mut event: Event) -> Option<&SuiteEndpoint> {
        let place = self.slots.get_mut(number)?;
        place.options.rules.learn(&event.kind);
        let is_last = matches!(event.kind, EventKind::RunEnded);
        place.options.mask(&mut event);
        let run = self
            .under_way
            .entry(number)
            .or_insert_with(LongRun::in_suite);
        run.apply(event, place.options.budget.as_mut());
        if !is_last {
            return None;
        }
        let LongRun { trace, .. } = self.under_way.remove(&number)?;
        // Secrets learned during the run are forgotten together with its trace.
        let options = std::mem::take(&mut place.options);
        Some(
            place
                .endpoint
                .insert(SuiteEndpoint::new(&place.name, &trace, &options)),
        )
    }
}
