//! The selected part of the bar of owners: an owner whose time is lit up in all views.

use super::ScreenState;
use super::cursor::Cursor;
use super::screen_run::ScreenRun;
use crate::insight::ledger::Owner;
use crate::trace::ExchangeId;
use crate::units::Moment;

/// A selected owner of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OwnerSelection {
    pub(super) owner: Owner,
    /// Nothing was selected after it, so the explanation is about it.
    pub(super) is_explained: bool,
}

/// The time of an owner in the unfolded exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LitTime {
    pub(super) owner: Owner,
    pub(super) exchange: ExchangeId,
    /// The intervals, in order of time, without overlaps.
    intervals: Vec<(Moment, Moment)>,
}

impl LitTime {
    /// Returns the time of a selected owner; `None` if it has none in the unfolded exchange.
    pub(super) fn new(run: &ScreenRun, cursor: Cursor, owner: Option<Owner>) -> Option<Self> {
        let exchange = run.trace.exchange(cursor.exchange(run)?)?;
        let owner = owner?;
        let mut intervals: Vec<_> = run.ledger(exchange).whole.intervals_of(owner).collect();
        intervals.sort_unstable();
        // Causes of one owner follow each other without a gap.
        intervals.dedup_by(|(start, end), (_, before)| {
            let is_next = *start <= *before;
            if is_next {
                *before = (*before).max(*end);
            }
            is_next
        });
        (!intervals.is_empty()).then_some(Self {
            owner,
            exchange: exchange.id,
            intervals,
        })
    }

    /// Returns the intervals, in order of time.
    pub(super) fn intervals(&self) -> impl Iterator<Item = (Moment, Moment)> {
        self.intervals.iter().copied()
    }

    /// Returns true if an instant lies in an interval or at its edge: the packets at the edges are
    /// the evidence for it.
    pub(super) fn contains(&self, at: Moment) -> bool {
        let after = self.intervals.partition_point(|(start, _)| *start <= at);
        after
            .checked_sub(1)
            .and_then(|last| self.intervals.get(last))
            .is_some_and(|(_, end)| at <= *end)
    }

    /// Returns true if more than an instant lies in both an interval and a period.
    pub(super) fn overlaps(&self, from: Moment, to: Moment) -> bool {
        let first = self.intervals.partition_point(|(_, end)| *end <= from);
        self.intervals
            .get(first)
            .is_some_and(|(start, _)| *start < to)
    }
}

impl ScreenState {
    /// Returns the selected owner, if it has time in the unfolded exchange.
    pub(super) fn lit_time(&self, now: Moment) -> Option<LitTime> {
        let (run, _) = self.displayed_run(now);
        let owner = self.view_state.owner?.owner;
        LitTime::new(run, self.view_state.cursor, Some(owner))
    }

    /// Returns true if the explanation is about the selected owner.
    pub(super) fn explains_owner(&self, now: Moment) -> bool {
        let is_explained = self
            .view_state
            .owner
            .is_some_and(|selection| selection.is_explained);
        is_explained && self.lit_time(now).is_some()
    }

    /// Selects the next or the previous owner in the order of their time. After the last one comes
    /// the first.
    pub(super) fn step_owner(&mut self, is_forward: bool, now: Moment) {
        let (run, _) = self.displayed_run(now);
        let exchange = self
            .view_state
            .cursor
            .exchange(run)
            .and_then(|id| run.trace.exchange(id));
        let owners: Vec<Owner> = exchange
            .map(|exchange| run.ledger(exchange).whole.owner_totals())
            .unwrap_or_default()
            .iter()
            .map(|owned| owned.owner)
            .collect();
        let Some(last) = owners.len().checked_sub(1) else {
            self.notice = Some("No time has passed yet that could be divided.".to_owned());
            return;
        };
        let selected = self.lit_time(now).map(|lit| lit.owner);
        let place = selected.and_then(|owner| owners.iter().position(|known| *known == owner));
        let next = match (place, is_forward) {
            (Some(place), true) if place < last => place + 1,
            (_, true) => 0,
            (Some(place), false) if place > 0 => place - 1,
            (_, false) => last,
        };
        if let Some(owner) = owners.get(next) {
            self.view_state.owner = Some(OwnerSelection {
                owner: *owner,
                is_explained: true,
            });
            self.view_state.explanation_scroll = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lit(intervals: &[(i64, i64)]) -> LitTime {
        LitTime {
            owner: Owner::Network,
            exchange: ExchangeId(0),
            intervals: intervals
                .iter()
                .map(|(from, to)| (Moment(*from), Moment(*to)))
                .collect(),
        }
    }

    #[test]
    fn edges_belong_to_an_interval_and_touching_it_is_no_overlap() {
        let lit = lit(&[(10, 20), (20, 30), (50, 60)]);
        for (at, expected) in [
            (9, false),
            (10, true),
            (20, true),
            (30, true),
            (31, false),
            (60, true),
            (61, false),
        ] {
            assert_eq!(lit.contains(Moment(at)), expected, "{at}");
        }
        for (from, to, expected) in [
            (0, 10, false),
            (0, 11, true),
            (12, 13, true),
            (30, 50, false),
            (29, 31, true),
            (60, 99, false),
        ] {
            assert_eq!(
                lit.overlaps(Moment(from), Moment(to)),
                expected,
                "{from} to {to}"
            );
        }
    }
}
