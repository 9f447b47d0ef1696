//! Budgets: limits on a run, such as `total<=500ms,p95(wait)<=80ms+-10%`, and whether they were
//! met.
//!
//! A rule applies to every transfer of a run, and the worst value decides; a rule on a statistic
//! applies to all transfers together. A value beyond its limit but within the tolerance is a
//! warning. A rule whose value was not measured is neither met nor missed.

mod metric;
mod metric_kind;
mod metric_value;
mod operator;
mod parse;
mod rule;
mod statistic;
mod tally;
mod verdict;

pub use metric::BudgetMetric;
pub use metric_kind::MetricKind;
pub use operator::Operator;
pub use parse::BudgetError;
pub use rule::{BudgetRule, RuleTolerance};
pub use statistic::BudgetStatistic;
pub use verdict::{BudgetOutcome, BudgetVerdict, failures_are_allowed};

use tally::RetiredTally;

/// The rules that a run is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    rules: Vec<BudgetRule>,
    /// For each rule, the values of transfers that have been retired.
    tallies: Vec<RetiredTally>,
}

impl Budget {
    /// Creates a budget from rules.
    pub const fn new(rules: Vec<BudgetRule>) -> Self {
        Self {
            rules,
            tallies: Vec::new(),
        }
    }

    /// The rules, in the order they were given.
    pub fn rules(&self) -> &[BudgetRule] {
        &self.rules
    }
}
