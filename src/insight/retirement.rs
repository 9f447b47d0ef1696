//! Retirement of exchanges: which exchanges a long run keeps in memory, and what remains of the
//! others.
//!
//! | retained | because |
//! |---|---|
//! | the first ones | reports draw them |
//! | the latest ones | more events may come: packets, closing, kernel counts |
//! | the first ones that failed, and the last | to show why |
//! | of each repeated request the first, last, fastest and slowest run | reports show them |
//! | of a run with very many redirects the first exchanges and the latest | reports show them |
//!
//! All others are retired once they have ended. Their durations are kept, each as it was measured,
//! so statistics remain exact.

use super::ledger::time_of_exchanges;
use super::{RepeatedRequest, Transfer, curl_marks, group_into_transfers, repeated_requests};
use crate::trace::{
    Clock, Exchange, ExchangeCause, ExchangeId, HopSums, Phase, RetiredHops, RetiredRun, TimeKey,
    TimeSpent, Trace,
};
use crate::units::Nanos;

/// The numbers of exchanges that are retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionLimits {
    /// Exchanges retained before any of them is retired.
    pub all: usize,
    /// The first exchanges.
    pub first: usize,
    /// The latest exchanges.
    pub latest: usize,
    /// Failed runs.
    pub failed: usize,
    /// Repeated requests that have statistics of their own.
    pub requests: usize,
    /// Exchanges of a single run. The middle of a very long redirect chain is retired, also while
    /// the run is in progress.
    pub hops: HopLimits,
}

/// The numbers of exchanges of a single run that are retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HopLimits {
    /// Exchanges retained before any of them is retired.
    pub all: usize,
    /// The first exchanges.
    pub first: usize,
    /// The latest exchanges.
    pub latest: usize,
}

impl HopLimits {
    /// The exchanges that reports show.
    pub const REPORTED: Self = Self {
        all: 400,
        first: 100,
        latest: 100,
    };
    /// All exchanges.
    pub const ALL: Self = Self {
        all: usize::MAX,
        first: usize::MAX,
        latest: 0,
    };
}

impl RetentionLimits {
    /// For reports of a selection of exchanges.
    pub const SELECTION: Self = Self {
        all: 2_560,
        first: 256,
        latest: 1_024,
        failed: 128,
        requests: 64,
        hops: HopLimits::REPORTED,
    };
    /// For the screen, where each exchange can be viewed.
    pub const SCREEN: Self = Self {
        hops: HopLimits {
            all: 2_560,
            first: 256,
            latest: 1_024,
        },
        ..Self::SELECTION
    };
    /// For one of many concurrent runs, of which only statistics are reported.
    pub const SUITE: Self = Self {
        all: 320,
        first: 64,
        latest: 128,
        failed: 32,
        requests: 4,
        hops: HopLimits {
            all: 100,
            first: 32,
            latest: 32,
        },
    };
    /// For a single pass from beginning to end.
    pub const STREAMING: Self = Self {
        all: 2_048,
        first: 0,
        latest: 1_024,
        failed: 0,
        requests: 0,
        hops: HopLimits::REPORTED,
    };
    /// For a single pass that needs every exchange of a run.
    pub const STREAMING_WHOLE_RUNS: Self = Self {
        hops: HopLimits::ALL,
        ..Self::STREAMING
    };
}

impl RetentionLimits {
    /// Returns the part of the run's ledger of exchanges that are about to be retired; nothing in a
    /// single pass, which keeps no statistics.
    fn time_spent(&self, trace: &Trace, hops: &[Exchange]) -> TimeSpent {
        if self.requests > 0 {
            time_of_exchanges(trace, hops)
        } else {
            TimeSpent::default()
        }
    }
}

/// Retires exchanges as a run grows.
#[derive(Clone, Copy, Debug)]
pub struct Retirement {
    limits: RetentionLimits,
    /// Number of retained exchanges at which to check again.
    next_check_at: usize,
    /// Number of retained exchanges at which to check the lengths of runs again.
    next_hop_check_at: usize,
    /// An exchange that is being viewed; its run is retained.
    pinned: Option<ExchangeId>,
}

impl Retirement {
    /// Creates a retirement with the given limits.
    pub const fn new(limits: RetentionLimits) -> Self {
        Self {
            limits,
            next_check_at: limits.all,
            next_hop_check_at: limits.hops.all,
            pinned: None,
        }
    }

