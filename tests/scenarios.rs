//! Every scenario is folded into a trace, checked against what it expects and against the law of the fold, and written as
//! every report.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "scenarios/findings.rs"]
mod findings;
#[path = "scenarios/scenario.rs"]
mod scenario;

use findings::findings;
use scenario::{Scenario, differences};
use tapline::trace::{Event, Trace};

#[test]
fn every_scenario_is_found_as_expected() {
    let all = Scenario::all();
    assert!(!all.is_empty(), "the scenarios were not found");
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|scenario| {
            let list = differences(&scenario.expect, &findings(&scenario.trace()));
            list.into_iter().map(|difference| format!("{}: {difference}", scenario.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn events_written_read_and_folded_again_give_the_same_trace() {
    for scenario in Scenario::all() {
        let lines: Vec<String> = scenario.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        let read = lines.iter().map(|line| serde_json::from_str::<Event>(line).unwrap());
        assert_eq!(Trace::of(read), scenario.trace(), "{}", scenario.name);
    }
}

#[test]
fn a_key_that_means_nothing_is_refused() {
    let file = |event: &str| Scenario::parse("test".to_owned(), &format!("about = \"\"\nevents = [{event}]\n[expect]\n"));
    let refusal = |event: &str| file(event).err().expect("it is refused");
    assert!(file(r#"{ at_ns = 1, event = "run_ended" }"#).is_ok());
    assert_eq!(refusal(r#"{ at_ns = 1, event = "run_ended", why = "x" }"#), "event 0: /why means nothing here");
    assert!(refusal(r#"{ at_ns = 1, event = "no_such" }"#).contains("unknown variant `no_such`"));
    assert_eq!(
        refusal(r#"{ at_ns = 1, event = "kernel_measured", connection = 0, figures = { rtt = 1 } }"#),
        "event 0: /figures/rtt means nothing here"
    );
}

#[test]
fn an_expectation_that_is_not_met_is_told_with_its_place() {
    let scenario = Scenario::named("nxdomain");
    let found = findings(&scenario.trace());
    let wanted = serde_json::json!({ "outcome": "ok", "exchanges": [{ "total_ns": 1, "colour": "red" }], "capture": "off" });
    let mut told = differences(&wanted, &found);
    told.sort();
    assert_eq!(
        told,
        ["/exchanges/0/colour means nothing here", "/exchanges/0/total_ns is 12420000, wanted 1", "/outcome is \"failed\", wanted \"ok\""]
    );
}
