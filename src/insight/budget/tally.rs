//! What a rule has to know of transfers that are no longer held.

use super::verdict::worse_figure;
use super::{Budget, BudgetMetric, BudgetRule};
use crate::insight::Transfer;
use crate::trace::{CompactFigures, Trace};

/// The figures of a rule, as far as the rule needs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RetiredTally {
    /// Transfers.
    pub(super) transfers: usize,
    /// Transfers in which it was measured.
    pub(super) measured: usize,
    /// All figures, where the rule is about a statistic.
    pub(super) figures: CompactFigures,
    /// Their sum, where the rule is about a number of transfers.
    pub(super) sum: u64,
    /// Else the worst of the transfers, which may be that it was not measured.
    pub(super) worst: Option<u64>,
}

impl RetiredTally {
    fn add(&mut self, rule: BudgetRule, figure: Option<u64>) {
        self.transfers += 1;
        self.measured += usize::from(figure.is_some());
        match (rule.statistic, figure) {
            (Some(_), Some(figure)) => self.figures.push(figure),
            (Some(_), None) => {}
            (None, figure) if rule.metric == BudgetMetric::Failures => {
                self.sum = self.sum.saturating_add(figure.unwrap_or(0));
            }
            (None, figure) if self.transfers == 1 => self.worst = figure,
            (None, figure) => self.worst = worse_figure(rule, self.worst, figure),
        }
    }
}

impl Budget {
    /// Remembers what the rules have to know of a transfer that will not be held any longer.
    pub fn record_retired(&mut self, trace: &Trace, transfer: &Transfer<'_>) {
        self.tallies
            .resize(self.rules.len(), RetiredTally::default());
        for (rule, tally) in self.rules.iter().zip(&mut self.tallies) {
            tally.add(*rule, rule.metric.value(trace, transfer));
        }
    }
}
