//! Metrics, as Prometheus' own library for Python reads them.

use serde_json::{Value, json};
use tapline::report::{self, ReportOptions};
use tapline::trace::{Event, EventKind, ExchangeCause, ExchangeId, Trace};
use tapline::units::Moment;

use crate::peer;
use crate::scenario::Scenario;

/// Prints the families of a file as JSON. A sample that is there twice, or a family that is torn
/// apart, is an error.
const READ: &str = r#"
import json, sys
from prometheus_client.parser import text_string_to_metric_families as read
for path in sys.argv[1:]:
    families, seen = {}, set()
    for family in read(open(path, newline="").read()):
        assert family.name not in families, family.name
        assert family.type == "gauge" and family.documentation, family
        assert family.samples, family
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in seen, key
            seen.add(key)
        families[family.name] = [[sample.labels, sample.value] for sample in family.samples]
    print(json.dumps(families))
"#;

/// The families of each run, or nothing where there is no library to read them.
fn read(runs: &[Trace], options: &ReportOptions) -> Option<Vec<Value>> {
    read_texts(
        runs.iter()
            .map(|run| report::prometheus_report(run, options)),
    )
}

fn read_texts(texts: impl Iterator<Item = String>) -> Option<Vec<Value>> {
    let mut python = peer::python(READ)?;
    let folder = tempfile::tempdir().unwrap();
    for (i, text) in texts.enumerate() {
        let file = folder.path().join(format!("{i}.prom"));
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

#[test]
fn a_suite_has_the_samples_of_each_endpoint() {
    let (text, count) = crate::crowd::written(report::Format::Prometheus);
    let Some(all) = read_texts(std::iter::once(text)) else {
        return;
    };
    let samples = all[0]["tapline_endpoint_success"].as_array().unwrap();
    assert_eq!(
        samples.len(),
        count - 1,
        "of one that was not run there is nothing to say"
    );
    let names: std::collections::BTreeSet<_> = samples
        .iter()
        .map(|sample| sample[0]["endpoint"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), count - 1);
}

fn scenario(name: &str) -> Trace {
    Scenario::named(name).trace()
}

#[test]
fn every_scenario_is_read() {
    let runs: Vec<Trace> = Scenario::all().iter().map(Scenario::trace).collect();
    let options = ReportOptions {
        budget: Some("total<1ms,total<1ms,tls<1s".parse().unwrap()),
        ..ReportOptions::default()
    };
    assert!(read(&runs, &options).is_none_or(|all| all.len() == runs.len()));
}

#[test]
fn figures_have_the_names_that_dashboards_know() {
    let Some(families) = read(
        &[scenario("https_http2"), scenario("nxdomain")],
        &ReportOptions::default(),
    ) else {
        return;
    };
    let [good, bad] = &families[..] else {
        panic!("two runs")
    };
    for (name, value) in [
        ("probe_success", 1.0),
        ("probe_duration_seconds", 0.18651),
        ("probe_http_status_code", 200.0),
        ("probe_http_version", 2.0),
        ("probe_ip_protocol", 4.0),
        ("probe_http_ssl", 1.0),
        ("probe_http_redirects", 0.0),
        ("probe_ssl_earliest_cert_expiry", 1_802_865_600.0),
        ("tapline_round_trips", 2.9985),
    ] {
        let found = good[name][0][1].as_f64().unwrap();
        assert!((found - value).abs() < 1e-4, "{name}: {found}");
        assert_eq!(
            good[name][0][0],
            json!({ "target": "https://api.lab.test/users" }),
            "{name}"
        );
    }
    let phases: Vec<_> = good["probe_http_duration_seconds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sample| &sample[0]["phase"])
        .collect();
    assert_eq!(
        phases,
        ["resolve", "connect", "tls", "processing", "transfer"]
    );
    assert_eq!(bad["probe_success"][0][1], 0.0);
    assert_eq!(
        bad["tapline_failure_info"][0][0]["code"],
        "dns_no_such_name"
    );
    assert_eq!(
        [&bad["probe_http_status_code"], &bad["probe_ip_protocol"]],
        [&Value::Null; 2]
    );
}

#[test]
fn targets_are_told_apart_and_whatever_they_are_called_they_stay_labels() {
    let hostile = "http://h/\"} 1\nprobe_success{target=\"forged\\";
    let asked = [
        "http://a/",
        "http://b/",
        "http://a/",
        "http://h/?token=1",
        "http://h/?token=2",
        hostile,
    ];
    let events = asked.iter().zip(0..).flat_map(|(url, id)| {
        let exchange = ExchangeId(id);
        let started = EventKind::ExchangeStarted {
            exchange,
            cause: ExchangeCause::Asked,
            method: "GET".into(),
            url: (*url).into(),
        };
        [started, EventKind::ExchangeEnded { exchange }]
    });
    let trace = Trace::from_events(events.map(|what| Event {
        at: Moment(0),
        kind: what,
    }));
    let Some(families) = read(&[trace], &ReportOptions::default()) else {
        return;
    };
    let samples = families[0]["tapline_probes"].as_array().unwrap();
    let counts: Vec<_> = samples
        .iter()
        .map(|sample| {
            (
                sample[0]["target"].as_str().unwrap(),
                sample[1].as_f64().unwrap(),
            )
        })
        .collect();
    let escaped = hostile.replace('\n', "\\x0a");
    assert_eq!(
        counts,
        [
            ("http://a/", 2.0),
            ("http://b/", 1.0),
            ("http://h/?token=REDACTED", 2.0),
            (escaped.as_str(), 1.0)
        ]
    );
}
