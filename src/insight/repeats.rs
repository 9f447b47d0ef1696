//! A request and its repeats, those included whose exchanges are no longer held.

use super::{Spread, Transfer, group_into_transfers};
use crate::trace::{Clock, ExchangeCause, Phase, RetiredHops, RetiredRepeats, TimeKey, Trace};
use crate::units::Nanos;

/// The runs of one request: the first, and those that repeat it.
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
    // Where runs have gone, a repeat may follow another request's.
    let repeats = move |run: &Transfer<'a>, next: &Transfer<'a>| {
        next.is_repeat() && (retired.runs == 0 || asked(run) == asked(next))
    };
    all.chunk_by(repeats).map(move |held| {
        let head = held
            .first()
            .filter(|first| !first.is_repeat())
            .and_then(|first| first.hops().first());
        RepeatedRequest {
            retained: held,
            retired: head
                .and_then(|head| retired.repeats_of(head.id))
                .into_iter()
                .collect(),
        }
    })
}

impl<'a> RepeatedRequest<'a> {
    /// Takes all runs together, whatever they asked for.
    pub fn all_runs(trace: &'a Trace, all: &'a [Transfer<'a>]) -> Self {
        Self {
            retained: all,
            retired: repeated_requests(trace, all)
                .flat_map(|request| request.retired)
                .collect(),
        }
    }

    /// Returns the runs whose exchanges are held, in their order; never none.
    pub const fn retained(&self) -> &'a [Transfer<'a>] {
        self.retained
    }

    /// Returns those of them before the first that is not held: the place of each is its number.
    pub fn retained_from_start(&self) -> &'a [Transfer<'a>] {
        let ids = |run: &Transfer<'_>| Some((run.hops().first()?.id.0, run.last()?.id.0));
        let follows = |one: &Transfer<'_>, next: &Transfer<'_>| {
            ids(one)
                .zip(ids(next))
                .is_none_or(|(one, next)| one.1.checked_add(1) == Some(next.0))
        };
        self.retained.chunk_by(follows).next().unwrap_or_default()
    }

    /// Returns how many runs there were.
    pub fn count(&self) -> usize {
        self.retained.len().saturating_add(saturating_usize(
            self.retired.iter().map(|retired| retired.runs).sum(),
        ))
    }

    /// Returns how many runs are not held.
    pub fn retired_count(&self) -> usize {
        self.count() - self.retained.len()
    }

    /// Returns how many of those failed.
    pub fn retired_failed_count(&self) -> usize {
        saturating_usize(self.retired.iter().map(|retired| retired.failed).sum())
    }

    /// Returns how many runs did not fail: theirs are the figures that compare.
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

    /// Returns how many runs failed.
    pub fn failed_count(&self) -> usize {
        self.retained
            .iter()
            .filter(|run| run.failed())
            .count()
            .saturating_add(self.retired_failed_count())
    }

    /// Returns whether any run was in a phase.
    pub fn has_phase(&self, phase: Phase) -> bool {
        self.retained.iter().any(|run| run.phase(phase).is_some())
            || self.retired.iter().any(|retired| {
                retired
                    .measured_keys()
                    .any(|measured| measured.0 == Some(phase))
            })
    }

    /// Returns the times of the runs that did not fail, on the program's clock and in no order:
    /// those in a phase, or the whole.
    pub fn times(&self, phase: Option<Phase>) -> impl Iterator<Item = Nanos> + '_ {
        let held = self
            .retained_succeeded()
            .filter_map(move |run| phase.map_or_else(|| run.total(), |phase| run.phase(phase)));
        held.chain(self.retired_times((phase, Clock::App)))
    }

    /// Returns how those times are spread; `None` of no figures.
    pub fn spread(&self, phase: Option<Phase>) -> Option<Spread> {
        Spread::from_durations(self.times(phase))
    }

    /// Returns the times of the runs that did not fail in a phase as the packets saw it.
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

/// All the runs of a trace, whatever they asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStatistics {
    /// How many there were.
    pub count: usize,
    /// How many of them failed.
    pub failed: usize,
    /// How many repeat another.
    pub repeated: usize,
    /// How long those took that did not fail.
    pub spread: Option<Spread>,
}

/// Counts all the runs of a trace, those included whose exchanges are no longer held.
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

/// Returns how many exchanges there were, those included that are no longer held.
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
    /// Returns whether it repeats another.
    pub fn is_repeat(&self) -> bool {
        self.hops()
            .first()
            .is_some_and(|first| first.cause == ExchangeCause::Repeat)
    }

    /// Returns whether its last exchange failed.
    pub fn failed(&self) -> bool {
        self.last().is_some_and(|last| last.failure.is_some())
    }

    /// Returns the time in a phase as the packets saw it, over all hops; `None` unless they tell it
    /// of every hop that had it.
    pub fn wire_phase(&self, trace: &Trace, phase: Phase) -> Option<Nanos> {
        let had = |gone: &RetiredHops| gone.sums.phases.contains_key(&phase);
        if self.gone().iter().any(had) {
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
