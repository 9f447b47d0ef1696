//! Holding a run to its budget.

use super::tally::Tally;
use super::{Budget, Measure, Rule};
use crate::insight::{Transfer, transfers};
use crate::trace::Trace;

/// What came of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was kept.
    Met,
    /// It was not, but the figure lies within the tolerance: a warning.
    Tolerated {
        /// How far beyond the limit the figure lies, where a limit has a right and a wrong side.
        by: Option<u64>,
    },
    /// There was nothing to hold it against: no TLS, no response.
    NotMeasured,
    /// It was broken.
    Missed {
        /// How far beyond the limit the figure lies, where a limit has a right and a wrong side.
        by: Option<u64>,
    },
}

impl Outcome {
    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Tolerated { .. } => "tolerated",
            Self::NotMeasured => "not_measured",
            Self::Missed { .. } => "missed",
        }
    }

    /// How far beyond the limit the figure lies, where that can be said.
    pub const fn beyond(self) -> Option<u64> {
        match self {
            Self::Tolerated { by } | Self::Missed { by } => by,
            Self::Met | Self::NotMeasured => None,
        }
    }

    /// Larger is worse.
    pub const fn severity(self) -> u8 {
        match self {
            Self::Met => 0,
            Self::Tolerated { .. } => 1,
            Self::NotMeasured => 2,
            Self::Missed { .. } => 3,
        }
    }
}

/// A rule, the figure it was held against, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The rule.
    pub rule: Rule,
    /// The figure, counted as the measure's kind says; of several transfers the worst one's, or
    /// the statistic.
    pub figure: Option<u64>,
    /// What came of it.
    pub outcome: Outcome,
    /// In how many transfers the figure was measured.
    pub measured: usize,
    /// How many transfers there were.
    pub transfers: usize,
}

impl Verdict {
    /// Whether the rule was kept, if within its tolerance; `None` where there was nothing to hold
    /// it against.
    pub const fn met(&self) -> Option<bool> {
        match self.outcome {
            Outcome::Met | Outcome::Tolerated { .. } => Some(true),
            Outcome::NotMeasured => None,
            Outcome::Missed { .. } => Some(false),
        }
    }

    /// What came of it, in words: `missed by 30 ms`.
    pub fn said(&self) -> String {
        let by = self
            .outcome
            .beyond()
            .map(|by| format!(" by {}", self.rule.measure.kind().shown(by)))
            .unwrap_or_default();
        match self.outcome {
            Outcome::Met => "met".to_owned(),
            Outcome::Tolerated { .. } => format!("beyond the limit{by}, within the tolerance"),
            Outcome::NotMeasured => "not measured".to_owned(),
            Outcome::Missed { .. } => format!("missed{by}"),
        }
    }

    /// The figure as people read it.
    pub fn shown_figure(&self) -> Option<String> {
        self.figure
            .map(|figure| self.rule.measure.kind().shown(figure))
    }
}

impl Budget {
    /// What came of each rule. A run of several transfers keeps a rule if each of them does.
    pub fn verdicts(&self, trace: &Trace) -> Vec<Verdict> {
        let all: Vec<Transfer> = transfers(trace).collect();
        let none = Tally::default();
        let tallies = self.tallies.iter().chain(std::iter::repeat(&none));
        self.rules
            .iter()
            .zip(tallies)
            .map(|(rule, tally)| verdict(*rule, trace, &all, tally))
            .collect()
    }

    /// Whether a rule was broken.
    pub fn is_missed(&self, trace: &Trace) -> bool {
        self.verdicts(trace)
            .iter()
            .any(|verdict| matches!(verdict.outcome, Outcome::Missed { .. }))
    }
}

/// Whether a budget says how many failures there may be, and there are no more: then a failure is
/// not one of the whole run.
pub fn failures_are_allowed(verdicts: &[Verdict]) -> bool {
    let mut said = verdicts
        .iter()
        .filter(|verdict| verdict.rule.measure == Measure::Failures)
        .peekable();
    said.peek().is_some() && said.all(|verdict| verdict.met() == Some(true))
}

