//! Test cases.

use std::collections::BTreeMap;

use crate::insight::budget::{self, Budget, Operator};
use crate::insight::redact::Redactor;
use crate::report::markup::Markup;
use crate::trace::{Cause, Code, Exchange, Phase, Trace};
use crate::units::Nanos;

/// Something that was tried.
pub(super) struct Case {
    name: String,
    class: String,
    time: Nanos,
    pub(super) outcome: Outcome,
}

/// What came of it.
pub(super) enum Outcome {
    Passed,
    /// What was asked for was done, and the result is not the one wanted.
    Failure(Told),
    /// It could not be done.
    Error(Told),
    /// It says nothing; why.
    Skipped(String),
}

/// Why it did not pass.
pub(super) struct Told {
    kind: String,
    message: String,
    detail: String,
}

/// The exchanges. What has the name of one before it is numbered, as build servers tell cases apart
/// by their names.
pub(super) fn exchanges(trace: &Trace, redactor: Redactor) -> Vec<Case> {
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    let all = trace.exchanges();
    let nexts = all.iter().skip(1).map(Some).chain([None]);
    let mut place = 0..;
    let case = |(exchange, next): (&Exchange, Option<&Exchange>)| {
        // Behind exchanges that are no longer held the run's numbers tell cases apart, as they
        // would were all there.
        let is_in_its_place = place.next() == Some(exchange.id.0);
        let name = format!("{} {}", exchange.method, redactor.text(&exchange.url).raw());
        let count = named
            .entry(name.clone())
            .and_modify(|count| *count += 1)
            .or_insert(1);
        Case {
            name: crate::units::Untrusted::new(match *count {
                _ if !is_in_its_place => format!("{name} (exchange {})", exchange.id.0),
                1 => name,
                count => format!("{name} ({count})"),
            })
            .escaped()
            .into_owned(),
            class: "tapline.exchanges".to_owned(),
            time: exchange.total().unwrap_or_default(),
            outcome: outcome(exchange, next, redactor),
        }
    };
    all.iter().zip(nexts).map(case).collect()
}

fn outcome(exchange: &Exchange, next: Option<&Exchange>, redactor: Redactor) -> Outcome {
    let Some((phase, failure)) = &exchange.failure else {
        return if exchange.ended.is_some() {
            Outcome::Passed
        } else {
            Outcome::Skipped("it is not over".to_owned())
        };
    };
    let message = redactor.text(&failure.message).escaped().into_owned();
    if next.is_some_and(|next| next.cause == Cause::Retry) {
        return Outcome::Skipped(format!("tried again: {message}"));
    }
    Outcome::of_failure(*phase, failure.code, message, &failure.hint)
}

impl Outcome {
    /// What failed in a phase. A status that is not wanted is an answer all the same.
    pub(super) fn of_failure(phase: Phase, code: Code, message: String, hint: &str) -> Self {
        let detail = format!("{} failed. {hint}", phase.label());
        let told = Told {
            kind: code.to_string(),
            message,
            detail,
        };
        if code == Code::HttpStatus {
            Self::Failure(told)
        } else {
            Self::Error(told)
        }
    }
}

/// The rules of a budget.
pub(super) fn budget(trace: &Trace, budget: Option<&Budget>) -> Vec<Case> {
    let verdicts = budget
        .map(|budget| budget.verdicts(trace))
        .unwrap_or_default();
    verdicts
        .iter()
        .map(|verdict| Case::of_rule(verdict, "tapline.budget"))
        .collect()
}

fn judged(verdict: &budget::Verdict) -> Outcome {
    match (verdict.outcome, verdict.shown_figure()) {
        (budget::Outcome::Met | budget::Outcome::Tolerated { .. }, _) => Outcome::Passed,
        (budget::Outcome::NotMeasured, _) | (_, None) => {
            Outcome::Skipped("there was nothing to hold it against".to_owned())
        }
        (budget::Outcome::Missed { by }, Some(figure)) => {
            let over = by.filter(|by| *by > 0).map(|by| {
                format!(
                    ", {} {}",
                    verdict.rule.measure.kind().shown(by),
                    beyond(verdict)
                )
            });
            let message = format!(
                "{} is wanted, {figure} was measured{}",
                verdict.rule,
                over.unwrap_or_default()
            );
            Outcome::Failure(Told {
                kind: "budget".to_owned(),
                message,
                detail: String::new(),
            })
        }
    }
}

/// On which side of its limit a figure lies.
const fn beyond(verdict: &budget::Verdict) -> &'static str {
    match verdict.rule.operator {
        Operator::AtLeast | Operator::Above => "too little",
        _ => "too much",
    }
}

impl Case {
    pub(super) fn new(name: String, class: &str, time: Nanos, outcome: Outcome) -> Self {
        Self {
            name,
            class: class.to_owned(),
            time,
            outcome,
        }
    }

    /// A rule of a budget, and what came of it.
    pub(super) fn of_rule(verdict: &budget::Verdict, class: &str) -> Self {
        Self::new(
            verdict.rule.to_string(),
            class,
            Nanos::ZERO,
            judged(verdict),
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
                ("time", &seconds(self.time)),
            ],
        );
        match &self.outcome {
            Outcome::Passed => {}
            Outcome::Failure(told) => told.write("failure", xml),
            Outcome::Error(told) => told.write("error", xml),
            Outcome::Skipped(why) => xml.with_text("skipped", &[], why),
        }
        xml.close();
    }
}

impl Told {
    fn write(&self, name: &'static str, xml: &mut Markup) {
        xml.with_text(
            name,
            &[("type", &self.kind), ("message", &self.message)],
            &self.detail,
        );
    }
}

/// A time in seconds.
pub(super) fn seconds(time: Nanos) -> String {
    format!("{:.9}", time.as_secs_f64())
}
