//! What repeated runs come down to.

use serde::Serialize;

use crate::insight::{self, Repeats, Statistics, repeats, transfers};
use crate::trace::{Phase, Trace};

/// A figure over the runs of a request.
#[derive(Serialize)]
pub(super) struct Entry {
    /// The first exchange of the request, by its place among the run's exchanges.
    exchange: u32,
    name: &'static str,
    clock: &'static str,
    count: usize,
    failed: usize,
    min_ns: u64,
    p50_ns: u64,
    p90_ns: u64,
    p99_ns: u64,
    max_ns: u64,
    mean_ns: u64,
    stddev_ns: Option<u64>,
}

/// Returns the statistics of each request that was repeated; `None` where none was.
pub(super) fn of(trace: &Trace) -> Option<Vec<Entry>> {
    let all: Vec<_> = transfers(trace).collect();
    let entries: Vec<Entry> = repeats(trace, &all)
        .filter(|request| request.count() > 1)
        .flat_map(|request| entries(trace, &request))
        .collect();
    (!entries.is_empty()).then_some(entries)
}

fn entries(trace: &Trace, request: &Repeats<'_>) -> Vec<Entry> {
    let first = request.held().first().and_then(|run| run.hops().first());
    let (Some(exchange), failed) = (first.map(|first| first.id.0), request.failed()) else {
        return Vec::new();
    };
    insight::statistics(trace, request)
        .iter()
        .map(|figures| Entry::of(figures, exchange, failed))
        .collect()
}

impl Entry {
    fn of(figures: &Statistics, exchange: u32, failed: usize) -> Self {
        let Statistics {
            phase,
            clock,
            count,
            min,
            p50,
            p90,
            p99,
            max,
            mean,
            deviation,
        } = *figures;
        Self {
            exchange,
            name: phase.map_or("total", Phase::name),
            clock: clock.name(),
            count,
            failed,
            min_ns: min.0,
            p50_ns: p50.0,
            p90_ns: p90.0,
            p99_ns: p99.0,
            max_ns: max.0,
            mean_ns: mean.0,
            stddev_ns: deviation.map(|deviation| deviation.0),
        }
    }
}
