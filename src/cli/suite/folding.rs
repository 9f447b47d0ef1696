//! The runs' events, folded into what is kept of each.
//!
//! Only the runs under way have a trace. When one ends, its trace becomes an [`Endpoint`], and is
//! dropped.

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

/// All runs of a suite.
pub(super) struct SuiteFold {
    slots: Vec<EndpointSlot>,
    under_way: BTreeMap<usize, LongRun>,
}

/// A run that was asked for, until it is one that happened.
struct EndpointSlot {
    name: Untrusted,
    url: Untrusted,
    options: ReportOptions,
    endpoint: Option<SuiteEndpoint>,
}

impl SuiteFold {
    /// Of runs that have not begun; and what they shall do.
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

    /// Takes in what comes, until nothing can come any more.
    pub(super) fn receive_all(&mut self, events: &Receiver<NumberedEvent>) {
        let mut progress = SuiteProgressLine::start(self.slots.len());
        loop {
            let told = match progress.redraw_interval() {
                Some(pace) => events.recv_timeout(pace),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match told {
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

    /// What came of each, in the order of the file.
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
        // What was learnt of its secrets goes with its trace.
        let options = std::mem::take(&mut place.options);
        Some(
            place
                .endpoint
                .insert(SuiteEndpoint::new(&place.name, &trace, &options)),
        )
    }
}
