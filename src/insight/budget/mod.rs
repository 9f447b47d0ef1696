//! Budgets: limits for a run, `total<=500ms,p95(wait)<=80ms+-10%`, and whether it kept them.
//!
//! A rule is about every transfer of a run, and the worst one's figure decides; a statistic is
//! about all of them together. What lies beyond a limit by no more than the tolerance is a warning.
//! What was not measured is neither kept nor missed.

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

/// Rules that a run is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    rules: Vec<BudgetRule>,
    /// What is known of transfers that are no longer held, for each rule.
    tallies: Vec<RetiredTally>,
}

impl Budget {
    /// Some rules.
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
