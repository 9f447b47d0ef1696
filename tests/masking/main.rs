//! Secrets stay where they are: in no export, no comparison, no refusal; and what is harmless is
//! shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

mod planted;

use planted::Planted;

const FORMATS: [&str; 10] = [
    "text",
    "json",
    "events",
    "svg",
    "html",
    "markdown",
    "har",
    "csv",
    "prometheus",
    "junit",
];

fn tapline(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("tapline").unwrap();
    command.args(arguments).env("LANG", "C.UTF-8");
    for name in [
        "http_proxy",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
        "SSLKEYLOGFILE",
    ] {
        command.env_remove(name);
    }
    command
}

/// The file in every format.
fn reported(file: &Path, options: &[&str]) -> Vec<(&'static str, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = |format: &str| folder.path().join(format);
    let formats = FORMATS.map(|format| format!("--format={format}={}", path(format).display()));
    let formats: Vec<&str> = formats.iter().map(String::as_str).collect();
    tapline(&[&["report", file.to_str().unwrap()], &formats[..], options].concat())
        .assert()
        .success();
    FORMATS
        .iter()
        .map(|format| (*format, fs::read_to_string(path(format)).unwrap()))
        .collect()
}

/// The values that a text has in it: a word and a number.
fn numbered<'t>(text: &'t str, word: &str) -> HashSet<&'t str> {
    text.match_indices(word)
        .filter_map(|(at, _)| text.get(at..at + word.len() + "0000q".len()))
        .collect()
}

/// Where those stand that were seen, or those that were not.
fn places<'p>(
    planted: &'p [(String, String)],
    seen: &HashSet<&str>,
    are_seen: bool,
) -> Vec<&'p str> {
    planted
        .iter()
        .filter(|(_, value)| seen.contains(value.as_str()) == are_seen)
        .map(|(place, _)| place.as_str())
        .collect()
}

