//! What a rule has to know of transfers that are no longer held.

use super::verdict::worse;
use super::{Budget, Measure, Rule};
use crate::insight::Transfer;
use crate::trace::{Column, Trace};

/// The figures of a rule, as far as the rule needs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Transfers.
    pub(super) transfers: usize,
    /// Transfers in which it was measured.
    pub(super) measured: usize,
    /// All figures, where the rule is about a statistic.
    pub(super) figures: Column,
    /// Their sum, where the rule is about a number of transfers.
    pub(super) sum: u64,
    /// Else the worst of the transfers, which may be that it was not measured.
    pub(super) worst: Option<u64>,
}

impl Tally {
    fn add(&mut self, rule: Rule, figure: Option<u64>) {
        self.transfers += 1;
        self.measured += usize::from(figure.is_some());
        match (rule.statistic, figure) {
            (Some(_), Some(figure)) => self.figures.push(figure),
            (Some(_), None) => {}
            (None, figure) if rule.measure == Measure::Failures => {
                self.sum = self.sum.saturating_add(figure.unwrap_or(0));
            }
            (None, figure) if self.transfers == 1 => self.worst = figure,
            (None, figure) => self.worst = worse(rule, self.worst, figure),
        }
    }
}

impl Budget {
    /// Remembers what the rules have to know of a transfer that will not be held any longer.
    pub fn remember(&mut self, trace: &Trace, transfer: &Transfer<'_>) {
        self.tallies.resize(self.rules.len(), Tally::default());
        for (rule, tally) in self.rules.iter().zip(&mut self.tallies) {
            tally.add(*rule, rule.measure.of(trace, transfer));
        }
    }
}