fn verdict(rule: Rule, trace: &Trace, all: &[Transfer], tally: &Tally) -> Verdict {
    let figures: Vec<Option<u64>> = all
        .iter()
        .map(|transfer| rule.measure.of(trace, transfer))
        .collect();
    let known: Vec<u64> = figures
        .iter()
        .copied()
        .flatten()
        .chain(tally.figures.iter())
        .collect();
    let measured = figures.iter().flatten().count() + tally.measured;
    let transfers = figures.len() + tally.transfers;
    let figure = match rule.statistic {
        Some(statistic) => statistic.of(known),
        None if rule.measure == Measure::Failures => {
            (transfers > 0).then(|| known.iter().sum::<u64>().saturating_add(tally.sum))
        }
        None => (tally.transfers > 0)
            .then_some(tally.worst)
            .into_iter()
            .chain(figures)
            .reduce(|worst, figure| worse(rule, worst, figure))
            .flatten(),
    };
    Verdict {
        rule,
        figure,
        outcome: judge(rule, figure),
        measured,
        transfers,
    }
}

/// Of two transfers' figures the one that is worse; of two that are as bad the later.
pub(super) fn worse(rule: Rule, one: Option<u64>, other: Option<u64>) -> Option<u64> {
    let badness = |figure: Option<u64>| {
        (
            judge(rule, figure).severity(),
            figure.map(|figure| rule.operator.badness(figure, rule.limit)),
        )
    };
    if badness(other) >= badness(one) {
        other
    } else {
        one
    }
}

