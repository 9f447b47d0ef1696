//! `tapline diff` over files of every kind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assert_cmd::Command;
use serde_json::Value;
use tapline::archive::saving::{SaveOptions, Saver};
use tapline::insight::redact::RedactionRules;
use tapline::report::{self, Format, ReportOptions};
use tapline::trace::{ByteStore, PacketLocation, StoreError, Trace};

use crate::scenario::Scenario;

fn tapline(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("tapline").unwrap();
    command
        .args(arguments)
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("LC_CTYPE");
    command
}

/// What was written, and the exit code.
fn ran(arguments: &[&str]) -> (String, i32) {
    let output = tapline(arguments).output().unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (told.concat(), output.status.code().unwrap())
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

/// A scenario as a saved run, as a summary and as a HAR.
fn files(folder: &Path, name: &str) -> [PathBuf; 3] {
    let scenario = Scenario::named(name);
    let means = SaveOptions {
        interfaces: Vec::new(),
        store: Arc::new(Nothing),
        rules: RedactionRules::default(),
        with_secrets: false,
        live: false,
    };
    let mut saver = Saver::begin(Vec::new(), means).unwrap();
    for event in &scenario.events {
        saver.add_event(event).unwrap();
    }
    let trace = scenario.trace();
    let text =
        |format| report::write_report(&trace, format, &ReportOptions::default()).into_bytes();
    let kinds = [
        ("pcapng", saver.finish().unwrap()),
        ("json", text(Format::Json)),
        ("har", text(Format::Har)),
    ];
    kinds.map(|(kind, bytes)| {
        let path = folder.join(format!("{name}.{kind}"));
        std::fs::write(&path, bytes).unwrap();
        path
    })
}

#[test]
fn a_run_its_summary_and_its_har_are_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "https_http2",
        "redirects",
        "repeated",
        "certificate_expired",
        "nxdomain",
    ] {
        let files = files(folder.path(), name);
        for before in &files {
            for after in &files {
                let paths = [before, after].map(|path| path.to_str().unwrap());
                let (text, code) = ran(&["diff", paths[0], paths[1], "--format", "json"]);
                assert_eq!(code, 0, "{paths:?}: {text}");
                let document: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(
                    (&document["only_before"], &document["only_after"]),
                    (&Value::Array(vec![]), &Value::Array(vec![])),
                    "{paths:?}"
                );
                for transfer in document["transfers"].as_array().unwrap() {
                    let difference = transfer["total"]["difference_ns"].as_i64();
                    assert!(
                        difference.is_none_or(|by| by.abs() < 2_000),
                        "{paths:?}: {transfer}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_regression_ends_with_4_and_what_cannot_be_read_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let good = files(folder.path(), "https_http2");
    let bad = files(folder.path(), "certificate_expired");
    let [good, bad] = [&good[0], &bad[1]].map(|path| path.to_str().unwrap());
    let (text, code) = ran(&["diff", good, bad]);
    assert_eq!(code, 4, "{text}");
    assert!(
        text.starts_with("Fails now; did not fail before.\nFailed in TLS: "),
        "{text}"
    );
    assert_eq!(ran(&["diff", bad, good]).1, 0);
    for (arguments, sentence) in [
        (["diff", good, "/nowhere"], "No such file"),
        (
            ["diff", good, env!("CARGO_MANIFEST_DIR")],
            "it is a directory",
        ),
        (
            [
                "diff",
                good,
                concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            ],
            "not a capture file",
        ),
        (
            [
                "diff",
                good,
                concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/assets/schema/diff-1.schema.json"
                ),
            ],
            "JSON, but neither a HAR",
        ),
    ] {
        let (text, code) = ran(&arguments);
        assert!(code == 2 && text.contains(sentence), "{code}: {text}");
    }
    let (text, code) = ran(&["diff", good, good, "--tolerance", "much"]);
    assert!(
        code == 2
            && text.contains(
                "not a tolerance; expected a percentage or a duration, such as 10% or 20ms"
            ),
        "{text}"
    );
    let (text, code) = ran(&["diff", good, good, "--format", "svg"]);
    assert!(
        code == 2 && text.contains("expected text, json or markdown"),
        "{text}"
    );
}

#[test]
fn reports_go_to_files_and_secrets_stay_masked() {
    let folder = tempfile::tempdir().unwrap();
    let [good, slow] = ["https_http2", "losses"].map(|name| files(folder.path(), name)[0].clone());
    let comment = folder.path().join("comment.md");
    let to_file = format!("markdown={}", comment.display());
    let (text, _) = ran(&[
        "diff",
        good.to_str().unwrap(),
        slow.to_str().unwrap(),
        "--format",
        &to_file,
        "--format",
        "json",
        "--redact",
        "lab",
    ]);
    assert!(serde_json::from_str::<Value>(&text).is_ok());
    let written = std::fs::read_to_string(comment).unwrap();
    assert!(
        written.starts_with("# ") && !written.contains("api.lab.test"),
        "{written}"
    );
}

/// The timings of a HAR that was read and written again.
#[test]
fn a_har_read_and_written_again_says_the_same_times() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "https_http2",
        "redirects",
        "nxdomain",
        "certificate_expired",
        "happy_eyeballs",
        "hostile_text",
    ] {
        let har = files(folder.path(), name)[2].clone();
        let (text, code) = ran(&["report", har.to_str().unwrap(), "--format", "har"]);
        assert_eq!(code, 0, "{text}");
        let times = |text: &str| {
            let document: Value = serde_json::from_str(text).unwrap();
            let entries = document["log"]["entries"].as_array().unwrap().clone();
            let of = |entry: &Value| {
                (
                    entry["startedDateTime"].clone(),
                    entry["time"].clone(),
                    entry["timings"].clone(),
                    entry["response"]["status"].clone(),
                )
            };
            entries.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(
            times(&text),
            times(&std::fs::read_to_string(&har).unwrap()),
            "{name}"
        );
    }
}

#[test]
fn a_har_is_a_run_of_which_every_report_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let har = files(folder.path(), "redirects")[2].clone();
    let mut trace = Trace::default();
    tapline::archive::Archive::open(&har)
        .unwrap()
        .read_events(|event| trace.apply(event));
    for format in Format::ALL {
        assert!(!report::write_report(&trace, format, &ReportOptions::default()).is_empty());
    }
    assert!(trace.ended().is_some());
}
