//! A suite as `JUnit`'s XML: a test suite for each endpoint, with its requests as one case and each
//! rule of its budget as another. So a build server names the endpoint and the rule, and follows
//! both from build to build.

use super::case::{Case, Outcome};
use super::counted;
use crate::report::markup::Markup;
use crate::report::suite::{Endpoint, Suite};
use crate::report::time;
use crate::units::Nanos;

/// A suite as `JUnit`'s XML.
pub(in crate::report) fn suite(suite: &Suite) -> String {
    let mut xml = Markup::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.open("testsuites", &[]);
    xml.raw("\n");
    let began = time::without_zone(suite.started_at);
    for (id, endpoint) in suite.endpoints.iter().enumerate() {
        write(&mut xml, id, began.as_deref(), endpoint);
    }
    xml.finish()
}

fn write(xml: &mut Markup, id: usize, began: Option<&str>, endpoint: &Endpoint) {
    let name = endpoint.name.escaped();
    let cases = cases(endpoint, &name);
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
                &counted(all.clone(), |outcome| {
                    matches!(outcome, Outcome::Failure(_))
                }),
            ),
            (
                "errors",
                &counted(all.clone(), |outcome| matches!(outcome, Outcome::Error(_))),
            ),
            (
                "skipped",
                &counted(all, |outcome| matches!(outcome, Outcome::Skipped(_))),
            ),
            ("time", &super::case::seconds(time_of(endpoint))),
        ],
    );
    xml.raw("\n");
    xml.open("properties", &[]);
    xml.raw("\n");
    xml.leaf(
        "property",
        &[
            ("name", &"tapline.outcome"),
            ("value", &endpoint.standing().name()),
        ],
    );
    xml.leaf(
        "property",
        &[("name", &"tapline.url"), ("value", &endpoint.url.escaped())],
    );
    xml.close();
    for case in &cases {
        case.write(xml);
    }
    xml.leaf("system-out", &[]);
    xml.leaf("system-err", &[]);
    xml.close();
}

/// The requests, then the rules. A rule that is given twice is one case.
fn cases(endpoint: &Endpoint, name: &str) -> Vec<Case> {
    let requests = Case::new(
        "request".to_owned(),
        name,
        time_of(endpoint),
        answered(endpoint),
    );
    let mut cases = vec![requests];
    for case in endpoint
        .verdicts()
        .iter()
        .map(|verdict| Case::of_rule(verdict, name))
    {
        if !cases.iter().any(|known| known.name() == case.name()) {
            cases.push(case);
        }
    }
    cases
}

fn answered(endpoint: &Endpoint) -> Outcome {
    let Some(happened) = &endpoint.happened else {
        return Outcome::Skipped(endpoint.reason().unwrap_or_default());
    };
    match &happened.failure {
        Some((phase, code, message, hint))
            if happened.standing == crate::report::suite::Standing::Failed =>
        {
            Outcome::of_failure(*phase, *code, message.escaped().into_owned(), hint)
        }
        _ => Outcome::Passed,
    }
}

fn time_of(endpoint: &Endpoint) -> Nanos {
    endpoint
        .median()
        .and_then(|median| median.total)
        .unwrap_or_default()
}
