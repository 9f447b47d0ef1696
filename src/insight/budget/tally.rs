//! Tally of a budget rule over transfers that have been retired.

use super::metric_value::MeasuredTransfer;
use super::verdict::worse_figure;
use super::{Budget, BudgetMetric, BudgetRule};
use crate::insight::Transfer;
use crate::trace::{CompactFigures, Trace};

/// The values of a rule, as far as it needs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RetiredTally {
    /// Number of transfers.
    pub(super) transfers: usize,
    /// Number of transfers for which the value was measured.
    pub(super) measured: usize,
    /// All values, for a rule on a statistic.
    pub(super) figures: CompactFigures,
    /// Their sum, for a rule that counts transfers.
    pub(super) sum: u64,
    /// Otherwise the worst value; `None` may be the worst, which is "not measured".
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
    /// Records the values of a transfer that is about to be retired.
    pub fn record_retired(&mut self, trace: &Trace, transfer: &Transfer<'_>) {
        self.tallies
            .resize(self.rules.len(), RetiredTally::default());
        let measured = MeasuredTransfer::new(trace, transfer);
        for (rule, tally) in self.rules.iter().zip(&mut self.tallies) {
            tally.add(*rule, rule.metric.value(&measured));
        }
    }
}
