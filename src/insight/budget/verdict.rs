//! Checking a run against its budget.

use super::metric_value::MeasuredTransfer;
use super::tally::RetiredTally;
use super::{Budget, BudgetMetric, BudgetRule};
use crate::insight::{Transfer, group_into_transfers};
use crate::trace::Trace;

/// The outcome of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetOutcome {
    /// The limit was met.
    Met,
    /// The limit was exceeded, but within the tolerance: a warning.
    Tolerated {
        /// Distance of the value from the limit, if the limit has a wrong side.
        by: Option<u64>,
    },
    /// The value was not measured: there was no TLS, no response.
    NotMeasured,
    /// The limit was missed.
    Missed {
        /// Distance of the value from the limit, if the limit has a wrong side.
        by: Option<u64>,
    },
}

impl BudgetOutcome {
    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Tolerated { .. } => "tolerated",
            Self::NotMeasured => "not_measured",
            Self::Missed { .. } => "missed",
        }
    }

    /// Returns the distance of the value from the limit, if that is known.
    pub const fn excess(self) -> Option<u64> {
        match self {
            Self::Tolerated { by } | Self::Missed { by } => by,
            Self::Met | Self::NotMeasured => None,
        }
    }

    /// The severity; larger is worse.
    pub const fn severity(self) -> u8 {
        match self {
            Self::Met => 0,
            Self::Tolerated { .. } => 1,
            Self::NotMeasured => 2,
            Self::Missed { .. } => 3,
        }
    }
}

/// A rule, its value, and the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetVerdict {
    /// The rule.
    pub rule: BudgetRule,
    /// The value in the unit of the metric's kind: the statistic, or the worst of all transfers.
    pub figure: Option<u64>,
    /// The outcome.
    pub outcome: BudgetOutcome,
    /// Number of transfers for which the value was measured.
    pub measured: usize,
    /// Number of transfers.
    pub transfers: usize,
}

impl BudgetVerdict {
    /// Returns true if the rule was met, tolerance included; `None` if its value was not measured.
    pub const fn met(&self) -> Option<bool> {
        match self.outcome {
            BudgetOutcome::Met | BudgetOutcome::Tolerated { .. } => Some(true),
            BudgetOutcome::NotMeasured => None,
            BudgetOutcome::Missed { .. } => Some(false),
        }
    }

    /// Describes the outcome: `missed by 30 ms`.
    pub fn describe_outcome(&self) -> String {
        let by = self
            .outcome
            .excess()
            .map(|by| format!(" by {}", self.rule.metric.kind().format(by)))
            .unwrap_or_default();
        match self.outcome {
            BudgetOutcome::Met => "met".to_owned(),
            BudgetOutcome::Tolerated { .. } => {
                format!("misses the limit{by}, within the tolerance")
            }
            BudgetOutcome::NotMeasured => "not measured".to_owned(),
            BudgetOutcome::Missed { .. } => format!("missed{by}"),
        }
    }

    /// Formats the value.
    pub fn format_figure(&self) -> Option<String> {
        self.figure
            .map(|figure| self.rule.metric.kind().format(figure))
    }
}

impl Budget {
    /// The verdict on each rule. A run of several transfers meets a rule if each of them does.
    pub fn verdicts(&self, trace: &Trace) -> Vec<BudgetVerdict> {
        let all: Vec<Transfer> = group_into_transfers(trace).collect();
        let none = RetiredTally::default();
        let all: Vec<_> = all
            .iter()
            .map(|transfer| MeasuredTransfer::new(trace, transfer))
            .collect();
        let tallies = self.tallies.iter().chain(std::iter::repeat(&none));
        self.rules
            .iter()
            .zip(tallies)
            .map(|(rule, tally)| verdict_on_rule(*rule, &all, tally))
            .collect()
    }

    /// Returns true if any rule was missed.
    pub fn is_missed(&self, trace: &Trace) -> bool {
        self.verdicts(trace)
            .iter()
            .any(|verdict| matches!(verdict.outcome, BudgetOutcome::Missed { .. }))
    }
}

