//! A metric target: a requested URL.

use std::collections::BTreeMap;

use crate::insight::redact::Redactor;
use crate::insight::{Transfer, group_into_transfers, repeated_requests};
use crate::trace::{Connection, Exchange, Phase, Response, Tls, Trace};
use crate::units::Nanos;

/// The requests to one URL.
pub(super) struct MetricTarget<'a> {
    pub(super) trace: &'a Trace,
    /// The URL, with secrets masked.
    pub(super) name: String,
    /// The latest request, with its redirects.
    pub(super) latest: Transfer<'a>,
    /// The number of requests.
    pub(super) probes: u64,
    /// The number of failed requests.
    pub(super) failed: u64,
}

impl<'a> MetricTarget<'a> {
    /// All targets, in the order they were first requested. URLs that differ only in secrets are
    /// one target.
    pub(super) fn all(trace: &'a Trace, redactor: Redactor) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut places = BTreeMap::new();
        let retained: Vec<Transfer<'a>> = group_into_transfers(trace).collect();
        // Of requests no longer held, only the number is known.
        let retired: BTreeMap<_, _> = repeated_requests(trace, &retained)
            .filter_map(|request| {
                Some((
                    request.retained().first()?.hops().first()?.id.0,
                    (request.retired_count(), request.retired_failed_count()),
                ))
            })
            .collect();
        for transfer in retained {
            let Some(first) = transfer.hops().first() else {
                continue;
            };
            let name = redactor.text(&first.url).escaped().into_owned();
            let (more, more_failed) = retired.get(&first.id.0).copied().unwrap_or_default();
            let place = *places.entry(name.clone()).or_insert_with(|| {
                all.push(Self {
                    trace,
                    name,
                    latest: transfer,
                    probes: 0,
                    failed: 0,
                });
                all.len() - 1
            });
            if let Some(target) = all.get_mut(place) {
                target.latest = transfer;
                target.probes += 1 + more as u64;
                target.failed += u64::from(!has_succeeded(&transfer)) + more_failed as u64;
            }
        }
        all
    }

    /// Returns true if the latest request succeeded.
    pub(super) fn succeeded(&self) -> bool {
        has_succeeded(&self.latest)
    }

    /// The latest exchange.
    pub(super) fn last(&self) -> Option<&'a Exchange> {
        self.latest.last()
    }

    pub(super) fn response(&self) -> Option<&'a Response> {
        self.last()?.response.as_ref()
    }

    pub(super) fn connection(&self) -> Option<&'a Connection> {
        self.trace.connection(self.last()?.connection?)
    }

    pub(super) fn tls(&self) -> Option<&'a Tls> {
        self.connection()?.tls.as_ref()
    }

    /// Total time in several phases over all hops; `None` if none of them took place.
    pub(super) fn time_in(&self, phases: &[Phase]) -> Option<Nanos> {
        phases
            .iter()
            .filter_map(|phase| self.latest.phase(*phase))
            .reduce(|sum, time| sum + time)
    }
}

fn has_succeeded(transfer: &Transfer) -> bool {
    transfer.last().is_some_and(|last| {
        last.ended.is_some() && last.response.is_some() && last.failure.is_none()
    })
}