fn judge(rule: Rule, figure: Option<u64>) -> Outcome {
    let Rule {
        operator, limit, ..
    } = rule;
    // How far a status or a version is from another means nothing.
    let by = |figure| {
        operator
            .beyond(figure, limit)
            .filter(|_| rule.measure.kind().is_a_quantity())
    };
    match figure {
        None => Outcome::NotMeasured,
        Some(figure) if operator.holds(figure, limit) => Outcome::Met,
        Some(figure) if operator.nearly_holds(figure, limit, rule.tolerated()) => {
            Outcome::Tolerated { by: by(figure) }
        }
        Some(figure) => Outcome::Missed { by: by(figure) },
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::insight::scene::Scene;
    use crate::trace::{
        Cause, Certificate, Code, ConnectionId, ExchangeId, Failure, HttpVersion, Phase, What,
    };
    use crate::units::WallTime;

    /// Figures in nanoseconds: connect 40 000, wait 50 000.
    fn run() -> Trace {
        Scene::new()
            .bare_phase(Phase::Connect, 0, 40)
            .bare_phase(Phase::Send, 40, 41)
            .bare_phase(Phase::Wait, 41, 91)
            .told()
    }

    fn outcomes(trace: &Trace, budget: &str) -> Vec<(&'static str, Option<u64>)> {
        let budget: Budget = budget.parse().expect("a budget");
        budget
            .verdicts(trace)
            .iter()
            .map(|verdict| (verdict.outcome.name(), verdict.outcome.beyond()))
            .collect()
    }

    #[test]
    fn rules_are_met_missed_by_so_much_or_not_measured() {
        assert_eq!(
            outcomes(
                &run(),
                "connect<=40us,connect<40us,wait<=20us,wait>=60us,tls<=1ms,status=200"
            ),
            [
                ("met", None),
                ("missed", Some(0)),
                ("missed", Some(30_000)),
                ("missed", Some(10_000)),
                ("not_measured", None),
                ("not_measured", None)
            ]
        );
    }

    #[test]
    fn what_lies_within_the_tolerance_is_no_miss() {
        assert_eq!(
            outcomes(
                &run(),
                "wait<=48us+-10%,wait<=40us+-10%,wait>=52us+-2us,wait>52us+-1us,wait=51us+-1us,wait!=50us"
            ),
            [
                ("tolerated", Some(2_000)),
                ("missed", Some(10_000)),
                ("tolerated", Some(2_000)),
                ("missed", Some(2_000)),
                ("tolerated", None),
                ("missed", None)
            ]
        );
    }

    /// Four requests that wait 10, 20, 30 and 40 microseconds; a fifth fails before it waits.
    fn repeated() -> Trace {
        let mut scene = Scene::new()
            .bare_phase(Phase::Wait, 0, 10)
            .answered(10, HttpVersion::Http2)
            .over(10);
        for (id, wait) in [(1, 20), (2, 30), (3, 40)] {
            let began = i64::from(id) * 100;
            scene = scene
                .start_because(began, ExchangeId(id), Cause::Repeat)
                .bare_phase(Phase::Wait, began, began + wait);
            scene = scene
                .answered(began + wait, HttpVersion::Http11)
                .over(began + wait);
        }
        let failure = Failure {
            code: Code::ConnectRefused,
            message: "no".into(),
            hint: String::new(),
        };
        let failed = What::Failed {
            exchange: ExchangeId(4),
            phase: Phase::Connect,
            failure,
        };
        scene
            .start_because(900, ExchangeId(4), Cause::Repeat)
            .and(910, failed)
            .over(910)
            .told()
    }

    #[test]
    fn a_statistic_is_of_what_was_measured_and_a_plain_rule_of_every_transfer() {
        let budget: Budget =
            "median(wait)<=20us,p95(wait)<=30us,mean(wait)<=25us,wait<=1ms,failures=1,failures=0,http>=2".parse().expect("a budget");
        let verdicts = budget.verdicts(&repeated());
        let told: Vec<_> = verdicts
            .iter()
            .map(|verdict| {
                (
                    verdict.outcome.name(),
                    verdict.figure,
                    verdict.measured,
                    verdict.transfers,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("met", Some(20_000), 4, 5),
                ("missed", Some(40_000), 4, 5),
                ("met", Some(25_000), 4, 5),
                ("not_measured", None, 4, 5),
                ("met", Some(1), 5, 5),
                ("missed", Some(1), 5, 5),
                ("missed", Some(11), 4, 5)
            ]
        );
    }

    #[test]
    fn every_measure_is_told_of_a_run_that_has_it() {
        let certificate = Certificate {
            subject: "CN=a".into(),
            issuer: "CN=b".into(),
            not_before: 0,
            not_after: 1_700_000_000 + 14 * 86_400 + 5,
            sha256: String::new(),
            names: Vec::new(),
        };
        let connection = ConnectionId(0);
        let started_at = WallTime(1_700_000_000_000_000_000);
        let trace = Scene::new()
            .and(
                0,
                What::RunStarted {
                    schema: String::new(),
                    tool_version: String::new(),
                    started_at,
                },
            )
            .bare_phase(Phase::Connect, 0, 40_000)
            .connected(40_000, false)
            .syn(0)
            .syn_ack(40_000)
            .tls("TLSv1.3", "full")
            .and(
                1,
                What::TlsCertificates {
                    connection,
                    certificates: vec![certificate],
                },
            )
            .up(50_000, 0, 300)
            .up(51_000, 0, 300)
            .down(90_000, 0, 1_400)
            .down(90_001, 1_400, 10)
            .answered(200_000, HttpVersion::Http2)
            .over(200_000)
            .told();
        assert_eq!(
            outcomes(
                &trace,
                "rtt=40ms,round_trips=5,extra_round_trips=3,sent_bytes=600,received_bytes=1410,segments_sent=2,segments_received=2,\
                 retransmits=1,retransmits_received=0,status=200,http=2,tls_version=1.3,cert_days=14,response_header_bytes=40"
            ),
            [("met", None); 14]
        );
    }

    #[test]
    fn without_a_transfer_nothing_is_measured() {
        let budget: Budget = "total<1s,failures=0,p50(total)<1s"
            .parse()
            .expect("a budget");
        assert_eq!(
            budget
                .verdicts(&Trace::default())
                .iter()
                .map(|verdict| verdict.outcome)
                .collect::<Vec<_>>(),
            [Outcome::NotMeasured; 3]
        );
        assert!(!budget.is_missed(&Trace::default()));
    }
}
