//! Budget rules.

use std::fmt;

use super::{BudgetMetric, BudgetStatistic, Operator};
use crate::units::Fraction;

/// One rule of a budget: a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetRule {
    /// The statistic over repeated requests; `None` applies the limit to each of them.
    pub statistic: Option<BudgetStatistic>,
    /// The metric that is limited.
    pub metric: BudgetMetric,
    /// The comparison.
    pub operator: Operator,
    /// The limit, in the unit of the metric's [kind](BudgetMetric::kind).
    pub limit: u64,
    /// Excess over the limit that is only a warning.
    pub tolerance: Option<RuleTolerance>,
}

/// Excess over a limit that does not miss it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleTolerance {
    /// A fraction of the limit.
    Relative(Fraction),
    /// An amount in the limit's unit.
    Absolute(u64),
}

impl BudgetRule {
    /// Formats the limit with its unit.
    pub fn format_limit(&self) -> String {
        self.metric.kind().format(self.limit)
    }

    /// The left side of the rule: `total`, `p95(total)`.
    pub fn subject(&self) -> String {
        match self.statistic {
            Some(statistic) => format!("{statistic}({})", self.metric.name()),
            None => self.metric.name().to_owned(),
        }
    }

    /// The tolerance in the limit's unit; 0 if there is none.
    pub(super) fn allowed_excess(&self) -> u64 {
        match self.tolerance {
            None => 0,
            Some(RuleTolerance::Absolute(amount)) => amount,
            Some(RuleTolerance::Relative(share)) => {
                let part = u128::from(self.limit) * u128::from(share.millionths()) / 1_000_000;
                u64::try_from(part).unwrap_or(u64::MAX)
            }
        }
    }
}

/// Formats as `total <= 500 ms`, `p95(total) <= 300 ms +- 10 %`.
impl fmt::Display for BudgetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.subject(),
            self.operator.sign(),
            self.format_limit()
        )?;
        match self.tolerance {
            None => Ok(()),
            Some(RuleTolerance::Relative(share)) => write!(f, " +- {share}"),
            Some(RuleTolerance::Absolute(amount)) => {
                write!(f, " +- {}", self.metric.kind().format(amount))
            }
        }
    }
}
