//! Statistics of repeated requests.

use serde::Serialize;

use crate::insight::{
    self, RepeatedRequest, TimingStatistics, group_into_transfers, repeated_requests,
};
use crate::trace::{Phase, Trace};

/// Statistics of one figure over the runs of a request.
#[derive(Serialize)]
pub(super) struct JsonStatistics {
    /// The first exchange of the request, by its index in the run.
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
pub(super) fn repeat_statistics(trace: &Trace) -> Option<Vec<JsonStatistics>> {
    let all: Vec<_> = group_into_transfers(trace).collect();
    let entries: Vec<JsonStatistics> = repeated_requests(trace, &all)
        .filter(|request| request.count() > 1)
        .flat_map(|request| statistics_of_request(trace, &request))
        .collect();
    (!entries.is_empty()).then_some(entries)
}

fn statistics_of_request(trace: &Trace, request: &RepeatedRequest<'_>) -> Vec<JsonStatistics> {
    let first = request
        .retained()
        .first()
        .and_then(|run| run.hops().first());
    let (Some(exchange), failed) = (first.map(|first| first.id.0), request.failed_count()) else {
        return Vec::new();
    };
    insight::timing_statistics(trace, request)
        .iter()
        .map(|figures| JsonStatistics::new(figures, exchange, failed))
        .collect()
}

impl JsonStatistics {
    fn new(figures: &TimingStatistics, exchange: u32, failed: usize) -> Self {
        let TimingStatistics {
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
