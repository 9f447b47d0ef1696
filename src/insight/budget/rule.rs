//! One limit.

use std::fmt;

use super::{Measure, Operator, Statistic};
use crate::units::Share;

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which of the figures of repeated requests is meant; `None` for every one.
    pub statistic: Option<Statistic>,
    /// What is limited.
    pub measure: Measure,
    /// How it is compared.
    pub operator: Operator,
    /// The limit, counted as the [kind](Measure::kind) says.
    pub limit: u64,
    /// How far beyond the limit is a warning only.
    pub tolerance: Option<Tolerance>,
}

/// How far a figure may lie beyond a limit without being a miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// A part of the limit.
    Share(Share),
    /// So much, counted as the limit.
    Amount(u64),
}

impl Rule {
    /// The limit with its unit.
    pub fn shown_limit(&self) -> String {
        self.measure.kind().shown(self.limit)
    }

    /// What it is about: `total`, `p95(total)`.
    pub fn subject(&self) -> String {
        match self.statistic {
            Some(statistic) => format!("{statistic}({})", self.measure.name()),
            None => self.measure.name().to_owned(),
        }
    }

    /// The tolerance, counted as the limit; 0 where there is none.
    pub(super) fn tolerated(&self) -> u64 {
        match self.tolerance {
            None => 0,
            Some(Tolerance::Amount(amount)) => amount,
            Some(Tolerance::Share(share)) => {
                let part = u128::from(self.limit) * u128::from(share.millionths()) / 1_000_000;
                u64::try_from(part).unwrap_or(u64::MAX)
            }
        }
    }
}

/// `total <= 500 ms`, `p95(total) <= 300 ms +- 10 %`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.subject(),
            self.operator.sign(),
            self.shown_limit()
        )?;
        match self.tolerance {
            None => Ok(()),
            Some(Tolerance::Share(share)) => write!(f, " +- {share}"),
            Some(Tolerance::Amount(amount)) => {
                write!(f, " +- {}", self.measure.kind().shown(amount))
            }
        }
    }
}
