//! Which exchanges a long run can do without, and what is kept of them.
//!
//! | held | why |
//! |---|---|
//! | the first ones | reports draw them |
//! | the latest ones | they may still be told of: packets, closing, what the kernel counted |
//! | the first that failed, and the last | why |
//! | of each request that was repeated the first run, the last, the fastest and the slowest | its statistics belong to the first; reports tell the others |
//!
//! All others go once they are over. Their times stay, each as it was measured, so that statistics
//! are exact.

use std::ops::RangeInclusive;

use super::{RepeatedRequest, Transfer, group_into_transfers, repeated_requests};
use crate::trace::{Clock, ExchangeId, Phase, RetiredRun, TimeKey, Trace};
use crate::units::Nanos;

/// How many exchanges of which kind are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionLimits {
    /// Exchanges held before any of them goes.
    pub all: usize,
    /// The first ones.
    pub first: usize,
    /// The latest ones.
    pub latest: usize,
    /// Runs that failed.
    pub failed: usize,
    /// Requests that were repeated and have statistics of their own.
    pub requests: usize,
    /// Whether of a run of more redirects than [`all`](Self::all) those between the first ones and
    /// the latest go. Who tells a run as a whole needs them; who shows it while it goes on
    /// cannot wait for its end.
    pub cuts_redirect_chains: bool,
}

impl RetentionLimits {
    /// For reports that tell a selection.
    pub const SELECTION: Self = Self {
        all: 2_560,
        first: 256,
        latest: 1_024,
        failed: 128,
        requests: 64,
        cuts_redirect_chains: false,
    };
    /// For the screen, on which nothing ends before the user says so.
    pub const SCREEN: Self = Self {
        cuts_redirect_chains: true,
        ..Self::SELECTION
    };
    /// For one of many runs at a time, of which but the figures are told.
    pub const SUITE: Self = Self {
        all: 320,
        first: 64,
        latest: 128,
        failed: 32,
        requests: 4,
        cuts_redirect_chains: false,
    };
    /// For what is read once from its beginning to its end.
    pub const STREAMING: Self = Self {
        all: 2_048,
        first: 0,
        latest: 1_024,
        failed: 0,
        requests: 0,
        cuts_redirect_chains: false,
    };
}

/// Lets exchanges go as a run becomes long.
#[derive(Clone, Copy, Debug)]
pub struct Retirement {
    limits: RetentionLimits,
    /// Exchanges held at which it is worth looking for some that can go.
    next_check_at: usize,
    /// An exchange that is looked at, and stays with its run.
    pinned: Option<ExchangeId>,
}

impl Retirement {
    /// Holds so many.
    pub const fn new(holding: RetentionLimits) -> Self {
        Self {
            limits: holding,
            next_check_at: holding.all,
            pinned: None,
        }
    }

    /// Returns whether some are about to go.
    pub fn is_due(&self, trace: &Trace) -> bool {
        trace.exchanges().len() >= self.next_check_at
    }

    /// Keeps the run of an exchange, from now on instead of another one's, as long as somebody
    /// looks at it.
    pub const fn pin(&mut self, exchange: Option<ExchangeId>) {
        self.pinned = exchange;
    }

