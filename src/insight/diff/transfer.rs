//! Comparison of a transfer in two runs.

use super::align::{self, RepeatGroup};
use super::causes;
use super::change::DiffChange;
use super::facts::ExchangeFacts;
use super::fields::{self, FieldChange};
use super::noise::{FigureComparator, FigureDifference, Judgement};
use super::phases::{self, PhaseDifference};
use super::time_spent::{CauseDifference, compare_ledgers};
use crate::trace::Phase;
use crate::units::Nanos;

/// Numbers of runs of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunCounts {
    /// All of its runs.
    pub count: usize,
    /// Runs that failed. Their durations are only used if all of them failed.
    pub failed: usize,
}

/// A transfer in two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferDifference<'a> {
    /// Numbers of its runs, before and now.
    pub runs: [RunCounts; 2],
    /// Its duration over all hops.
    pub total: FigureDifference,
    /// The time of each owner and cause over all hops, the largest difference first; empty unless
    /// it is known in both runs.
    pub ledger: Vec<CauseDifference>,
    /// Its aligned hops, in order.
    pub hops: Vec<HopDifference<'a>>,
}

/// An exchange in two runs. At least one of the two is present.
#[derive(Clone, Debug, PartialEq)]
pub struct HopDifference<'a> {
    /// Before; if it was repeated, the exchange of the median run.
    pub before: Option<&'a ExchangeFacts>,
    /// Now.
    pub after: Option<&'a ExchangeFacts>,
    /// Its duration.
    pub total: FigureDifference,
    /// Its phases, without those that neither run had.
    pub phases: Vec<PhaseDifference>,
    /// The changes.
    pub changes: Vec<DiffChange>,
    /// The fields that differ.
    pub fields: Vec<FieldChange<'a>>,
}

impl TransferDifference<'_> {
    /// The last exchanges, before and now.
    pub fn last_exchanges(&self) -> [Option<&ExchangeFacts>; 2] {
        let last = |of: fn(&HopDifference<'_>) -> bool| self.hops.iter().rev().find(|hop| of(hop));
        [
            last(|hop| hop.before.is_some()).and_then(|hop| hop.before),
            last(|hop| hop.after.is_some()).and_then(|hop| hop.after),
        ]
    }

    /// The first exchange: now, or before if it is missing now.
    pub fn first_exchange(&self) -> Option<&ExchangeFacts> {
        self.hops.first().and_then(|hop| hop.after.or(hop.before))
    }
}

/// Compares the transfers of two groups.
pub(super) fn compare_transfers<'a>(
    before: &RepeatGroup<'a>,
    after: &RepeatGroup<'a>,
    judge: FigureComparator,
) -> TransferDifference<'a> {
    let sides = [
        RepeatSample::from_group(before),
        RepeatSample::from_group(after),
    ];
    let pairs = align::align_hops(sides[0].median, sides[1].median);
    let [was, is] = [&sides[0], &sides[1]].map(|side| {
        side.comparable
            .iter()
            .filter_map(|hops| total_time(hops))
            .collect::<Vec<_>>()
    });
    let mut figure = judge.compare_app(&was, &is);
    if sides[0].always_fails() != sides[1].always_fails() {
        figure = as_one_sided(figure);
    }
    let hops = pairs
        .into_iter()
        .map(|(left, right)| compare_hop(left, right, &sides, judge))
        .collect();
    TransferDifference {
        runs: [sides[0].runs, sides[1].runs],
        total: figure,
        ledger: compare_ledgers(&sides[0].comparable, &sides[1].comparable, judge),
        hops,
    }
}

/// Turns a comparison into a one-sided one: the duration of something that failed says nothing
/// about the other side.
pub(super) const fn as_one_sided(figure: FigureDifference) -> FigureDifference {
    FigureDifference {
        noise: None,
        judgement: Judgement::OneSided,
        ..figure
    }
}