    /// Returns true if some exchanges are about to be retired.
    pub fn is_due(&self, trace: &Trace) -> bool {
        trace.exchanges().len() >= self.next_check_at.min(self.next_hop_check_at)
    }

    /// Retains the run of the exchange being viewed; the previous one is released.
    pub const fn pin(&mut self, exchange: Option<ExchangeId>) {
        self.pinned = exchange;
    }

    /// Retires exchanges if there are too many. `last_seen` is called for each run about to be
    /// retired, in order, while its exchanges still exist.
    pub fn retire(&mut self, trace: &mut Trace, last_seen: impl FnMut(&Trace, &Transfer<'_>)) {
        self.retire_hops(trace);
        if trace.exchanges().len() <= self.next_check_at {
            return;
        }
        let runs = self.select_retired(trace, last_seen);
        trace.retire(runs, Vec::new());
        // The next check is due after as many further exchanges, so that the cost of checking stays
        // proportional to their number.
        let retained = trace.exchanges().len();
        let RetentionLimits {
            all, latest, hops, ..
        } = self.limits;
        self.next_check_at = all.max(retained.saturating_add(latest));
        self.next_hop_check_at = retained.saturating_add(hops.all);
    }

    /// Retires the middle of very long runs.
    fn retire_hops(&mut self, trace: &mut Trace) {
        if trace.exchanges().len() <= self.next_hop_check_at {
            return;
        }
        let retired = group_into_transfers(trace)
            .flat_map(|run| self.hops_between(trace, &run))
            .collect();
        trace.retire(Vec::new(), retired);
        let HopLimits { all, latest, .. } = self.limits.hops;
        // The longest run may be just below its limit, so the next check has to come early.
        let longest = group_into_transfers(trace)
            .map(|run| run.hops().len())
            .max();
        let room = all.saturating_sub(longest.unwrap_or(0)).max(latest);
        self.next_hop_check_at = trace.exchanges().len().saturating_add(room);
    }

    fn select_retired(
        &self,
        trace: &Trace,
        mut last_seen: impl FnMut(&Trace, &Transfer<'_>),
    ) -> Vec<RetiredRun> {
        let all: Vec<Transfer<'_>> = group_into_transfers(trace).collect();
        let mut state = RetentionState::start(trace, self.limits);
        let mut retired = Vec::new();
        for request in repeated_requests(trace, &all) {
            let head = state.head_of(&request);
            let notable = head.map(|_| notable_runs(&request)).unwrap_or_default();
            for (index, run) in request.retained().iter().enumerate() {
                let is_pinned = self
                    .pinned
                    .is_some_and(|id| run.hops().iter().any(|hop| hop.id == id));
                if state.must_retain(run) || is_pinned || notable.contains(&Some(index)) {
                    if self.limits.first == 0 {
                        // In a single pass exchanges are retired in order, so nothing behind a
                        // retained one is.
                        return retired;
                    }
                    continue;
                }
                last_seen(trace, run);
                retired.extend(retired_run(trace, run, head, self.limits));
            }
        }
        retired
    }

    /// The exchanges in the middle of a long run that can be retired: all that have ended, except
    /// for a pinned one.
    fn hops_between(&self, trace: &Trace, run: &Transfer<'_>) -> Vec<RetiredHops> {
        let hops = run.hops();
        let HopLimits { all, first, latest } = self.limits.hops;
        if hops.len() <= all {
            return Vec::new();
        }
        let between = hops
            .get(first..hops.len().saturating_sub(latest))
            .unwrap_or_default();
        let stays = |hop: &Exchange| Some(hop.id) == self.pinned || hop.ended.is_none();
        between
            .chunk_by(|one, next| {
                !stays(one) && !stays(next) && one.id.0.checked_add(1) == Some(next.id.0)
            })
            .filter(|hops| !hops.iter().any(stays))
            .filter_map(|hops| retired_hops(hops, self.limits.time_spent(trace, hops)))
            .collect()
    }
}

/// The state of a pass over all runs: what still has to be retained.
struct RetentionState {
    limits: RetentionLimits,
    exchanges: usize,
    passed: usize,
    failed: usize,
    requests: usize,
    last_failed: Option<ExchangeId>,
}

impl RetentionState {
    fn start(trace: &Trace, limits: RetentionLimits) -> Self {
        let last_failed = trace
            .exchanges()
            .iter()
            .rev()
            .find(|exchange| exchange.failure.is_some())
            .filter(|_| limits.failed > 0);
        let exchanges = trace.exchanges().len();
        Self {
            limits,
            exchanges,
            passed: 0,
            failed: 0,
            requests: 0,
            last_failed: last_failed.map(|exchange| exchange.id),
        }
    }

    /// The first exchange of a repeated request, if its statistics are kept.
    fn head_of(&mut self, request: &RepeatedRequest<'_>) -> Option<ExchangeId> {
        let first = request
            .retained()
            .first()
            .filter(|first| !first.is_repeat() && request.count() > 1)?;
        self.requests += 1;
        (self.requests <= self.limits.requests).then_some(first.hops().first()?.id)
    }

    fn must_retain(&mut self, run: &Transfer<'_>) -> bool {
        let begins = self.passed;
        self.passed += run.hops().len();
        let is_over = run.hops().iter().all(|hop| hop.ended.is_some());
        let failed = run.hops().iter().any(|hop| hop.failure.is_some());
        let is_among_failed = failed && self.failed < self.limits.failed;
        self.failed += usize::from(failed);
        !is_over
            || is_among_failed
            || begins < self.limits.first
            || self.passed > self.exchanges.saturating_sub(self.limits.latest)
            || self
                .last_failed
                .is_some_and(|id| run.hops().iter().any(|hop| hop.id == id))
    }
}

/// The indices of the first, the last, the fastest and the slowest run of a request.
fn notable_runs(request: &RepeatedRequest<'_>) -> [Option<usize>; 4] {
    let timed = || {
        request
            .retained()
            .iter()
            .enumerate()
            .filter(|(_, run)| !run.failed())
            .filter_map(|(index, run)| Some((run.total()?, index)))
    };
    let fastest = timed()
        .min_by_key(|(total, _)| *total)
        .map(|(_, index)| index);
    let slowest = timed()
        .max_by_key(|(total, _)| *total)
        .map(|(_, index)| index);
    [
        Some(0),
        request.retained().len().checked_sub(1),
        fastest,
        slowest,
    ]
}

/// Sums up consecutive exchanges.
fn retired_hops(hops: &[Exchange], spent: TimeSpent) -> Option<RetiredHops> {
    let mut sums = HopSums {
        spent,
        ..HopSums::default()
    };
    for hop in hops {
        sums.add(&HopSums {
            redirects: u64::from(hop.cause == ExchangeCause::Redirect),
            retries: u64::from(hop.cause == ExchangeCause::Retry),
            connects: u64::from(hop.connection.is_some() && !hop.reused_connection),
            request_head_bytes: hop.request.as_ref().map_or(0, |head| head.header_bytes),
            response_head_bytes: hop.response.as_ref().map_or(0, |head| head.header_bytes),
            phases: hop
                .phases
                .iter()
                .filter_map(|(phase, span)| Some((phase, span.duration()?)))
                .collect(),
            marks: curl_marks(hop).sums(),
            spent: TimeSpent::default(),
        });
    }
    Some(RetiredHops {
        first: hops.first()?.id,
        last: hops.last()?.id,
        sums,
    })
}

fn retired_run(
    trace: &Trace,
    run: &Transfer<'_>,
    head: Option<ExchangeId>,
    limits: RetentionLimits,
) -> Option<RetiredRun> {
    let mut spent = limits.time_spent(trace, run.hops());
    for hops in run.retired() {
        spent.add_all(&hops.sums.spent);
    }
    let app = Phase::ALL
        .into_iter()
        .filter_map(|phase| Some(((Some(phase), Clock::App), run.phase(phase)?)));
    let has_packets = !trace.flows().is_empty();
    let wire = Phase::ALL
        .into_iter()
        .filter(|_| has_packets && head.is_some());
    let wire =
        wire.filter_map(|phase| Some(((Some(phase), Clock::Wire), run.wire_phase(trace, phase)?)));
    let total = run.total().map(|total| ((None, Clock::App), total));
    Some(RetiredRun {
        first: run.hops().first()?.id,
        last: run.last()?.id,
        original: head,
        repeated: run.is_repeat(),
        failed: run.failed(),
        times: app
            .chain(wire)
            .chain(total)
            .collect::<Vec<(TimeKey, Nanos)>>(),
        spent,
    })
}