    /// Lets those go that can be done without, if there are too many. `last_seen` is called for
    /// each run that goes, in their order, while its exchanges are still there.
    pub fn retire(&mut self, trace: &mut Trace, last_seen: impl FnMut(&Trace, &Transfer<'_>)) {
        if trace.exchanges().len() <= self.next_check_at {
            return;
        }
        let (runs, redirects) = self.select_retired(trace, last_seen);
        trace.retire(runs, &redirects);
        // As many have to come before it is worth looking again, so that looking costs no more than
        // their coming did.
        self.next_check_at = self
            .limits
            .all
            .max(trace.exchanges().len().saturating_add(self.limits.latest));
    }

    fn select_retired(
        &self,
        trace: &Trace,
        mut last_seen: impl FnMut(&Trace, &Transfer<'_>),
    ) -> (Vec<RetiredRun>, Vec<RangeInclusive<ExchangeId>>) {
        let all: Vec<Transfer<'_>> = group_into_transfers(trace).collect();
        let mut left = RetentionState::start(trace, self.limits);
        let (mut going, mut redirects) = (Vec::new(), Vec::new());
        for request in repeated_requests(trace, &all) {
            let head = left.head_of(&request);
            let remarkable = head.map(|_| notable_runs(&request)).unwrap_or_default();
            for (place, run) in request.retained().iter().enumerate() {
                let is_looked_at = self
                    .pinned
                    .is_some_and(|id| run.hops().iter().any(|hop| hop.id == id));
                if left.must_retain(run) || is_looked_at || remarkable.contains(&Some(place)) {
                    if self.limits == RetentionLimits::STREAMING {
                        // What is read in its order goes in its order.
                        return (going, redirects);
                    }
                    redirects.extend(self.redirects_between(run));
                    continue;
                }
                last_seen(trace, run);
                going.extend(retired_run(trace, run, head));
            }
        }
        (going, redirects)
    }

    /// The redirects of a run that is still held between its first ones and its latest, but for one
    /// that is looked at.
    fn redirects_between(&self, run: &Transfer<'_>) -> Vec<RangeInclusive<ExchangeId>> {
        let hops = run.hops();
        if !self.limits.cuts_redirect_chains || hops.len() <= self.limits.all {
            return Vec::new();
        }
        let between = hops
            .get(self.limits.first..hops.len().saturating_sub(self.limits.latest))
            .unwrap_or_default();
        let stretches = between.split(|hop| Some(hop.id) == self.pinned);
        stretches
            .filter_map(|hops| Some(hops.first()?.id..=hops.last()?.id))
            .collect()
    }
}

/// What is left to be kept while one goes through the runs.
struct RetentionState {
    limits: RetentionLimits,
    exchanges: usize,
    passed: usize,
    failed: usize,
    requests: usize,
    last_failed: Option<ExchangeId>,
}

impl RetentionState {
    fn start(trace: &Trace, holding: RetentionLimits) -> Self {
        let last_failed = trace
            .exchanges()
            .iter()
            .rev()
            .find(|exchange| exchange.failure.is_some())
            .filter(|_| holding.failed > 0);
        let exchanges = trace.exchanges().len();
        Self {
            limits: holding,
            exchanges,
            passed: 0,
            failed: 0,
            requests: 0,
            last_failed: last_failed.map(|exchange| exchange.id),
        }
    }

    /// The first exchange of a request that was repeated, if its statistics are kept.
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

/// The places of the first run of a request, the last, the fastest and the slowest.
fn notable_runs(request: &RepeatedRequest<'_>) -> [Option<usize>; 4] {
    let timed = || {
        request
            .retained()
            .iter()
            .enumerate()
            .filter(|(_, run)| !run.failed())
            .filter_map(|(place, run)| Some((run.total()?, place)))
    };
    let fastest = timed()
        .min_by_key(|(total, _)| *total)
        .map(|(_, place)| place);
    let slowest = timed()
        .max_by_key(|(total, _)| *total)
        .map(|(_, place)| place);
    [
        Some(0),
        request.retained().len().checked_sub(1),
        fastest,
        slowest,
    ]
}

fn retired_run(trace: &Trace, run: &Transfer<'_>, head: Option<ExchangeId>) -> Option<RetiredRun> {
    // Of a run that was cut its phases are not known.
    let hops = run.hops();
    let is_whole = hops
        .first()
        .zip(hops.last())
        .is_some_and(|(first, last)| last.id.0.abs_diff(first.id.0) as usize + 1 == hops.len());
    let app = Phase::ALL
        .into_iter()
        .filter(|_| is_whole)
        .filter_map(|phase| Some(((Some(phase), Clock::App), run.phase(phase)?)));
    let has_packets = !trace.flows().is_empty();
    let wire = Phase::ALL
        .into_iter()
        .filter(|_| is_whole && has_packets && head.is_some());
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
    })
}
