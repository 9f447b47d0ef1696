//! The truth suite: scenarios of which is known whose every millisecond is, and what the ledger
//! says of them.
//!
//! `make truth` runs them live, over emulated links, against servers of the tests' own. The
//! ordinary tests judge the ledgers of recorded runs, in which no time depends on the machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod dns_server;
mod found;
mod http2_server;
mod kinds;
mod lab;
mod live;
mod recorded;
mod server;
mod truth;

use std::path::Path;

use recorded::{Recording, found_in};
use serde::Deserialize;
use tapline::trace::Event;

#[test]
#[ignore = "it takes root and many minutes: make truth"]
fn live_runs_are_told_as_they_are() {
    if live::is_skipped() {
        return;
    }
    assert!(live::run_all(), "too many runs are told wrong");
}

#[test]
#[ignore = "it takes the runs of `make truth`: see CONTRIBUTING.md"]
fn judge_again() {
    live::judge_again();
}

#[test]
#[ignore = "it takes root and writes tests/truth/recorded: see CONTRIBUTING.md"]
fn record() {
    if live::is_skipped() {
        return;
    }
    recorded::record_all();
}

#[test]
fn recorded_runs_are_told_as_they_are() {
    let all = Recording::all();
    assert!(!all.is_empty(), "the recordings were not found");
    let known = recorded::known_wrong();
    let names: Vec<&str> = all
        .iter()
        .map(|recording| recording.name.as_str())
        .collect();
    let mut told: Vec<String> = known
        .keys()
        .filter(|name| !names.contains(&name.as_str()))
        .map(|name| format!("there is no recording {name}"))
        .collect();
    for recording in &all {
        let found = recording.found();
        let reasons = recording.header.truth.judge(&found).reasons;
        let name = &recording.name;
        match (known.get(name), reasons.as_slice()) {
            (None, []) | (Some(_), [_, ..]) => {}
            (None, _) => told.push(format!(
                "{name}: {}; found {}",
                reasons.join("; "),
                found.summary()
            )),
            (Some(_), []) => told.push(format!("{name} is right now: take it out of known_wrong")),
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn the_parts_of_every_recorded_exchange_add_up() {
    for recording in Recording::all() {
        let inexact = recording.found().inexact;
        assert!(inexact.is_empty(), "{}: {inexact:?}", recording.name);
    }
}

#[test]
fn the_parts_of_every_exchange_of_a_scenario_add_up() {
    #[derive(Deserialize)]
    struct Scenario {
        events: Vec<toml::Value>,
    }
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let scenario: Scenario = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let events = scenario.events.iter().map(|event| {
            let event = serde_json::to_value(event).unwrap();
            Event::deserialize(&event).unwrap()
        });
        let inexact = found_in(events).inexact;
        assert!(inexact.is_empty(), "{}: {inexact:?}", path.display());
        count += 1;
    }
    assert!(count > 20, "the scenarios were not found");
}

#[test]
fn a_ledger_that_is_wrong_is_refused() {
    let report = serde_json::json!({
        "capture": { "packets": 9 },
        "exchanges": [{
            "duration_ns": 400_000_000,
            "time_spent": [
                { "owner": "server", "cause": "think", "detail": null, "duration_ns": 300_000_000 },
                { "owner": "network", "cause": "round_trip", "duration_ns": 70_000_000 },
                { "owner": "unknown", "cause": "unexplained", "duration_ns": 30_000_000 },
            ],
        }],
    });
    let found = found::Found::from_report(&report).unwrap();
    let millis = std::time::Duration::from_millis;
    let reasons = |owner, cause, wanted, tolerance| {
        let truth = truth::Truth::new().figure(owner, &[cause], millis(wanted), millis(tolerance));
        truth.judge(&found).reasons
    };
    assert_eq!(reasons("server", "think", 300, 5), ["30.0 unknown"]);
    assert_eq!(
        reasons("server", "think", 280, 10),
        [
            "server.think is 300.0, not 280.0",
            "10.0 to a wrong owner",
            "30.0 unknown"
        ]
    );
    assert_eq!(
        reasons("network", "round_trip", 70, 1),
        ["300.0 to a wrong owner", "30.0 unknown"]
    );
    let mut inexact = report;
    inexact["exchanges"][0]["duration_ns"] = 400_000_001.into();
    let found = found::Found::from_report(&inexact).unwrap();
    assert_eq!(
        truth::Truth::new().judge(&found).reasons[0],
        "exchange 0 took 400000001 ns, its entries 400000000"
    );
}
