//! Statistics of runs whose exchanges were retired.

use std::collections::BTreeMap;

use super::compact_figures::CompactFigures;
use super::{Clock, ExchangeId, Failure, Phase, TimeSpent};
use crate::units::Nanos;

/// Key of a measured time: the phase, or `None` for the whole run, and the clock.
pub type TimeKey = (Option<Phase>, Clock);

/// A run (a request with its redirects and retries) whose exchanges are retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredRun {
    /// Its first exchange.
    pub first: ExchangeId,
    /// Its last exchange; all between the two belong to the run.
    pub last: ExchangeId,
    /// First exchange of the request that it repeats; `None` if that request has no statistics of
    /// its own.
    pub original: Option<ExchangeId>,
    /// Whether it repeats another run.
    pub repeated: bool,
    /// Whether its last exchange failed.
    pub failed: bool,
    /// Its times, summed over all hops. Those of a failed run are part of no statistic.
    pub times: Vec<(TimeKey, Nanos)>,
    /// Its part of the run's ledger, with the waits before its exchanges.
    pub spent: TimeSpent,
}

/// The retired repeats of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredRepeats {
    /// First exchange of the first run, which is held.
    pub original: ExchangeId,
    /// Runs.
    pub runs: u64,
    /// Runs that failed.
    pub failed: u64,
    times: Vec<(TimeKey, CompactFigures)>,
}

impl RetiredRepeats {
    /// Returns the times of the runs that did not fail.
    pub fn times(&self, of: TimeKey) -> Option<&CompactFigures> {
        self.times
            .iter()
            .find(|(known, _)| *known == of)
            .map(|(_, column)| column)
    }

    /// Returns the keys for which any of them has a time.
    pub fn measured_keys(&self) -> impl Iterator<Item = TimeKey> + '_ {
        self.times.iter().map(|(known, _)| *known)
    }
}

/// Sums over several exchanges of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HopSums {
    /// Exchanges that followed a redirect.
    pub redirects: u64,
    /// Retries.
    pub retries: u64,
    /// Connections opened for them.
    pub connects: u64,
    /// Bytes of the request heads.
    pub request_head_bytes: u64,
    /// Bytes of the response heads.
    pub response_head_bytes: u64,
    /// Time in each phase, on the app clock.
    pub phases: BTreeMap<Phase, Nanos>,
    /// Times of curl's `-w` that curl sums over redirects, in chronological order.
    pub marks: [Nanos; 6],
    /// Their part of the run's ledger, with the waits before them.
    pub spent: TimeSpent,
}

impl HopSums {
    /// Adds the sums of other exchanges.
    pub fn add(&mut self, other: &Self) {
        for (sum, figure) in [
            (&mut self.redirects, other.redirects),
            (&mut self.retries, other.retries),
            (&mut self.connects, other.connects),
            (&mut self.request_head_bytes, other.request_head_bytes),
            (&mut self.response_head_bytes, other.response_head_bytes),
        ] {
            *sum = sum.saturating_add(figure);
        }
        for (phase, time) in &other.phases {
            let sum = self.phases.entry(*phase).or_default();
            *sum += *time;
        }
        for (sum, mark) in self.marks.iter_mut().zip(other.marks) {
            *sum += mark;
        }
        self.spent.add_all(&other.spent);
    }
}

/// Consecutive exchanges that were retired from the middle of a run whose other exchanges are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredHops {
    /// The first of them.
    pub first: ExchangeId,
    /// The last of them; all between the two are retired.
    pub last: ExchangeId,
    /// Their sums.
    pub sums: HopSums,
}

impl RetiredHops {
    /// Returns their number.
    pub const fn count(&self) -> u64 {
        self.last.0.abs_diff(self.first.0) as u64 + 1
    }
}

/// All that is known of retired exchanges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetiredExchanges {
    /// Exchanges.
    pub exchanges: u64,
    /// Runs.
    pub runs: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Runs that repeat another run.
    pub repeated: u64,
    /// Total times of the runs that did not fail.
    pub totals: CompactFigures,
    /// The part of the run's ledger of the retired runs.
    pub spent: TimeSpent,
    pub(super) failure: Option<(ExchangeId, (Phase, Failure))>,
    repeats: Vec<RetiredRepeats>,
    /// Sorted by exchange number.
    hops: Vec<RetiredHops>,
    /// Whether `hops` ever had an entry.
    cut_runs: bool,
}