/// Returns true if the budget limits the number of failures and that limit was met; failures then
/// do not fail the run.
pub fn failures_are_allowed(verdicts: &[BudgetVerdict]) -> bool {
    let mut on_failures = verdicts
        .iter()
        .filter(|verdict| verdict.rule.metric == BudgetMetric::Failures)
        .peekable();
    on_failures.peek().is_some() && on_failures.all(|verdict| verdict.met() == Some(true))
}

fn verdict_on_rule(
    rule: BudgetRule,
    all: &[MeasuredTransfer<'_>],
    tally: &RetiredTally,
) -> BudgetVerdict {
    let figures: Vec<Option<u64>> = all
        .iter()
        .map(|transfer| rule.metric.value(transfer))
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
        Some(statistic) => statistic.compute(known),
        None if rule.metric == BudgetMetric::Failures => {
            (transfers > 0).then(|| known.iter().sum::<u64>().saturating_add(tally.sum))
        }
        None => (tally.transfers > 0)
            .then_some(tally.worst)
            .into_iter()
            .chain(figures)
            .reduce(|worst, figure| worse_figure(rule, worst, figure))
            .flatten(),
    };
    BudgetVerdict {
        rule,
        figure,
        outcome: judge_figure(rule, figure),
        measured,
        transfers,
    }
}

/// The worse of two values; of equally bad ones the second.
pub(super) fn worse_figure(rule: BudgetRule, one: Option<u64>, other: Option<u64>) -> Option<u64> {
    let badness = |figure: Option<u64>| {
        (
            judge_figure(rule, figure).severity(),
            figure.map(|figure| rule.operator.severity(figure, rule.limit)),
        )
    };
    if badness(other) >= badness(one) {
        other
    } else {
        one
    }
}

