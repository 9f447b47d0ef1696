//! The schemas in `assets/schema/` hold for every scenario, and say everything there is to say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "scenarios/scenario.rs"]
mod scenario;

use std::collections::BTreeSet;

use jsonschema::Validator;
use scenario::Scenario;
use serde_json::{Value, json};
use tapline::report::{self, Format, ReportOptions, SUITE_FORMATS, SuiteEndpoint, SuiteResult};
use tapline::trace::Trace;
use tapline::units::{Nanos, WallTime};

#[test]
fn every_summary_is_as_the_schema_says() {
    let validator = Schema::read("summary-1").closed().validator();
    let budget =
        "total<=50ms,dns<1ms,tls<=1s,status=200,http=2,size<=1kB,ttfb<1us,p95(wait)<1ms+-10%,\
        cert_days>=1,failures=0,wire_wait<1ms"
            .parse()
            .unwrap();
    let options = ReportOptions {
        budget: Some(budget),
        ..ReportOptions::default()
    };
    for scenario in Scenario::all() {
        let written = report::json_report(&scenario.trace(), &options);
        assert_valid(
            &validator,
            &scenario.name,
            &serde_json::from_str(&written).unwrap(),
        );
    }
    assert_valid(
        &validator,
        "no events",
        &serde_json::from_str(&report::json_report(&Trace::default(), &options)).unwrap(),
    );
}

#[test]
fn a_suite_is_as_the_schema_says() {
    let validator = Schema::read("suite-1").closed().validator();
    let options = ReportOptions {
        budget: Some(
            "total<=50ms,dns<1ms+-99%,tls<=1s,status=200"
                .parse()
                .unwrap(),
        ),
        ..ReportOptions::default()
    };
    let mut endpoints: Vec<SuiteEndpoint> = Scenario::all()
        .iter()
        .map(|scenario| {
            SuiteEndpoint::new(&scenario.name.as_str().into(), &scenario.trace(), &options)
        })
        .collect();
    endpoints.push(SuiteEndpoint::new(
        &"no events".into(),
        &Trace::default(),
        &options,
    ));
    endpoints.push(SuiteEndpoint::not_run(
        &"not run".into(),
        &"http://h/".into(),
        &options,
    ));
    let count = endpoints.len();
    let suite = SuiteResult {
        started_at: WallTime(1),
        duration: Nanos(1),
        parallel: 2,
        interrupted: true,
        endpoints,
    };
    let written = report::write_suite(&suite, Format::Json, &options).unwrap();
    let document: Value = serde_json::from_str(&written).unwrap();
    assert_valid(&validator, "suite", &document);
    assert_eq!(document["endpoints"].as_array().unwrap().len(), count);
    let stand = |status: &str| document["outcome"][status].as_u64().unwrap();
    assert!(
        ["ok", "missed", "failed", "not_run"]
            .iter()
            .all(|status| *status == "ok" || stand(status) > 0),
        "{}",
        document["outcome"]
    );
    assert!(
        Format::ALL
            .iter()
            .all(|format| SUITE_FORMATS.contains(format)
                == report::write_suite(&suite, *format, &options).is_some())
    );
}

#[test]
fn every_event_is_as_the_schema_says_and_every_kind_is_in_a_scenario() {
    let schema = Schema::read("events-1").closed();
    let mut unseen = schema.events();
    let validator = schema.validator();
    for scenario in Scenario::all() {
        for line in report::event_lines(&scenario.events, &ReportOptions::default()).lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            assert_valid(&validator, &scenario.name, &event);
            unseen.remove(event["event"].as_str().unwrap());
        }
    }
    assert_eq!(unseen, BTreeSet::new());
}

#[test]
fn the_time_of_a_run_and_of_each_exchange_is_divided_without_remainder() {
    let sum = |ledger: &Value| -> u64 {
        let durations = ledger.as_array().unwrap().iter();
        durations
            .map(|entry| entry["duration_ns"].as_u64().unwrap())
            .sum()
    };
    for scenario in Scenario::all() {
        let written = report::json_report(&scenario.trace(), &ReportOptions::default());
        let document: Value = serde_json::from_str(&written).unwrap();
        let run = document.get("time_spent");
        if let (Some(run), Some(whole)) = (run, document["duration_ns"].as_u64()) {
            assert_eq!(sum(run), whole, "{}", scenario.name);
        }
        for exchange in document["exchanges"].as_array().unwrap() {
            if let Some(whole) = exchange["duration_ns"].as_u64() {
                assert_eq!(sum(&exchange["time_spent"]), whole, "{}", scenario.name);
            }
        }
    }
}

#[test]
fn a_field_that_is_missing_unknown_or_of_another_kind_is_refused() {
    let validator = Schema::read("summary-1").closed().validator();
    let document: Value = serde_json::from_str(&report::json_report(
        &Scenario::named("https_http2").trace(),
        &ReportOptions::default(),
    ))
    .unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut changed = document.clone();
        change(&mut changed);
        assert!(!validator.is_valid(&changed));
    };
    refused(&|document| document["exchanges"][0]["invented"] = json!(1));
    refused(&|document| document["exchanges"][0]["phases"][0]["clock"] = json!("sundial"));
    refused(&|document| document["exchanges"][0]["request"]["headers"][0] = json!(["only a name"]));
    refused(&|document| {
        document["exchanges"][0]["segments"]["sent"]
            .as_object_mut()
            .unwrap()
            .remove("packets");
    });
}

struct Schema(Value);

impl Schema {
    fn read(name: &str) -> Self {
        let path = format!(
            "{}/assets/schema/{name}.schema.json",
            env!("CARGO_MANIFEST_DIR")
        );
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    /// What is not described is refused, which a reader of the published schema should not do.
    fn closed(mut self) -> Self {
        close(&mut self.0);
        self
    }

    fn validator(&self) -> Validator {
        assert!(jsonschema::meta::is_valid(&self.0), "it is no JSON Schema");
        jsonschema::draft202012::new(&self.0).unwrap()
    }

    /// The names of the events it describes.
    fn events(&self) -> BTreeSet<String> {
        let kinds = self.0["oneOf"].as_array().unwrap().iter();
        kinds
            .map(|kind| {
                kind["properties"]["event"]["const"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(close);
            if object.contains_key("properties") && object.contains_key("type") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

fn assert_valid(validator: &Validator, name: &str, instance: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(instance)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
}
