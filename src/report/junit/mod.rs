//! `JUnit` XML, which build servers display as test results: one test case per exchange and per
//! budget rule.
//!
//! A failed exchange is an error, with the failure's code as its type. A missed rule is a failure,
//! as is a status rejected by `--fail`. Retried, unfinished and unmeasured cases are skipped. The
//! document conforms to Jenkins's schema and has the attributes that Ant's requires. `system-out`
//! contains the text report.

mod case;
mod suite;

pub(super) use suite::suite_junit;

use super::markup::{Markup, escape_markup};
use super::{ReportOptions, text_report, timestamps};
use crate::trace::Trace;
use case::{CaseOutcome, TestCase};

/// A run as `JUnit` XML.
pub fn junit_report(trace: &Trace, options: &ReportOptions) -> String {
    let cases: Vec<TestCase> = case::exchange_cases(trace, options.redactor())
        .into_iter()
        .chain(case::budget_cases(trace, options.budget.as_ref()))
        .collect();
    let mut xml = Markup::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.open("testsuites", &[]);
    xml.raw("\n");
    open_suite(&mut xml, trace, &cases);
    write_properties(&mut xml, trace);
    for case in &cases {
        case.write(&mut xml);
    }
    xml.open("system-out", &[]);
    xml.raw(&escape_lines(&text_report(
        trace,
        &ReportOptions {
            width: 100,
            color: false,
            ..options.clone()
        },
    )));
    xml.close();
    xml.empty_element("system-err", &[]);
    xml.finish()
}

fn open_suite(xml: &mut Markup, trace: &Trace, cases: &[TestCase]) {
    let count = |of| count_outcomes(cases.iter().map(|case| &case.outcome), of);
    let began = trace.started_at().and_then(timestamps::without_zone);
    xml.open(
        "testsuite",
        &[
            ("name", &"tapline"),
            ("package", &"tapline"),
            ("id", &0),
            (
                "timestamp",
                &began.as_deref().unwrap_or("1970-01-01T00:00:00"),
            ),
            ("hostname", &"localhost"),
            ("tests", &cases.len()),
            (
                "failures",
                &count(|outcome| matches!(outcome, CaseOutcome::Failure(_))),
            ),
            (
                "errors",
                &count(|outcome| matches!(outcome, CaseOutcome::Error(_))),
            ),
            (
                "skipped",
                &count(|outcome| matches!(outcome, CaseOutcome::Skipped(_))),
            ),
            (
                "time",
                &case::format_seconds(trace.ended().unwrap_or(trace.latest()).from_start()),
            ),
        ],
    );
    xml.raw("\n");
}

fn count_outcomes<'a>(
    outcomes: impl Iterator<Item = &'a CaseOutcome>,
    of: fn(&CaseOutcome) -> bool,
) -> usize {
    outcomes.filter(|outcome| of(outcome)).count()
}

fn write_properties(xml: &mut Markup, trace: &Trace) {
    let interface = trace.capture().interface.as_deref();
    let beyond = trace.retired().exchanges;
    let beyond = (beyond > 0).then(|| beyond.to_string());
    let known = [
        ("tapline.outcome", Some(super::run_outcome(trace).name())),
        ("tapline.version", trace.tool_version()),
        ("tapline.capture.interface", interface),
        ("tapline.exchanges.beyond", beyond.as_deref()),
    ];
    xml.open("properties", &[]);
    xml.raw("\n");
    for (name, value) in known
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    {
        xml.empty_element("property", &[("name", &name), ("value", &value)]);
    }
    xml.close();
}

/// Escapes text of several lines.
fn escape_lines(text: &str) -> String {
    text.split('\n')
        .map(escape_markup)
        .collect::<Vec<_>>()
        .join("\n")
}
