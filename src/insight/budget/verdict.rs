//! Holding a run to its budget.

use super::{Budget, Rule};
use crate::insight::{Transfer, transfers};
use crate::trace::Trace;

/// What came of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was kept.
    Met,
    /// There was nothing to hold it against: no TLS, no response.
    NotMeasured,
    /// It was broken.
    Missed {
        /// By how much the limit was exceeded, where it is an upper one.
        by: Option<u64>,
    },
}

impl Outcome {
    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMeasured => "not_measured",
            Self::Missed { .. } => "missed",
        }
    }
}

/// A rule, the figure it was held against, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The rule.
    pub rule: Rule,
    /// The figure, counted as the measure's kind says; of several transfers the worst one's.
    pub figure: Option<u64>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Verdict {
    /// Whether the rule was kept; `None` where there was nothing to hold it against.
    pub const fn met(&self) -> Option<bool> {
        match self.outcome {
            Outcome::Met => Some(true),
            Outcome::NotMeasured => None,
            Outcome::Missed { .. } => Some(false),
        }
    }
}

impl Budget {
    /// What came of each rule. A run of several transfers keeps a rule if each of them does.
    pub fn verdicts(&self, trace: &Trace) -> Vec<Verdict> {
        self.rules.iter().map(|rule| worst(*rule, trace)).collect()
    }

    /// Whether a rule was broken.
    pub fn is_missed(&self, trace: &Trace) -> bool {
        self.verdicts(trace).iter().any(|verdict| matches!(verdict.outcome, Outcome::Missed { .. }))
    }
}

fn worst(rule: Rule, trace: &Trace) -> Verdict {
    let all = transfers(trace).map(|transfer| judge(rule, &transfer));
    let badness = |verdict: &Verdict| match verdict.outcome {
        Outcome::Met => (0, verdict.figure),
        Outcome::NotMeasured => (1, None),
        Outcome::Missed { .. } => (2, verdict.figure),
    };
    all.max_by_key(badness).unwrap_or(Verdict { rule, figure: None, outcome: Outcome::NotMeasured })
}

fn judge(rule: Rule, transfer: &Transfer) -> Verdict {
    let figure = rule.measure.of(transfer);
    let outcome = match figure {
        None => Outcome::NotMeasured,
        Some(figure) if rule.operator.holds(figure, rule.limit) => Outcome::Met,
        Some(figure) => Outcome::Missed { by: figure.checked_sub(rule.limit).filter(|_| rule.operator != super::Operator::Equal) },
    };
    Verdict { rule, figure, outcome }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::insight::scene::Scene;
    use crate::trace::Phase;

    /// Figures in nanoseconds: connect 40 000, wait 50 000.
    fn run() -> Trace {
        Scene::new().bare_phase(Phase::Connect, 0, 40).bare_phase(Phase::Send, 40, 41).bare_phase(Phase::Wait, 41, 91).told()
    }

    fn outcomes(budget: &str) -> Vec<(&'static str, Option<u64>)> {
        let by = |outcome| if let Outcome::Missed { by } = outcome { by } else { None };
        let budget: Budget = budget.parse().expect("a budget");
        budget.verdicts(&run()).iter().map(|verdict| (verdict.outcome.name(), by(verdict.outcome))).collect()
    }

    #[test]
    fn rules_are_met_missed_by_so_much_or_not_measured() {
        assert_eq!(
            outcomes("connect<=40us,connect<40us,wait<=20us,tls<=1ms,status=200"),
            [("met", None), ("missed", Some(0)), ("missed", Some(30_000)), ("not_measured", None), ("not_measured", None)]
        );
    }

    #[test]
    fn without_a_transfer_nothing_is_measured() {
        let budget: Budget = "total<1s".parse().expect("a budget");
        assert_eq!(budget.verdicts(&Trace::default())[0].outcome, Outcome::NotMeasured);
        assert!(!budget.is_missed(&Trace::default()));
    }
}