#[test]
fn no_export_of_others_files_has_a_secret_in_it() {
    let (planted, folder) = (Planted::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("others.har");
    fs::write(&file, planted.har()).unwrap();
    for options in [&[][..], &["--mask", "normal"], &["--mask", "strict"]] {
        for (format, text) in reported(&file, options) {
            assert!(
                text.contains("h.test") || ["svg", "prometheus"].contains(&format),
                "{format} has the run in it"
            );
            let leaks = places(&planted.secrets, &numbered(&text, "Canary"), true);
            assert!(leaks.is_empty(), "{format} {options:?}: {leaks:?}");
            assert!(!text.contains("Canary"), "{format}: a part of a secret");
        }
    }
    let shown = reported(&file, &["--with-secrets"]);
    assert!(
        shown == reported(&file, &["--mask", "none", "--with-secrets"]),
        "two spellings of the same"
    );
    for (format, text) in shown
        .iter()
        .filter(|(format, _)| ["json", "har", "events"].contains(format))
    {
        let missing = places(&planted.secrets, &numbered(text, "Canary"), false);
        assert!(
            missing.is_empty(),
            "{format}: what is planted is not told at all: {missing:?}"
        );
    }
}

#[test]
fn what_is_harmless_is_shown() {
    let (planted, folder) = (Planted::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("others.har");
    fs::write(&file, planted.har()).unwrap();
    for (format, text) in reported(&file, &[])
        .iter()
        .filter(|(format, _)| ["json", "har", "events"].contains(format))
    {
        let missing = places(&planted.harmless, &numbered(text, "Harmless"), false);
        assert!(missing.is_empty(), "{format}: {missing:?}");
    }
    let strict = reported(&file, &["--mask", "strict"]);
    let (_, text) = &strict[1];
    let shown = places(&planted.harmless, &numbered(text, "Harmless"), true);
    assert!(
        shown.contains(&"parameter page") && shown.contains(&"field Retry-After"),
        "{shown:?}"
    );
    assert!(
        !shown.contains(&"field X-Request-Id") && !shown.contains(&"parameter state"),
        "{shown:?}"
    );
}

#[test]
fn no_comparison_has_a_secret_in_it() {
    let (planted, folder) = (Planted::new(), tempfile::tempdir().unwrap());
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let before = file("before.har", &planted.har());
    let after = file(
        "after.har",
        &planted
            .har()
            .replace("Canary", "Canary-other-")
            .replace("\"wait\":1.0", "\"wait\":900.0"),
    );
    for format in ["text", "json", "markdown"] {
        let output = tapline(&["diff", &before, &after, "--format", format])
            .assert()
            .code(4)
            .get_output()
            .stdout
            .clone();
        let text = String::from_utf8(output).unwrap();
        assert!(text.contains("h.test"), "{format}: {text}");
        assert!(
            !text.contains("Canary"),
            "{format}: {}",
            text.lines().find(|line| line.contains("Canary")).unwrap()
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn no_refusal_has_a_secret_in_it() {
    for (arguments, says) in [
        (
            &["probe", "http://ada:Canary@local host/"][..],
            "'http://REDACTED@local host/' is not a URL",
        ),
        (
            &["probe", "http://ada:Canary pass@h o/Canary?x=Canary"],
            "is not a URL",
        ),
        (&["probe", "http://ada:Can/ary@h o/"], "is not a URL"),
        (&["probe", "ada:Canary"], "is not a URL"),
        (&["http://ada:Canary@local host/"], "is not a URL"),
        (
            &["probe", "gopher://ada:Canary@h/"],
            "the scheme 'gopher' is not supported",
        ),
        (
            &["probe", "-H", "Canary", "http://127.0.0.1:1/"],
            "-H: a header field must contain a colon",
        ),
        (
            &["probe", "-H", "Bearer Canary: x", "http://127.0.0.1:1/"],
            "-H: the name is invalid",
        ),
        (
            &[
                "probe",
                "-H",
                "X-Key: Can\u{1}Canary",
                "http://127.0.0.1:1/",
            ],
            "-H: the value of 'X-Key' contains a control character",
        ),
        (
            &[
                "probe",
                "--doh-url",
                "https://ada:Canary@h o/",
                "http://127.0.0.1:1/",
            ],
            "--doh-url: 'https://REDACTED@h o/' is not a URL",
        ),
        (
            &[
                "probe",
                "-x",
                "http://ada:Canary@h:port/",
                "http://127.0.0.1:1/",
            ],
            "--proxy: the proxy address \"h:port/\" cannot be parsed",
        ),
        (
            &["probe", "-x", "ada:Canary@h://x", "http://127.0.0.1:1/"],
            "--proxy: ",
        ),
        (
            &[
                "probe",
                "--resolve",
                "ada:Canary@h:443",
                "http://127.0.0.1:1/",
            ],
            "--resolve ",
        ),
        (
            &[
                "probe",
                "--connect-to",
                "ada:Canary@h",
                "http://127.0.0.1:1/",
            ],
            "--connect-to ",
        ),
        (
            &[
                "probe",
                "--dns-servers",
                "ada:Canary@h",
                "http://127.0.0.1:1/",
            ],
            "--dns-servers",
        ),
        (
            &[
                "probe",
                "--webhook",
                "ftp://ada:Canary@h/Canary",
                "http://127.0.0.1:1/",
            ],
            "--webhook: ",
        ),
        (
            &[
                "probe",
                "--otlp",
                "http://ada:Canary@h o/",
                "http://127.0.0.1:1/",
            ],
            "--otlp: ",
        ),
        (
            &[
                "probe",
                "--json",
                "@{\"token\":\"Canary\"}",
                "http://127.0.0.1:1/",
            ],
            "--json @",
        ),
        (
            &["probe", "-d", "@password=Canary", "http://127.0.0.1:1/"],
            "-d @",
        ),
        (
            &["probe", "-F", "Canary", "http://127.0.0.1:1/"],
            "-F: a form field must contain =",
        ),
        (
            &["probe", "--redact", "(Canary", "http://127.0.0.1:1/"],
            "--redact: pattern 1 is not a valid regular expression",
        ),
        (
            &["probe", "--tokne=Canary", "http://127.0.0.1:1/"],
            "unexpected argument '--tokne'",
        ),
        (
            &["probe", "-m", "ada:Canary@h", "http://127.0.0.1:1/"],
            "for '--max-time <SECONDS>'",
        ),
        (
            &["doctor", "Canary"],
            "unexpected argument 'number 2 (6 characters)'",
        ),
        (&["man", "token=Canary"], "there is no command"),
        (&["report", "/nowhere/token=Canary"], "No such file"),
        (&["diff", "/nowhere/token=Canary", "x"], "No such file"),
    ] {
        let assert = tapline(arguments).assert().code(2);
        let told = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
        assert!(
            !told.contains("Canary") && !told.contains("ary@"),
            "{arguments:?}: {told}"
        );
        assert!(told.contains(says), "{arguments:?}: {told}");
    }
}

#[test]
fn no_refusal_of_a_suite_has_a_secret_in_it() {
    let folder = tempfile::tempdir().unwrap();
    for (number, endpoint) in [
        "url = 'http://ada:Canary@h o/'",
        "url = 'http://h/'\nheader = ['X-Auth-Key Canary']",
        "url = 'http://h/'\nproxy = 'http://ada:Canary@h:port'",
        "url = 'http://h/'\nmax-time = 'token=Canary'",
        "url = 'http://h/'\nresolve = ['ada:Canary@h:1']",
    ]
    .iter()
    .enumerate()
    {
        let file = folder.path().join(format!("{number}.toml"));
        fs::write(&file, format!("[[endpoint]]\n{endpoint}\n")).unwrap();
        let assert = tapline(&["probe", "--suite", file.to_str().unwrap()])
            .assert()
            .code(2);
        let told = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
        assert!(!told.contains("Canary"), "{told}");
    }
}

#[test]
fn levels_are_options_wherever_secrets_are() {
    for command in [
        &[][..],
        &["probe"],
        &["report"],
        &["open"],
        &["diff"],
        &["lab"],
    ] {
        let help = tapline(&[command, &["--help"]].concat())
            .assert()
            .success()
            .get_output()
            .stdout
            .clone();
        let help = String::from_utf8(help).unwrap();
        assert!(
            help.contains("Secrets:")
                && help.contains("--mask <LEVEL>")
                && help.contains("normal   strict   none"),
            "{command:?}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.har");
    fs::write(&file, Planted::new().har()).unwrap();
    let file = file.to_str().unwrap();
    for (options, says) in [
        (
            &["--mask", "strict", "--with-secrets"][..],
            "--mask strict contradicts --with-secrets",
        ),
        (
            &["--mask", "normal", "--with-secrets"],
            "--mask normal contradicts --with-secrets",
        ),
        (
            &["--mask", "none", "--redact", "x"],
            "--mask none contradicts --redact",
        ),
        (
            &["--mask", "loose"],
            "invalid value 'loose' for '--mask <LEVEL>'",
        ),
    ] {
        for command in [
            &["report", file][..],
            &["open", file],
            &["diff", file, file],
            &["probe", "http://127.0.0.1:1/"],
            &["http://127.0.0.1:1/"],
        ] {
            let assert = tapline(&[command, options].concat()).assert().code(2);
            let told = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
            assert!(told.contains(says), "{command:?} {options:?}: {told}");
        }
    }
}

#[test]
fn a_probe_masks_what_it_asks_for_and_what_fails() {
    // Nothing listens on port 1: the reports tell of a failure.
    let url = "http://ada:Canary1@127.0.0.1:1/a;sid=Canary2\
        ?next=http%3A%2F%2Fh%2F%3Fauth_key%3DCanary3&SAMLResponse=Canary4";
    for format in FORMATS {
        let assert = tapline(&[
            "probe",
            "--capture",
            "off",
            "--format",
            format,
            "-H",
            "X-Functions-Key: Canary5",
            url,
        ])
        .assert()
        .code(3);
        let told = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        assert!(!told.contains("Canary"), "{format}: {told}");
    }
    let mut strict = tapline(&[
        "probe",
        "--capture",
        "off",
        "--format",
        "json",
        "--mask",
        "strict",
        "http://127.0.0.1:1/?q=Private&page=2",
    ]);
    let output = strict.assert().code(3).get_output().stdout.clone();
    let document: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(
        document["exchanges"][0]["url"],
        "http://127.0.0.1:1/?q=REDACTED&page=2"
    );
}
