//! One limit.

use std::fmt;

use super::{BudgetMetric, BudgetStatistic, Operator};
use crate::units::Fraction;

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetRule {
    /// Which of the figures of repeated requests is meant; `None` for every one.
    pub statistic: Option<BudgetStatistic>,
    /// What is limited.
    pub metric: BudgetMetric,
    /// How it is compared.
    pub operator: Operator,
    /// The limit, counted as the [kind](Measure::kind) says.
    pub limit: u64,
    /// How far beyond the limit is a warning only.
    pub tolerance: Option<RuleTolerance>,
}

/// How far a figure may lie beyond a limit without being a miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleTolerance {
    /// A part of the limit.
    Relative(Fraction),
    /// So much, counted as the limit.
    Absolute(u64),
}

impl BudgetRule {
    /// The limit with its unit.
    pub fn format_limit(&self) -> String {
        self.metric.kind().format(self.limit)
    }

    /// What it is about: `total`, `p95(total)`.
    pub fn subject(&self) -> String {
        match self.statistic {
            Some(statistic) => format!("{statistic}({})", self.metric.name()),
            None => self.metric.name().to_owned(),
        }
    }

    /// The tolerance, counted as the limit; 0 where there is none.
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

/// `total <= 500 ms`, `p95(total) <= 300 ms +- 10 %`.
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
