//! Test cases.

use std::collections::BTreeMap;

use crate::insight::budget::{self, Budget, Operator};
use crate::insight::ledger::requests_ledger;
use crate::insight::redact::Redactor;
use crate::report::markup::Markup;
use crate::trace::{Exchange, ExchangeCause, FailureCode, Phase, Trace};
use crate::units::Nanos;

/// A test case.
pub(super) struct TestCase {
    name: String,
    class: String,
    time: Nanos,
    pub(super) outcome: CaseOutcome,
}

/// The outcome of a test case.
pub(super) enum CaseOutcome {
    Passed,
    /// It ran, and the result was not as required.
    Failure(FailureElement),
    /// It could not be run.
    Error(FailureElement),
    /// It has no result, and why.
    Skipped(String),
}

/// A `failure` or `error` element.
pub(super) struct FailureElement {
    kind: String,
    message: String,
    detail: String,
}

/// Test cases for the exchanges. Repeated names are numbered, since build servers tell cases apart
/// by name.
pub(super) fn exchange_cases(trace: &Trace, redactor: Redactor) -> Vec<TestCase> {
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    let all = trace.exchanges();
    let nexts = all.iter().skip(1).map(Some).chain([None]);
    let mut place = 0..;
    let case = |(exchange, next): (&Exchange, Option<&Exchange>)| {
        // Once exchanges are no longer held, positions shift, so the ID is part of the name: cases
        // have the same names as if all exchanges were held.
        let is_in_its_place = place.next() == Some(exchange.id.0);
        let name = format!("{} {}", exchange.method, redactor.text(&exchange.url).raw());
        let count = named
            .entry(name.clone())
            .and_modify(|count| *count += 1)
            .or_insert(1);
        TestCase {
            name: crate::units::Untrusted::new(match *count {
                _ if !is_in_its_place => format!("{name} (exchange {})", exchange.id.0),
                1 => name,
                count => format!("{name} ({count})"),
            })
            .escaped()
            .into_owned(),
            class: "tapline.exchanges".to_owned(),
            time: exchange.total().unwrap_or_default(),
            outcome: exchange_outcome(exchange, next, redactor),
        }
    };
    all.iter().zip(nexts).map(case).collect()
}

fn exchange_outcome(
    exchange: &Exchange,
    next: Option<&Exchange>,
    redactor: Redactor,
) -> CaseOutcome {
    let Some((phase, failure)) = &exchange.failure else {
        return if exchange.ended.is_some() {
            CaseOutcome::Passed
        } else {
            CaseOutcome::Skipped("it has not ended".to_owned())
        };
    };
    let message = redactor.text(&failure.message).escaped().into_owned();
    if next.is_some_and(|next| next.cause == ExchangeCause::Retry) {
        return CaseOutcome::Skipped(format!("retried: {message}"));
    }
    CaseOutcome::from_failure(*phase, failure.code, message, &failure.hint)
}

impl CaseOutcome {
    /// The outcome of a failure in a phase. An unwanted status is still a response, hence not an
    /// error.
    pub(super) fn from_failure(
        phase: Phase,
        code: FailureCode,
        message: String,
        hint: &str,
    ) -> Self {
        let detail = format!("{} failed. {hint}", phase.label());
        let element = FailureElement {
            kind: code.to_string(),
            message,
            detail,
        };
        if code == FailureCode::HttpStatus {
            Self::Failure(element)
        } else {
            Self::Error(element)
        }
    }
}

/// Test cases for the rules of a budget.
pub(super) fn budget_cases(trace: &Trace, budget: Option<&Budget>) -> Vec<TestCase> {
    let verdicts = budget
        .map(|budget| budget.verdicts(trace))
        .unwrap_or_default();
    verdicts
        .iter()
        .map(|verdict| TestCase {
            outcome: with_detail(rule_outcome(verdict), || run_verdict(trace)),
            ..TestCase::from_verdict(verdict, "tapline.budget")
        })
        .collect()
}

/// Says whose time the run was where a rule was missed.
fn with_detail(outcome: CaseOutcome, detail: impl FnOnce() -> String) -> CaseOutcome {
    match outcome {
        CaseOutcome::Failure(element) => CaseOutcome::Failure(FailureElement {
            detail: detail(),
            ..element
        }),
        other => other,
    }
}

fn run_verdict(trace: &Trace) -> String {
    let verdict = requests_ledger(trace).and_then(|ledger| ledger.verdict());
    verdict.map_or_else(String::new, |verdict| {
        format!("Over the whole run: {verdict}")
    })
}

fn rule_outcome(verdict: &budget::BudgetVerdict) -> CaseOutcome {
    match (verdict.outcome, verdict.format_figure()) {
        (budget::BudgetOutcome::Met | budget::BudgetOutcome::Tolerated { .. }, _) => {
            CaseOutcome::Passed
        }
        (budget::BudgetOutcome::NotMeasured, _) | (_, None) => {
            CaseOutcome::Skipped("not applicable".to_owned())
        }
        (budget::BudgetOutcome::Missed { by }, Some(figure)) => {
            let over = by.filter(|by| *by > 0).map(|by| {
                format!(
                    ", {} {}",
                    verdict.rule.metric.kind().format(by),
                    deviation_words(verdict)
                )
            });
            let message = format!(
                "expected {}, measured {figure}{}",
                verdict.rule,
                over.unwrap_or_default()
            );
            CaseOutcome::Failure(FailureElement {
                kind: "budget".to_owned(),
                message,
                detail: String::new(),
            })
        }
    }
}

/// On which side of its limit a figure is.
const fn deviation_words(verdict: &budget::BudgetVerdict) -> &'static str {
    match verdict.rule.operator {
        Operator::AtLeast | Operator::Above => "too little",
        _ => "too much",
    }
}

impl TestCase {
    pub(super) fn new(name: String, class: &str, time: Nanos, outcome: CaseOutcome) -> Self {
        Self {
            name,
            class: class.to_owned(),
            time,
            outcome,
        }
    }

    /// A test case for a rule of a budget.
    pub(super) fn from_verdict(verdict: &budget::BudgetVerdict, class: &str) -> Self {
        Self::new(
            verdict.rule.to_string(),
            class,
            Nanos::ZERO,
            rule_outcome(verdict),
        )
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn write(&self, xml: &mut Markup) {
        xml.open(
            "testcase",
            &[
                ("name", &self.name),
                ("classname", &self.class),
                ("time", &format_seconds(self.time)),
            ],
        );
        match &self.outcome {
            CaseOutcome::Passed => {}
            CaseOutcome::Failure(element) => element.write("failure", xml),
            CaseOutcome::Error(element) => element.write("error", xml),
            CaseOutcome::Skipped(why) => xml.text_element("skipped", &[], why),
        }
        xml.close();
    }
}

impl FailureElement {
    fn write(&self, name: &'static str, xml: &mut Markup) {
        xml.text_element(
            name,
            &[("type", &self.kind), ("message", &self.message)],
            &self.detail,
        );
    }
}

/// A time in seconds.
pub(super) fn format_seconds(time: Nanos) -> String {
    format!("{:.9}", time.as_secs_f64())
}
