//! Every scenario is folded into a trace, checked against what it expects and against the law of
//! the fold, and written as every report.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod findings;
mod scenario;

use std::io::Cursor;
use std::sync::Arc;

use findings::findings;
use scenario::{Scenario, differences};
use tapline::archive::Archive;
use tapline::archive::saving::{SaveOptions, Saver};
use tapline::insight::redact::RedactionRules;
use tapline::insight::redact::Redactor;
use tapline::report::{self, Format, ReportOptions};
use tapline::trace::{ByteStore, Event, PacketLocation, StoreError, Trace};
use tapline::units::is_unsafe_for_terminal;
use unicode_width::UnicodeWidthStr;

#[test]
fn every_scenario_is_found_as_expected() {
    let all = Scenario::all();
    assert!(!all.is_empty(), "the scenarios were not found");
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|scenario| {
            let list = differences(&scenario.expect, &findings(&scenario.trace()));
            list.into_iter()
                .map(|difference| format!("{}: {difference}", scenario.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn events_written_read_and_folded_again_give_the_same_trace() {
    for scenario in Scenario::all() {
        let lines: Vec<String> = scenario
            .events
            .iter()
            .map(|event| serde_json::to_string(event).unwrap())
            .collect();
        let read = lines
            .iter()
            .map(|line| serde_json::from_str::<Event>(line).unwrap());
        assert_eq!(
            Trace::from_events(read),
            scenario.trace(),
            "{}",
            scenario.name
        );
    }
}

/// No bytes are kept of a scenario's packets, so all is told in the journal.
#[test]
fn a_scenario_that_is_saved_as_a_file_and_opened_gives_the_same_trace() {
    for scenario in Scenario::all() {
        for with_secrets in [false, true] {
            let redactor = Redactor::new(with_secrets);
            let store = Arc::new(Nothing);
            let means = SaveOptions {
                interfaces: Vec::new(),
                store,
                rules: RedactionRules::default(),
                with_secrets,
                live: false,
            };
            let mut saver = Saver::begin(Vec::new(), means).unwrap();
            for event in &scenario.events {
                saver.add_event(event).unwrap();
            }
            let archive = Archive::from_pipe(Cursor::new(saver.finish().unwrap())).unwrap();
            let mut trace = Trace::default();
            let kept = archive.read_events(|event| trace.apply(event));
            assert_eq!(kept.error, None);
            let expected = scenario
                .events
                .iter()
                .map(|event| without_places(&redactor.event(event)));
            assert_eq!(trace, Trace::from_events(expected), "{}", scenario.name);
        }
    }
}

/// Has no packet's bytes.
struct Nothing;

impl ByteStore for Nothing {
    fn read(&self, stored: PacketLocation, _: usize, _: &mut Vec<u8>) -> Result<(), StoreError> {
        Err(StoreError::Truncated {
            at: stored.at,
            needed: stored.bytes.get().into(),
            found: 0,
        })
    }

    fn link_type(&self, _: u16) -> Option<u16> {
        None
    }
}

fn without_places(event: &Event) -> Event {
    let mut event = event.clone();
    event.kind.clear_stored_locations();
    event
}

/// Snapshots lie in `snapshots/`, named by scenario and report alone.
fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// Scenarios whose reports in every format are kept to be read; of the others only those in the
/// formats of this program's own are.
const READ_IN_EVERY_FORMAT: [&str; 4] = ["https_http2", "redirects", "nxdomain", "hostile_text"];

fn is_kept(scenario: &str, format: Format) -> bool {
    matches!(format, Format::Text | Format::Json | Format::Events)
        || READ_IN_EVERY_FORMAT.contains(&scenario)
}

#[test]
fn every_scenario_is_written_as_every_report() {
    let options = ReportOptions::default();
    snapshots().bind(|| {
        for scenario in Scenario::all() {
            let trace = scenario.trace();
            for format in Format::ALL {
                let written = report::write_report(&trace, format, &options);
                // Records of CSV end with CR LF.
                let written = if format == Format::Csv {
                    written.replace("\r\n", "\n")
                } else {
                    written
                };
                assert!(
                    !written
                        .chars()
                        .any(|c| c != '\n' && is_unsafe_for_terminal(c)),
                    "{} as {}",
                    scenario.name,
                    format.name()
                );
                if is_kept(&scenario.name, format) {
                    // Pages are looked at in `tests/pages/main.rs`.
                    if format != Format::Html {
                        insta::assert_snapshot!(
                            format!("{}.{}", scenario.name, format.name()),
                            written
                        );
                    }
                }
            }
            let curl =
                report::write_out("%{json}\n%{header_json}\n%{certs}", &trace, &options).stdout;
            assert!(
                !curl.chars().any(|c| c != '\n' && is_unsafe_for_terminal(c)),
                "{} as curl's",
                scenario.name
            );
            insta::assert_snapshot!(format!("{}.curl", scenario.name), curl);
        }
    });
}

#[test]
fn text_adapts_to_the_terminal() {
    let options = |width| ReportOptions {
        width,
        ..ReportOptions::default()
    };
    for (name, shape, options) in [
        ("https_http2", "40", options(40)),
        ("https_http2", "120", options(120)),
        (
            "https_http2",
            "ascii",
            ReportOptions {
                ascii: true,
                ..ReportOptions::default()
            },
        ),
        (
            "https_http2",
            "color",
            ReportOptions {
                color: true,
                ..ReportOptions::default()
            },
        ),
        (
            "certificate_expired",
            "color",
            ReportOptions {
                color: true,
                ..ReportOptions::default()
            },
        ),
        ("connect_refused", "40", options(40)),
        ("repeated", "40", options(40)),
        (
            "socks5_proxy",
            "ascii",
            ReportOptions {
                ascii: true,
                with_secrets: true,
                ..ReportOptions::default()
            },
        ),
    ] {
        let written =
            report::text_report(&Scenario::named(name).trace(), &options).replace('\x1b', "␛");
        snapshots().bind(|| insta::assert_snapshot!(format!("{name}.text-{shape}"), written));
    }
}

#[test]
fn text_stays_within_its_width() {
    for scenario in Scenario::all() {
        let trace = scenario.trace();
        for width in 48..=140 {
            let written = report::text_report(
                &trace,
                &ReportOptions {
                    width,
                    ..ReportOptions::default()
                },
            );
            for line in written.lines() {
                assert!(
                    line.width() <= width,
                    "{} at {width}: {line}",
                    scenario.name
                );
            }
        }
    }
}

#[test]
fn secrets_stay_out_of_every_report_unless_asked_for() {
    const SECRETS: [&str; 7] = [
        "hunter2",
        "YWRhOmh1bnRlcjI",
        "k-123",
        "s3cr3t-token",
        "abc123",
        "def456",
        "tok-789",
    ];
    let all = Scenario::all();
    let written = |with_secrets| -> String {
        let options = ReportOptions {
            with_secrets,
            ..ReportOptions::default()
        };
        let reports = all.iter().flat_map(|scenario| {
            Format::ALL.map(|format| report::write_report(&scenario.trace(), format, &options))
        });
        let curls = all.iter().map(|scenario| {
            report::write_out("%{json}%{header_json}", &scenario.trace(), &options).stdout
        });
        reports.chain(curls).collect()
    };
    let (masked, plain) = (written(false), written(true));
    for secret in SECRETS {
        assert!(plain.contains(secret), "{secret} should be there");
        assert!(!masked.contains(secret), "{secret} should be masked");
    }
}

#[test]
fn a_key_that_means_nothing_is_refused() {
    let file = |event: &str| {
        Scenario::parse(
            "test".to_owned(),
            &format!("about = \"\"\nevents = [{event}]\n[expect]\n"),
        )
    };
    let refusal = |event: &str| file(event).err().expect("it is refused");
    assert!(file(r#"{ at_ns = 1, event = "run_ended" }"#).is_ok());
    assert_eq!(
        refusal(r#"{ at_ns = 1, event = "run_ended", why = "x" }"#),
        "event 0: /why means nothing here"
    );
    assert!(refusal(r#"{ at_ns = 1, event = "no_such" }"#).contains("unknown variant `no_such`"));
    assert_eq!(
        refusal(
            r#"{ at_ns = 1, event = "kernel_measured", connection = 0, figures = { rtt = 1 } }"#
        ),
        "event 0: /figures/rtt means nothing here"
    );
}

#[test]
fn an_expectation_that_is_not_met_is_told_with_its_place() {
    let scenario = Scenario::named("nxdomain");
    let found = findings(&scenario.trace());
    let wanted = serde_json::json!({
        "outcome": "ok",
        "exchanges": [{ "total_ns": 1, "colour": "red" }],
        "capture": "off",
    });
    let mut told = differences(&wanted, &found);
    told.sort();
    assert_eq!(
        told,
        [
            "/exchanges/0/colour means nothing here",
            "/exchanges/0/total_ns is 12420000, wanted 1",
            "/outcome is \"failed\", wanted \"ok\""
        ]
    );
}
