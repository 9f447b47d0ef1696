//! A suite as `JUnit` XML: one test suite per endpoint, with one case for its requests and one per
//! budget rule. So a build server names the endpoint and the rule, and tracks both across builds.

use super::case::{CaseOutcome, TestCase};
use super::count_outcomes;
use crate::report::markup::Markup;
use crate::report::suite::{SuiteEndpoint, SuiteResult};
use crate::report::timestamps;
use crate::units::Nanos;

/// A suite as `JUnit` XML.
pub(in crate::report) fn suite_junit(suite: &SuiteResult) -> String {
    let mut xml = Markup::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.open("testsuites", &[]);
    xml.raw("\n");
    let began = timestamps::without_zone(suite.started_at);
    for (id, endpoint) in suite.endpoints.iter().enumerate() {
        write(&mut xml, id, began.as_deref(), endpoint);
    }
    xml.finish()
}

fn write(xml: &mut Markup, id: usize, began: Option<&str>, endpoint: &SuiteEndpoint) {
    let name = endpoint.name.escaped();
    let cases = endpoint_cases(endpoint, &name);
    let all = cases.iter().map(|case| &case.outcome);
    xml.open(
        "testsuite",
        &[
            ("name", &name),
            ("package", &"tapline"),
            ("id", &id),
            ("timestamp", &began.unwrap_or("1970-01-01T00:00:00")),
            ("hostname", &"localhost"),
            ("tests", &cases.len()),
            (
                "failures",
                &count_outcomes(all.clone(), |outcome| {
                    matches!(outcome, CaseOutcome::Failure(_))
                }),
            ),
            (
                "errors",
                &count_outcomes(all.clone(), |outcome| {
                    matches!(outcome, CaseOutcome::Error(_))
                }),
            ),
            (
                "skipped",
                &count_outcomes(all, |outcome| matches!(outcome, CaseOutcome::Skipped(_))),
            ),
            ("time", &super::case::format_seconds(median_time(endpoint))),
        ],
    );
    xml.raw("\n");
    xml.open("properties", &[]);
    xml.raw("\n");
    xml.empty_element(
        "property",
        &[
            ("name", &"tapline.outcome"),
            ("value", &endpoint.status().name()),
        ],
    );
    xml.empty_element(
        "property",
        &[("name", &"tapline.url"), ("value", &endpoint.url.escaped())],
    );
    xml.close();
    for case in &cases {
        case.write(xml);
    }
    xml.empty_element("system-out", &[]);
    xml.empty_element("system-err", &[]);
    xml.close();
}

/// The requests, then the rules. A rule that is given twice is one case.
fn endpoint_cases(endpoint: &SuiteEndpoint, name: &str) -> Vec<TestCase> {
    let requests = TestCase::new(
        "request".to_owned(),
        name,
        median_time(endpoint),
        request_outcome(endpoint),
    );
    let mut cases = vec![requests];
    for case in endpoint
        .verdicts()
        .iter()
        .map(|verdict| TestCase::from_verdict(verdict, name))
    {
        if !cases.iter().any(|known| known.name() == case.name()) {
            cases.push(case);
        }
    }
    cases
}

fn request_outcome(endpoint: &SuiteEndpoint) -> CaseOutcome {
    let Some(happened) = &endpoint.result else {
        return CaseOutcome::Skipped(endpoint.reason().unwrap_or_default());
    };
    match &happened.failure {
        Some((phase, code, message, hint))
            if happened.status == crate::report::EndpointStatus::Failed =>
        {
            CaseOutcome::from_failure(*phase, *code, message.escaped().into_owned(), hint)
        }
        _ => CaseOutcome::Passed,
    }
}

fn median_time(endpoint: &SuiteEndpoint) -> Nanos {
    endpoint
        .median()
        .and_then(|median| median.total)
        .unwrap_or_default()
}
