//! Repeated requests: a request with all its runs, including those whose exchanges have been
//! retired.

use super::{Spread, Transfer, group_into_transfers};
use crate::trace::{Clock, ExchangeCause, Phase, RetiredHops, RetiredRepeats, TimeKey, Trace};
use crate::units::Nanos;

/// A request with its runs: the first one and its repeats.
#[derive(Clone, Debug)]
pub struct RepeatedRequest<'a> {
    retained: &'a [Transfer<'a>],
    retired: Vec<&'a RetiredRepeats>,
}

/// Groups a run's transfers by the request that they repeat.
pub fn repeated_requests<'a>(
    trace: &'a Trace,
    all: &'a [Transfer<'a>],
) -> impl Iterator<Item = RepeatedRequest<'a>> {
    let retired = trace.retired();
    let asked = |run: &Transfer<'a>| run.hops().first().map(|first| (&first.method, &first.url));
    // Once runs have been retired, a repeat may follow the run of another request.
    let repeats = move |run: &Transfer<'a>, next: &Transfer<'a>| {
        next.is_repeat() && (retired.runs == 0 || asked(run) == asked(next))
    };
    all.chunk_by(repeats).map(move |retained| {
        let head = retained
            .first()
            .filter(|first| !first.is_repeat())
            .and_then(|first| first.hops().first());
        RepeatedRequest {
            retained,
            retired: head
                .and_then(|head| retired.repeats_of(head.id))
                .into_iter()
                .collect(),
        }
    })
}

impl<'a> RepeatedRequest<'a> {
    /// Groups all runs, whatever they requested.
    pub fn all_runs(trace: &'a Trace, all: &'a [Transfer<'a>]) -> Self {
        Self {
            retained: all,
            retired: repeated_requests(trace, all)
                .flat_map(|request| request.retired)
                .collect(),
        }
    }

    /// The runs whose exchanges are retained, in order; never empty.
    pub const fn retained(&self) -> &'a [Transfer<'a>] {
        self.retained
    }

    /// The retained runs before the first retired one: the index of each is its number.
    pub fn retained_from_start(&self) -> &'a [Transfer<'a>] {
        let ids = |run: &Transfer<'_>| Some((run.hops().first()?.id.0, run.last()?.id.0));
        let follows = |one: &Transfer<'_>, next: &Transfer<'_>| {
            ids(one)
                .zip(ids(next))
                .is_none_or(|(one, next)| one.1.checked_add(1) == Some(next.0))
        };
        self.retained.chunk_by(follows).next().unwrap_or_default()
    }

    /// The number of runs.
    pub fn count(&self) -> usize {
        self.retained.len().saturating_add(saturating_usize(
            self.retired.iter().map(|retired| retired.runs).sum(),
        ))
    }

    /// The number of retired runs.
    pub fn retired_count(&self) -> usize {
        self.count() - self.retained.len()
    }

    /// The number of retired runs that failed.
    pub fn retired_failed_count(&self) -> usize {
        saturating_usize(self.retired.iter().map(|retired| retired.failed).sum())
    }

    /// The number of runs that succeeded; statistics are about these.
    pub fn succeeded_count(&self) -> usize {
        let retired = self
            .retired
            .iter()
            .map(|retired| retired.runs - retired.failed)
            .sum();
        self.retained_succeeded()
            .count()
            .saturating_add(saturating_usize(retired))
    }

    /// The number of runs that failed.
    pub fn failed_count(&self) -> usize {
        self.retained
            .iter()
            .filter(|run| run.failed())
            .count()
            .saturating_add(self.retired_failed_count())
    }

    /// Returns true if any run had a phase.
    pub fn has_phase(&self, phase: Phase) -> bool {
        self.retained.iter().any(|run| run.phase(phase).is_some())
            || self.retired.iter().any(|retired| {
                retired
                    .measured_keys()
                    .any(|measured| measured.0 == Some(phase))
            })
    }

    /// The durations of successful runs on the program's clock, in no particular order: of a phase,
    /// or of the whole run.
    pub fn times(&self, phase: Option<Phase>) -> impl Iterator<Item = Nanos> + '_ {
        let held = self
            .retained_succeeded()
            .filter_map(move |run| phase.map_or_else(|| run.total(), |phase| run.phase(phase)));
        held.chain(self.retired_times((phase, Clock::App)))
    }

    /// The spread of these durations; `None` if there are none.
    pub fn spread(&self, phase: Option<Phase>) -> Option<Spread> {
        Spread::from_durations(self.times(phase))
    }

    /// The durations of a phase of successful runs on the wire's clock.
    pub fn wire_times(&self, trace: &'a Trace, phase: Phase) -> impl Iterator<Item = Nanos> + '_ {
        let held = self
            .retained_succeeded()
            .filter_map(move |run| run.wire_phase(trace, phase));
        held.chain(self.retired_times((Some(phase), Clock::Wire)))
    }

    fn retained_succeeded(&self) -> impl Iterator<Item = &'a Transfer<'a>> {
        self.retained.iter().filter(|run| {
            run.last()
                .is_some_and(|last| last.failure.is_none() && last.ended.is_some())
        })
    }

    fn retired_times(&self, of: TimeKey) -> impl Iterator<Item = Nanos> + '_ {
        let columns = self
            .retired
            .iter()
            .filter_map(move |retired| retired.times(of));
        columns.flat_map(|column| column.iter().map(Nanos))
    }
}

/// Statistics over all runs of a trace, whatever they requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStatistics {
    /// The number of runs.
    pub count: usize,
    /// The number of runs that failed.
    pub failed: usize,
    /// The number of runs that repeat another.
    pub repeated: usize,
    /// The durations of successful runs.
    pub spread: Option<Spread>,
}

/// Computes statistics over all runs of a trace, including retired ones.
pub fn run_statistics(trace: &Trace) -> RunStatistics {
    let retired = trace.retired();
    let held = || group_into_transfers(trace);
    let totals = held()
        .filter(|run| !run.failed())
        .filter_map(|run| run.total())
        .chain(retired.totals.iter().map(Nanos));
    RunStatistics {
        count: held().count() + saturating_usize(retired.runs),
        failed: held().filter(Transfer::failed).count() + saturating_usize(retired.failed),
        repeated: held().filter(Transfer::is_repeat).count() + saturating_usize(retired.repeated),
        spread: Spread::from_durations(totals),
    }
}

/// The number of exchanges, including retired ones.
pub fn exchange_count(trace: &Trace) -> usize {
    trace
        .exchanges()
        .len()
        .saturating_add(saturating_usize(trace.retired().exchanges))
}

fn saturating_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Transfer<'_> {
    /// Returns true if it repeats another transfer.
    pub fn is_repeat(&self) -> bool {
        self.hops()
            .first()
            .is_some_and(|first| first.cause == ExchangeCause::Repeat)
    }

    /// Returns true if its last exchange failed.
    pub fn failed(&self) -> bool {
        self.last().is_some_and(|last| last.failure.is_some())
    }

    /// The wire time of a phase over all hops; `None` unless it is known for every hop that had the
    /// phase.
    pub fn wire_phase(&self, trace: &Trace, phase: Phase) -> Option<Nanos> {
        let had = |gone: &RetiredHops| gone.sums.phases.contains_key(&phase);
        if self.retired().iter().any(had) {
            return None;
        }
        let mut had = self
            .hops()
            .iter()
            .filter(|hop| hop.phases.get(phase).is_some())
            .peekable();
        had.peek()?;
        had.map(|hop| super::wire_phase(trace, hop, phase).map(|span| span.duration()))
            .sum()
    }
}