impl RetiredExchanges {
    /// Returns the retired exchanges between two exchanges of a run that is held.
    pub fn hops_between(&self, first: ExchangeId, last: ExchangeId) -> &[RetiredHops] {
        let begin = self.hops.partition_point(|hops| hops.first.0 < first.0);
        let end = self.hops.partition_point(|hops| hops.last.0 <= last.0);
        self.hops.get(begin..end).unwrap_or_default()
    }

    /// Returns the retired exchanges of runs that are held.
    pub fn hops(&self) -> &[RetiredHops] {
        &self.hops
    }

    /// Returns true if exchanges were ever retired from the middle of a run.
    pub const fn cut_runs(&self) -> bool {
        self.cut_runs
    }

    /// Adds exchanges from the middle of a run that is held, merged with those right before them.
    pub(super) fn add_hops(&mut self, hops: RetiredHops) {
        self.cut_runs = true;
        let index = self
            .hops
            .partition_point(|known| known.first.0 < hops.first.0);
        let before = index
            .checked_sub(1)
            .and_then(|before| self.hops.get_mut(before))
            .filter(|before| before.last.0.checked_add(1) == Some(hops.first.0));
        match before {
            Some(before) => {
                before.last = hops.last;
                before.sums.add(&hops.sums);
            }
            None => self.hops.insert(index, hops),
        }
    }

    /// Removes the entries of a run that is retired as a whole.
    pub(super) fn remove_hops(&mut self, run: &RetiredRun) {
        self.hops
            .retain(|hops| hops.first.0 < run.first.0 || hops.last.0 > run.last.0);
    }

    /// Returns the retired repeats of the request with this first exchange.
    pub fn repeats_of(&self, original: ExchangeId) -> Option<&RetiredRepeats> {
        let index = self
            .repeats
            .binary_search_by_key(&original.0, |repeats| repeats.original.0)
            .ok()?;
        self.repeats.get(index)
    }

    pub(super) fn add(&mut self, run: RetiredRun) {
        self.runs += 1;
        self.failed += u64::from(run.failed);
        self.repeated += u64::from(run.repeated);
        let total = run
            .times
            .iter()
            .find(|(of, _)| *of == (None, Clock::App))
            .filter(|_| !run.failed);
        if let Some((_, total)) = total {
            self.totals.push(total.0);
        }
        self.spent.add_all(&run.spent);
        let Some(original) = run.original else { return };
        let index = self
            .repeats
            .partition_point(|repeats| repeats.original.0 < original.0);
        if self
            .repeats
            .get(index)
            .is_none_or(|repeats| repeats.original != original)
        {
            self.repeats.insert(
                index,
                RetiredRepeats {
                    original,
                    runs: 0,
                    failed: 0,
                    times: Vec::new(),
                },
            );
        }
        let Some(repeats) = self.repeats.get_mut(index) else {
            return;
        };
        repeats.runs += 1;
        repeats.failed += u64::from(run.failed);
        for (of, time) in run.times.into_iter().filter(|_| !run.failed) {
            let known = repeats.times.iter().position(|(known, _)| *known == of);
            let column = known.unwrap_or_else(|| {
                repeats.times.push((of, CompactFigures::default()));
                repeats.times.len() - 1
            });
            if let Some((_, column)) = repeats.times.get_mut(column) {
                column.push(time.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_that_was_pushed_is_returned() {
        let mut column = CompactFigures::default();
        let figures = [
            0,
            7,
            u64::from(u32::MAX),
            u64::from(u32::MAX) + 1,
            u64::MAX,
            7,
        ];
        for figure in figures {
            column.push(figure);
        }
        let (mut back, mut put): (Vec<u64>, _) = (column.iter().collect(), figures.to_vec());
        back.sort_unstable();
        put.sort_unstable();
        assert_eq!((back, column.len(), column.is_empty()), (put, 6, false));
        assert!(CompactFigures::default().is_empty());
    }
}