fn judge_figure(rule: BudgetRule, figure: Option<u64>) -> BudgetOutcome {
    let BudgetRule {
        operator, limit, ..
    } = rule;
    // The distance between two status codes or versions is meaningless.
    let by = |figure| {
        operator
            .excess(figure, limit)
            .filter(|_| rule.metric.kind().is_quantity())
    };
    match figure {
        None => BudgetOutcome::NotMeasured,
        Some(figure) if operator.holds(figure, limit) => BudgetOutcome::Met,
        Some(figure) if operator.holds_within(figure, limit, rule.allowed_excess()) => {
            BudgetOutcome::Tolerated { by: by(figure) }
        }
        Some(figure) => BudgetOutcome::Missed { by: by(figure) },
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::insight::trace_builder::TraceBuilder;
    use crate::trace::{
        Certificate, ConnectionId, EventKind, ExchangeCause, ExchangeId, Failure, FailureCode,
        HttpVersion, Phase,
    };
    use crate::units::WallTime;

    /// A run with durations in nanoseconds: connect 40 000, wait 50 000.
    fn run() -> Trace {
        TraceBuilder::new()
            .phase_without_position(Phase::Connect, 0, 40)
            .phase_without_position(Phase::Send, 40, 41)
            .phase_without_position(Phase::Wait, 41, 91)
            .build()
    }

    fn outcomes(trace: &Trace, budget: &str) -> Vec<(&'static str, Option<u64>)> {
        let budget: Budget = budget.parse().expect("a budget");
        budget
            .verdicts(trace)
            .iter()
            .map(|verdict| (verdict.outcome.name(), verdict.outcome.excess()))
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
    fn a_value_within_the_tolerance_is_no_miss() {
        assert_eq!(
            outcomes(
                &run(),
                "wait<=48us+-10%,wait<=40us+-10%,wait>=52us+-2us,wait>52us+-1us,wait=51us+-1us,\
                 wait!=50us"
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

    /// Four requests that wait 10, 20, 30 and 40 microseconds; a fifth fails before waiting.
    fn repeated() -> Trace {
        let mut scene = TraceBuilder::new()
            .phase_without_position(Phase::Wait, 0, 10)
            .answered(10, HttpVersion::Http2)
            .ended(10);
        for (id, wait) in [(1, 20), (2, 30), (3, 40)] {
            let began = i64::from(id) * 100;
            scene = scene
                .start_because(began, ExchangeId(id), ExchangeCause::Repeat)
                .phase_without_position(Phase::Wait, began, began + wait);
            scene = scene
                .answered(began + wait, HttpVersion::Http11)
                .ended(began + wait);
        }
        let failure = Failure {
            code: FailureCode::ConnectRefused,
            message: "no".into(),
            hint: String::new(),
        };
        let failed = EventKind::Failed {
            exchange: ExchangeId(4),
            phase: Phase::Connect,
            failure,
        };
        scene
            .start_because(900, ExchangeId(4), ExchangeCause::Repeat)
            .event(910, failed)
            .ended(910)
            .build()
    }

    #[test]
    fn statistics_cover_measured_values_and_plain_rules_every_transfer() {
        let budget: Budget =
            "median(wait)<=20us,p95(wait)<=30us,mean(wait)<=25us,wait<=1ms,failures=1,failures=0,\
             http>=2"
                .parse()
                .expect("a budget");
        let verdicts = budget.verdicts(&repeated());
        let summaries: Vec<_> = verdicts
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
            summaries,
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
    fn every_metric_has_a_value_for_a_run_that_measured_it() {
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
        let trace = TraceBuilder::new()
            .event(
                0,
                EventKind::RunStarted {
                    schema: String::new(),
                    tool_version: String::new(),
                    started_at,
                },
            )
            .phase_without_position(Phase::Connect, 0, 40_000)
            .connected(40_000, false)
            .syn(0)
            .syn_ack(40_000)
            .tls("TLSv1.3", "full")
            .event(
                1,
                EventKind::TlsCertificates {
                    connection,
                    certificates: vec![certificate],
                },
            )
            .payload_sent(50_000, 0, 300)
            .payload_sent(51_000, 0, 300)
            .payload_received(90_000, 0, 1_400)
            .payload_received(90_001, 1_400, 10)
            .answered(200_000, HttpVersion::Http2)
            .ended(200_000)
            .build();
        assert_eq!(
            outcomes(
                &trace,
                "rtt=40ms,round_trips=1,extra_round_trips=0,sent_bytes=600,received_bytes=1410,\
                 segments_sent=2,segments_received=2,retransmits=1,retransmits_received=0,\
                 status=200,http=2,tls_version=1.3,cert_days=14,response_header_bytes=40"
            ),
            [("met", None); 14]
        );
    }

    #[test]
    fn owners_and_causes_are_limited_by_the_ledger() {
        let trace = |has_packets: bool| {
            let scene = TraceBuilder::new()
                .phase_without_position(Phase::Dns, 0, 20_000)
                .phase_without_position(Phase::Connect, 20_000, 60_000)
                .connected(60_000, false)
                .phase(Phase::Send, 60_000, 60_100, (0, 0), (300, 0))
                .phase(Phase::Wait, 60_100, 600_100, (300, 0), (300, 0))
                .phase(Phase::Receive, 600_100, 600_100, (300, 0), (300, 10));
            let scene = if has_packets {
                scene
                    .syn(20_000)
                    .syn_ack(60_000)
                    .payload_sent(60_100, 0, 300)
                    .payload_received(600_100, 0, 10)
            } else {
                scene
            };
            scene
                .answered(600_100, HttpVersion::Http11)
                .ended(600_100)
                .build()
        };
        assert_eq!(
            outcomes(
                &trace(true),
                "server<=500ms,server.think<=490ms,network<=80ms,network.loss=0ms,p90(server)<=1s,\
                 network.round_trip>70ms,client.delay=0ms,proxy.connect=0ms"
            ),
            [
                ("met", None),
                ("missed", Some(10_000_000)),
                ("met", None),
                ("met", None),
                ("met", None),
                ("met", None),
                ("met", None),
                ("met", None)
            ]
        );
        assert_eq!(
            outcomes(&trace(false), "network.loss=0ms,client.delay=0ms,total<1s"),
            [("not_measured", None), ("met", None), ("met", None)]
        );
        let unfinished = TraceBuilder::new()
            .phase_without_position(Phase::Dns, 0, 20_000)
            .build();
        assert_eq!(
            outcomes(&unfinished, "server<=500ms,server.think<=1s"),
            [("not_measured", None); 2]
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
            [BudgetOutcome::NotMeasured; 3]
        );
        assert!(!budget.is_missed(&Trace::default()));
    }
}
