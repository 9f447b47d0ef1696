//! What an earlier version wrote reads as it did: its saved runs, its reports in JSON, its events.
//!
//! The files in `0.1.0/` were written by that version in the lab and are never rewritten:
//! three saved runs, the JSON reports made from them, a suite's report, and the report of a
//! comparison. A later version may add fields; it may not drop, rename or change one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;
use tapline::report::{self, ReportOptions};
use tapline::trace::{Event, Trace};

/// The saved runs: an HTTPS request with packets, redirects three times over with lost packets, and
/// a certificate that has expired.
const SAVED_RUNS: [&str; 3] = ["https", "redirects", "expired"];

#[test]
fn saved_runs_give_the_json_they_gave() {
    for name in SAVED_RUNS {
        let now = json_of(
            &[
                "report",
                "--format",
                "json",
                &path(&format!("{name}.pcapng")),
            ],
            0,
        );
        assert_contains(&now, &document(&format!("{name}.json")), name);
    }
}

#[test]
fn a_saved_run_gives_the_events_it_gave() {
    let written = output_of(&["report", "--format", "events", &path("https.pcapng")], 0);
    let before = std::fs::read_to_string(path("https.events.jsonl")).unwrap();
    let lines = |text: &str| -> Vec<Value> {
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let (now, before) = (lines(&written), lines(&before));
    assert_eq!(now.len(), before.len());
    for (number, (now, before)) in now.iter().zip(&before).enumerate() {
        assert_contains(now, before, &format!("line {}", number + 1));
    }
}

#[test]
fn events_of_before_are_read() {
    let lines = std::fs::read_to_string(path("https.events.jsonl")).unwrap();
    let events = lines
        .lines()
        .map(|line| serde_json::from_str::<Event>(line).unwrap());
    let now = report::json_report(&Trace::from_events(events), &ReportOptions::default());
    assert_contains(
        &serde_json::from_str(&now).unwrap(),
        &document("https.json"),
        "https",
    );
}

#[test]
fn two_saved_runs_compare_as_they_did() {
    let files = [path("https.pcapng"), path("redirects.pcapng")];
    let now = json_of(&["diff", "--format", "json", &files[0], &files[1]], 4);
    let mut before = document("diff.json");
    // The files are named as on the command line; sentences are for people and may change.
    before["before"] = Value::from(files[0].as_str());
    before["after"] = Value::from(files[1].as_str());
    remove(&["text"], &mut before);
    assert_contains(&now, &before, "diff");
}

#[test]
fn summaries_of_before_can_be_compared() {
    let files = [path("https.json"), path("https.pcapng")];
    let now = json_of(&["diff", "--format", "json", &files[0], &files[1]], 0);
    assert_eq!(now["transfers"].as_array().unwrap().len(), 1);
}

#[test]
fn documents_of_before_are_as_the_schemas_of_today_say() {
    let schemas = ["summary-1", "summary-1", "summary-1", "suite-1"];
    for (name, schema) in SAVED_RUNS.iter().chain(&["suite"]).zip(schemas) {
        let file = format!(
            "{}/assets/schema/{schema}.schema.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let schema = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&whole_document(&format!("{name}.json")))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
    }
}

fn path(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/compatibility/0.1.0");
    folder.join(name).to_str().unwrap().to_owned()
}

fn whole_document(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// A document of before, without the version that wrote it.
fn document(name: &str) -> Value {
    let mut document = whole_document(name);
    if let Some(fields) = document.as_object_mut() {
        fields.remove("tool");
    }
    document
}

fn tapline() -> Command {
    let mut command = Command::cargo_bin("tapline").unwrap();
    command.env("LANG", "C.UTF-8").env_remove("SSLKEYLOGFILE");
    command
}

fn output_of(arguments: &[&str], code: i32) -> String {
    let assert = tapline().args(arguments).assert().code(code);
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn json_of(arguments: &[&str], code: i32) -> Value {
    serde_json::from_str(&output_of(arguments, code)).unwrap()
}

fn remove(keys: &[&str], value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !keys.contains(&key.as_str()));
            fields.values_mut().for_each(|value| remove(keys, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| remove(keys, value)),
        _ => {}
    }
}

/// Asserts that every field of the earlier document is in today's with the same value. Lists have
/// the same length.
#[track_caller]
fn assert_contains(now: &Value, before: &Value, place: &str) {
    /// Deprecated; they are told from the ledger, which knows better.
    const TOLD_FROM_THE_LEDGER: [&str; 2] = [".round_trips.used", ".tcp.waited"];
    if TOLD_FROM_THE_LEDGER
        .iter()
        .any(|name| place.ends_with(name))
    {
        return;
    }
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => {
            for (key, value) in before {
                let place = format!("{place}.{key}");
                let found = now.get(key).unwrap_or_else(|| panic!("{place} is missing"));
                assert_contains(found, value, &place);
            }
        }
        (Value::Array(now), Value::Array(before)) => {
            assert_eq!(now.len(), before.len(), "{place}");
            for (number, (now, before)) in now.iter().zip(before).enumerate() {
                assert_contains(now, before, &format!("{place}[{number}]"));
            }
        }
        _ => assert_eq!(now, before, "{place}"),
    }
}
