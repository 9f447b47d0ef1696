//! A transfer beside the same one in another run.

use super::align::{self, RepeatGroup};
use super::causes;
use super::change::DiffChange;
use super::facts::ExchangeFacts;
use super::fields::{self, FieldChange};
use super::noise::{FigureComparator, FigureDifference, Judgement};
use super::phases::{self, PhaseDifference};
use crate::trace::Phase;
use crate::units::Nanos;

/// How often a transfer was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunCounts {
    /// In all.
    pub count: usize,
    /// Of these, how many failed. Their figures are not used where others did not.
    pub failed: usize,
}

/// A transfer beside the same one in another run.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferDifference<'a> {
    /// How often it was run before, and now.
    pub runs: [RunCounts; 2],
    /// How long it took, all hops together.
    pub total: FigureDifference,
    /// Hop beside hop, in order.
    pub hops: Vec<HopDifference<'a>>,
}

/// An exchange beside the same one in another run. One of the two at least is there.
#[derive(Clone, Debug, PartialEq)]
pub struct HopDifference<'a> {
    /// Before; of repeated ones the one whose transfer took the median time.
    pub before: Option<&'a ExchangeFacts>,
    /// Now.
    pub after: Option<&'a ExchangeFacts>,
    /// How long it took.
    pub total: FigureDifference,
    /// Its phases, those that neither had left out.
    pub phases: Vec<PhaseDifference>,
    /// What is otherwise.
    pub changes: Vec<DiffChange>,
    /// Field lines that are otherwise.
    pub fields: Vec<FieldChange<'a>>,
}

impl TransferDifference<'_> {
    /// The exchanges that answered for good, before and now.
    pub fn last_exchanges(&self) -> [Option<&ExchangeFacts>; 2] {
        let last = |of: fn(&HopDifference<'_>) -> bool| self.hops.iter().rev().find(|hop| of(hop));
        [
            last(|hop| hop.before.is_some()).and_then(|hop| hop.before),
            last(|hop| hop.after.is_some()).and_then(|hop| hop.after),
        ]
    }

    /// What was asked, as it is now.
    pub fn first_exchange(&self) -> Option<&ExchangeFacts> {
        self.hops.first().and_then(|hop| hop.after.or(hop.before))
    }
}

/// Compares.
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
        hops,
    }
}

/// A figure of something that failed on one side is no measure of the other.
pub(super) const fn as_one_sided(figure: FigureDifference) -> FigureDifference {
    FigureDifference {
        noise: None,
        judgement: Judgement::OneSided,
        ..figure
    }
}

/// The runs of a side.
struct RepeatSample<'a> {
    runs: RunCounts,
    /// Those that count.
    comparable: Vec<&'a [ExchangeFacts]>,
    /// The one of the median time.
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
        let good = if well.is_empty() {
            group.transfers.clone()
        } else {
            well
        };
        let mut sorted = good.clone();
        sorted.sort_by_key(|hops| total_time(hops));
        let typical = sorted
            .get(sorted.len().saturating_sub(1) / 2)
            .copied()
            .unwrap_or_default();
        Self {
            runs,
            comparable: good,
            median: typical,
        }
    }

    const fn always_fails(&self) -> bool {
        self.runs.failed == self.runs.count
    }

    /// What the runs that went the same way say of a hop of the typical one.
    fn hop_figures(
        &self,
        hop: Option<&ExchangeFacts>,
        of: impl Fn(&ExchangeFacts) -> Option<Nanos>,
    ) -> Vec<Nanos> {
        let place = hop.and_then(|hop| self.median.iter().position(|each| std::ptr::eq(each, hop)));
        let Some(place) = place else {
            return Vec::new();
        };
        let alike = self
            .comparable
            .iter()
            .filter(|hops| hops.len() == self.median.len());
        alike
            .filter_map(|hops| hops.get(place))
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
    let (mut changes, mut altered) = (Vec::new(), Vec::new());
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
