//! The runs' events, folded into what is kept of each.
//!
//! Only the runs under way have a trace. When one ends, its trace becomes an [`Endpoint`], and is
//! dropped.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::crew::Told;
use super::job::Job;
use super::progress::Progress;
use crate::cli::long_run::LongRun;
use crate::probe::Spec;
use crate::report::{Endpoint, Options};
use crate::trace::{Event, What};
use crate::units::Untrusted;

/// All runs of a suite.
pub(super) struct Folding {
    places: Vec<Place>,
    under_way: BTreeMap<usize, LongRun>,
}

/// A run that was asked for, until it is one that happened.
struct Place {
    name: Untrusted,
    url: Untrusted,
    options: Options,
    endpoint: Option<Endpoint>,
}

impl Folding {
    /// Of runs that have not begun; and what they shall do.
    pub(super) fn of(jobs: Vec<Job>) -> (Self, Vec<Spec>) {
        let (places, specs) = jobs
            .into_iter()
            .map(
                |Job {
                     name,
                     spec,
                     options,
                 }| {
                    (
                        Place {
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
                places,
                under_way: BTreeMap::new(),
            },
            specs,
        )
    }

    /// Takes in what comes, until nothing can come any more.
    pub(super) fn take_all(&mut self, events: &Receiver<Told>) {
        let mut progress = Progress::start(self.places.len());
        loop {
            let told = match progress.pace() {
                Some(pace) => events.recv_timeout(pace),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match told {
                Ok((number, event)) => {
                    if let Some(ended) = self.take(number, event) {
                        progress.ended(ended);
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
    pub(super) fn endpoints(self) -> Vec<Endpoint> {
        let endpoint = |place: Place| {
            place
                .endpoint
                .unwrap_or_else(|| Endpoint::not_run(&place.name, &place.url, &place.options))
        };
        self.places.into_iter().map(endpoint).collect()
    }

    fn take(&mut self, number: usize, mut event: Event) -> Option<&Endpoint> {
        let place = self.places.get_mut(number)?;
        place.options.rules.learn(&event.what);
        let is_last = matches!(event.what, What::RunEnded);
        place.options.mask(&mut event);
        let run = self
            .under_way
            .entry(number)
            .or_insert_with(LongRun::in_suite);
        run.take(event, place.options.budget.as_mut());
        if !is_last {
            return None;
        }
        let LongRun { trace, .. } = self.under_way.remove(&number)?;
        // What was learnt of its secrets goes with its trace.
        let options = std::mem::take(&mut place.options);
        Some(
            place
                .endpoint
                .insert(Endpoint::of(&place.name, &trace, &options)),
        )
    }
}
