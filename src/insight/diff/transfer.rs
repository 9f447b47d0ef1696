//! A transfer beside the same one in another run.

use super::align::{self, Group};
use super::cause;
use super::change::Change;
use super::facts::Facts;
use super::fields::{self, FieldChange};
use super::noise::{Figure, Judge, Judgement};
use super::phases::{self, PhaseDifference};
use crate::trace::Phase;
use crate::units::Nanos;

/// How often a transfer was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// In all.
    pub count: usize,
    /// Of these, how many failed. Their figures are not used where others did not.
    pub failed: usize,
}

/// A transfer beside the same one in another run.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferDifference<'a> {
    /// How often it was run before, and now.
    pub runs: [Runs; 2],
    /// How long it took, all hops together.
    pub total: Figure,
    /// Hop beside hop, in order.
    pub hops: Vec<HopDifference<'a>>,
}

/// An exchange beside the same one in another run. One of the two at least is there.
#[derive(Clone, Debug, PartialEq)]
pub struct HopDifference<'a> {
    /// Before; of repeated ones the one whose transfer took the median time.
    pub before: Option<&'a Facts>,
    /// Now.
    pub after: Option<&'a Facts>,
    /// How long it took.
    pub total: Figure,
    /// Its phases, those that neither had left out.
    pub phases: Vec<PhaseDifference>,
    /// What is otherwise.
    pub changes: Vec<Change>,
    /// Field lines that are otherwise.
    pub fields: Vec<FieldChange<'a>>,
}

impl TransferDifference<'_> {
    /// The exchanges that answered for good, before and now.
    pub fn last(&self) -> [Option<&Facts>; 2] {
        let last = |of: fn(&HopDifference<'_>) -> bool| self.hops.iter().rev().find(|hop| of(hop));
        [
            last(|hop| hop.before.is_some()).and_then(|hop| hop.before),
            last(|hop| hop.after.is_some()).and_then(|hop| hop.after),
        ]
    }

    /// What was asked, as it is now.
    pub fn asked(&self) -> Option<&Facts> {
        self.hops.first().and_then(|hop| hop.after.or(hop.before))
    }
}

/// Compares.
pub(super) fn difference<'a>(
    before: &Group<'a>,
    after: &Group<'a>,
    judge: Judge,
) -> TransferDifference<'a> {
    let sides = [Sample::of(before), Sample::of(after)];
    let pairs = align::hops(sides[0].typical, sides[1].typical);
    let [was, is] = [&sides[0], &sides[1]].map(|side| {
        side.good
            .iter()
            .filter_map(|hops| total(hops))
            .collect::<Vec<_>>()
    });
    let mut figure = judge.app(&was, &is);
    if sides[0].fails() != sides[1].fails() {
        figure = beside_failure(figure);
    }
    let hops = pairs
        .into_iter()
        .map(|(left, right)| hop(left, right, &sides, judge))
        .collect();
    TransferDifference {
        runs: [sides[0].runs, sides[1].runs],
        total: figure,
        hops,
    }
}

/// A figure of something that failed on one side is no measure of the other.
pub(super) const fn beside_failure(figure: Figure) -> Figure {
    Figure {
        noise: None,
        judgement: Judgement::OneSided,
        ..figure
    }
}

/// The runs of a side.
struct Sample<'a> {
    runs: Runs,
    /// Those that count.
    good: Vec<&'a [Facts]>,
    /// The one of the median time.
    typical: &'a [Facts],
}

impl<'a> Sample<'a> {
    fn of(group: &Group<'a>) -> Self {
        let failed = |hops: &[Facts]| hops.last().is_some_and(Facts::failed);
        let well: Vec<&[Facts]> = group
            .transfers
            .iter()
            .copied()
            .filter(|hops| !failed(hops))
            .collect();
        let runs = Runs {
            count: group.transfers.len(),
            failed: group.transfers.len() - well.len(),
        };
        let good = if well.is_empty() {
            group.transfers.clone()
        } else {
            well
        };
        let mut sorted = good.clone();
        sorted.sort_by_key(|hops| total(hops));
        let typical = sorted
            .get(sorted.len().saturating_sub(1) / 2)
            .copied()
            .unwrap_or_default();
        Self {
            runs,
            good,
            typical,
        }
    }

    const fn fails(&self) -> bool {
        self.runs.failed == self.runs.count
    }

    /// What the runs that went the same way say of a hop of the typical one.
    fn figures(&self, hop: Option<&Facts>, of: impl Fn(&Facts) -> Option<Nanos>) -> Vec<Nanos> {
        let place =
            hop.and_then(|hop| self.typical.iter().position(|each| std::ptr::eq(each, hop)));
        let Some(place) = place else {
            return Vec::new();
        };
        let alike = self
            .good
            .iter()
            .filter(|hops| hops.len() == self.typical.len());
        alike
            .filter_map(|hops| hops.get(place))
            .filter_map(of)
            .collect()
    }
}

fn total(hops: &[Facts]) -> Option<Nanos> {
    hops.iter().map(|hop| hop.total).sum()
}

fn hop<'a>(
    before: Option<&'a Facts>,
    after: Option<&'a Facts>,
    sides: &[Sample<'a>; 2],
    judge: Judge,
) -> HopDifference<'a> {
    let figures = |of: &dyn Fn(&Facts) -> Option<Nanos>| {
        (sides[0].figures(before, of), sides[1].figures(after, of))
    };
    let (was, is) = figures(&|facts| facts.total);
    let (mut changes, mut altered) = (Vec::new(), Vec::new());
    if let (Some(before), Some(after)) = (before, after) {
        changes = cause::changes(before, after);
        altered = fields::changes(before, after);
    }
    let differs = before.map(|facts| facts.failure.as_ref().map(|(phase, _)| *phase));
    let phases = Phase::ALL.into_iter().filter_map(|phase| {
        let (was, is) = figures(&|facts| facts.phase(phase).app);
        let mut app = judge.app(&was, &is);
        let (was, is) = figures(&|facts| facts.phase(phase).wire);
        let mut wire = judge.wire(&was, &is);
        let failed_after = after.map(|facts| facts.failure.as_ref().map(|(phase, _)| *phase));
        if differs != failed_after && [differs, failed_after].contains(&Some(Some(phase))) {
            (app, wire) = (beside_failure(app), beside_failure(wire));
        }
        phases::difference(phase, app, wire, before.zip(after), &changes)
    });
    let phases = phases.collect();
    let mut total = judge.app(&was, &is);
    if before.map(Facts::failed) != after.map(Facts::failed) {
        total = beside_failure(total);
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
