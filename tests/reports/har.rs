//! HAR: its schema, and what its sizes and times have to add up to.

use serde_json::Value;
use tapline::report::{self, ReportOptions};

use crate::peer;
use crate::scenario::Scenario;

fn written(scenario: &Scenario, with_secrets: bool) -> String {
    report::har_report(
        &scenario.trace(),
        &ReportOptions {
            with_secrets,
            ..ReportOptions::default()
        },
    )
}

fn entries(har: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(har).unwrap();
    document["log"]["entries"].as_array().unwrap().clone()
}

const VALIDATE: &str = r#"
    const validator = require("har-validator"), fs = require("fs");
    const broken = structuredClone(JSON.parse(fs.readFileSync(process.argv[1])));
    delete broken.log.entries[0].timings.wait;
    const refused = validator.har(broken)
        .then(() => { throw "a broken one is accepted" }, () => {});
    const all = process.argv.slice(1).map(file => validator.har(JSON.parse(fs.readFileSync(file)))
        .catch(error => { throw file + ": " + JSON.stringify(error.errors) }));
    Promise.all([refused, ...all]).catch(error => { console.log(error); process.exit(1); });
"#;

#[test]
fn every_scenario_passes_the_validator_of_har_1_2() {
    let Some(mut node) = peer::node("har-validator", VALIDATE) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut all = Scenario::all();
    all.sort_by_key(|scenario| scenario.name != "https_http2");
    for scenario in all {
        for with_secrets in [false, true] {
            let file = folder
                .path()
                .join(format!("{}-{with_secrets}.har", scenario.name));
            std::fs::write(&file, written(&scenario, with_secrets)).unwrap();
            node.arg(file);
        }
    }
    peer::satisfied(node);
}

#[test]
fn timings_add_up_to_the_time_and_follow_the_rule_of_minus_one() {
    for scenario in Scenario::all() {
        for entry in entries(&written(&scenario, false)) {
            let timing = |name: &str| entry["timings"][name].as_f64().unwrap();
            let sum: f64 = ["blocked", "dns", "connect", "send", "wait", "receive"]
                .map(timing)
                .iter()
                .filter(|time| **time >= 0.0)
                .sum();
            let time = entry["time"].as_f64().unwrap();
            assert!(
                (sum - time).abs() < 1e-9 * time.max(1.0),
                "{}: {sum} {time}",
                scenario.name
            );
            for name in ["blocked", "dns", "connect", "ssl"] {
                assert!(
                    timing(name) >= 0.0 || timing(name).to_bits() == (-1.0_f64).to_bits(),
                    "{}: {name}",
                    scenario.name
                );
            }
            for name in ["send", "wait", "receive"] {
                assert!(timing(name) >= 0.0, "{}: {name}", scenario.name);
            }
            assert!(
                timing("ssl") <= timing("connect"),
                "{}: connect includes ssl",
                scenario.name
            );
        }
    }
}

#[test]
fn what_went_over_a_connection_that_was_there_had_nothing_to_connect() {
    let entries = entries(&written(&Scenario::named("redirects"), false));
    let connected = |entry: &Value| {
        ["dns", "connect", "ssl"].map(|name| entry["timings"][name].as_f64().unwrap() >= 0.0)
    };
    assert_eq!(connected(&entries[0]), [true, true, false]);
    assert_eq!(connected(&entries[1]), [false, false, false]);
    assert_eq!(entries[0]["connection"], entries[1]["connection"]);
}

#[test]
fn bodies_are_there_only_for_who_asked_for_secrets() {
    let body = |name: &str, with_secrets| {
        entries(&written(&Scenario::named(name), with_secrets))[0]["response"]["content"].clone()
    };
    assert_eq!(body("https_http2", false)["text"], Value::Null);
    assert_eq!(
        body("https_http2", false)["comment"],
        "the body is omitted, as it may contain secrets"
    );
    assert!(
        body("https_http2", true)["text"]
            .as_str()
            .unwrap()
            .starts_with("{\"users\"")
    );
    assert_eq!(
        body("https_http2", true)["comment"],
        "the text is the beginning of the body"
    );
}

#[test]
fn parameters_are_parsed_and_tokens_among_them_masked() {
    let written = |with_secrets| {
        entries(&written(&Scenario::named("redirects"), with_secrets))[2]["request"]["queryString"]
            .clone()
    };
    let parameters = |token: &str| {
        serde_json::json!([
            { "name": "access_token", "value": token },
            { "name": "page", "value": "2" },
        ])
    };
    assert_eq!(written(false), parameters("REDACTED"));
    assert_eq!(written(true), parameters("tok-789"));
}

#[test]
fn behind_a_proxy_the_servers_address_is_not_known() {
    for scenario in ["socks5_proxy", "proxy_auth_required"] {
        let entries = entries(&written(&Scenario::named(scenario), false));
        assert!(
            entries
                .iter()
                .all(|entry| entry["serverIPAddress"].is_null()),
            "{scenario}"
        );
    }
    assert_eq!(
        entries(&written(&Scenario::named("https_http2"), false))[0]["serverIPAddress"],
        "10.7.0.10"
    );
}