/// The repeats of a transfer in one run.
struct RepeatSample<'a> {
    runs: RunCounts,
    /// The runs that are compared: the successful ones, or all if none was.
    comparable: Vec<&'a [ExchangeFacts]>,
    /// The run with the median duration.
    median: &'a [ExchangeFacts],
}

impl<'a> RepeatSample<'a> {
    fn from_group(group: &RepeatGroup<'a>) -> Self {
        let failed = |hops: &[ExchangeFacts]| hops.last().is_some_and(ExchangeFacts::failed);
        let well: Vec<&[ExchangeFacts]> = group
            .transfers
            .iter()
            .copied()
            .filter(|hops| !failed(hops))
            .collect();
        let runs = RunCounts {
            count: group.transfers.len(),
            failed: group.transfers.len() - well.len(),
        };
        let comparable = if well.is_empty() {
            group.transfers.clone()
        } else {
            well
        };
        let mut sorted = comparable.clone();
        sorted.sort_by_key(|hops| total_time(hops));
        let median = sorted
            .get(sorted.len().saturating_sub(1) / 2)
            .copied()
            .unwrap_or_default();
        Self {
            runs,
            comparable,
            median,
        }
    }

    const fn always_fails(&self) -> bool {
        self.runs.failed == self.runs.count
    }

    /// The values of a hop of the median run, over all comparable runs with the same number of
    /// hops.
    fn hop_figures(
        &self,
        hop: Option<&ExchangeFacts>,
        of: impl Fn(&ExchangeFacts) -> Option<Nanos>,
    ) -> Vec<Nanos> {
        let index = hop.and_then(|hop| self.median.iter().position(|each| std::ptr::eq(each, hop)));
        let Some(index) = index else {
            return Vec::new();
        };
        let alike = self
            .comparable
            .iter()
            .filter(|hops| hops.len() == self.median.len());
        alike
            .filter_map(|hops| hops.get(index))
            .filter_map(of)
            .collect()
    }
}

fn total_time(hops: &[ExchangeFacts]) -> Option<Nanos> {
    hops.iter().map(|hop| hop.total).sum()
}

fn compare_hop<'a>(
    before: Option<&'a ExchangeFacts>,
    after: Option<&'a ExchangeFacts>,
    sides: &[RepeatSample<'a>; 2],
    judge: FigureComparator,
) -> HopDifference<'a> {
    let figures = |of: &dyn Fn(&ExchangeFacts) -> Option<Nanos>| {
        (
            sides[0].hop_figures(before, of),
            sides[1].hop_figures(after, of),
        )
    };
    let (was, is) = figures(&|facts| facts.total);
    let mut changes = Vec::new();
    let mut altered = Vec::new();
    if let (Some(before), Some(after)) = (before, after) {
        changes = causes::find_changes(before, after);
        altered = fields::changed_fields(before, after);
    }
    let differs = before.map(|facts| facts.failure.as_ref().map(|(phase, _)| *phase));
    let phases = Phase::ALL.into_iter().filter_map(|phase| {
        let (was, is) = figures(&|facts| facts.phase(phase).app);
        let mut app = judge.compare_app(&was, &is);
        let (was, is) = figures(&|facts| facts.phase(phase).wire);
        let mut wire = judge.compare_wire(&was, &is);
        let failed_after = after.map(|facts| facts.failure.as_ref().map(|(phase, _)| *phase));
        if differs != failed_after && [differs, failed_after].contains(&Some(Some(phase))) {
            (app, wire) = (as_one_sided(app), as_one_sided(wire));
        }
        phases::compare_phase(phase, app, wire, before.zip(after), &changes)
    });
    let phases = phases.collect();
    let mut total = judge.compare_app(&was, &is);
    if before.map(ExchangeFacts::failed) != after.map(ExchangeFacts::failed) {
        total = as_one_sided(total);
    }
    HopDifference {
        before,
        after,
        total,
        phases,
        changes,
        fields: altered,
    }
}
