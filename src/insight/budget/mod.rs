//! Budgets: limits for a run, `total<=500ms,dns<=50ms`, and whether it kept them.

mod measure;
mod parse;
mod verdict;

pub use measure::Measure;
pub use parse::BudgetError;
pub use verdict::{Outcome, Verdict};

use std::fmt;

/// Rules that a run is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    rules: Vec<Rule>,
}

impl Budget {
    /// The rules, in the order they were given.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What is limited.
    pub measure: Measure,
    /// How it is compared.
    pub operator: Operator,
    /// The limit, counted as the [kind](Measure::kind) says.
    pub limit: u64,
}

impl Rule {
    /// The limit with its unit.
    pub fn shown_limit(&self) -> String {
        self.measure.kind().shown(self.limit)
    }
}

/// `total <= 500 ms`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.measure.name(), self.operator.sign(), self.shown_limit())
    }
}

/// How a figure is compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `=`
    Equal,
}

impl Operator {
    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::Equal => "=",
        }
    }

    const fn holds(self, figure: u64, limit: u64) -> bool {
        match self {
            Self::AtMost => figure <= limit,
            Self::Below => figure < limit,
            Self::Equal => figure == limit,
        }
    }
}
