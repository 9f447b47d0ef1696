//! The command line as a user meets it: what it prints about itself, what it refuses, and its exit
//! codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use assert_cmd::Command;

fn tapline(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("tapline").unwrap();
    command.args(arguments);
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
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("LC_CTYPE");
    command
}

fn stdout(arguments: &[&str]) -> String {
    let output = tapline(arguments)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    String::from_utf8(output).unwrap()
}

/// What a refusal says, without the program's name before it.
fn refusal(arguments: &[&str]) -> String {
    let assert = tapline(arguments).assert().code(2);
    let text = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(
        assert.get_output().stdout.is_empty(),
        "a refusal writes to standard error only"
    );
    text.trim().trim_start_matches("tapline: ").to_owned()
}

#[test]
fn help_in_both_lengths() {
    insta::assert_snapshot!("help_short", stdout(&["-h"]));
    insta::assert_snapshot!("help_long", stdout(&["--help"]));
    insta::assert_snapshot!("help_probe", stdout(&["probe", "-h"]));
    insta::assert_snapshot!("help_lab", stdout(&["lab", "-h"]));
}

#[test]
fn manual_pages_name_every_command_and_exit_code() {
    let page = stdout(&["man"]);
    for word in [
        ".SH SYNOPSIS",
        "EXIT STATUS",
        "ENVIRONMENT",
        "probe",
        "lab",
        "doctor",
        "completions",
    ] {
        assert!(page.contains(word), "{word} is missing");
    }
    assert!(stdout(&["man", "probe"]).contains("tapline probe"));
    assert_eq!(
        refusal(&["man", "nothing"]),
        "there is no command 'nothing'; 'tapline --help' lists all commands"
    );
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&["completions", shell]);
        assert!(
            script.contains("tapline") && script.contains("write-out"),
            "{shell}"
        );
    }
}

#[test]
fn what_cannot_be_followed_is_refused_with_a_sentence() {
    for (arguments, sentence) in [
        (
            &["probe", "--http3", "https://h/"][..],
            "HTTP/3 (--http3) is not supported yet",
        ),
        (
            &["probe", "grpc://h/"],
            "the scheme grpc:// is not supported yet; use http or https",
        ),
        (
            &["probe", "gopher://h/"],
            "the scheme 'gopher' is not supported; use http or https",
        ),
        (
            &["probe", "--format", "xml", "http://h/"],
            "--format: unknown format \"xml\"; expected one of text, json, events, svg, html, \
             markdown, har, csv, prometheus, junit",
        ),
        (
            &["probe", "--format", "json", "--format", "text", "http://h/"],
            "only one output can be written to standard output; write the others to files: \
             --format json=run.json, -o FILE, --save FILE, -c FILE",
        ),
        (
            &["probe", "-H", "no colon", "http://h/"],
            "-H: a header field must contain a colon; expected 'Name: value'",
        ),
        (
            &["probe", "-F", "x", "http://h/"],
            "-F: a form field must contain =; expected name=value",
        ),
        (
            &["probe", "-F", "a=b", "-d", "c", "http://h/"],
            "-F and -d cannot be combined: a body is either a multipart form or data",
        ),
        (
            &["probe", "--resolve", "h:1", "http://h/"],
            "--resolve 'h:1': a part is missing; expected HOST:PORT:ADDRESS[,ADDRESS]",
        ),
        (
            &["probe", "--dns-servers", "dns", "http://h/"],
            "--dns-servers: 'dns' is not an IP address; expected 192.0.2.1, 192.0.2.1:5353 or \
             [2001:db8::1]:53",
        ),
        (
            &["probe", "--tlsv1.3", "--tls-max", "1.2", "https://h/"],
            "--tlsv1.3 with --tls-max 1.2 leaves no TLS version",
        ),
        (
            &["probe", "--doh-url", "http://h/", "http://h/"],
            "--doh-url must be an https URL",
        ),
    ] {
        assert_eq!(refusal(arguments), sentence);
    }
}

#[test]
fn what_was_pasted_is_shown_escaped() {
    let said = refusal(&["probe", "http://\u{1b}[31m\u{202e}/"]);
    assert!(
        !said.contains('\u{1b}') && !said.contains('\u{202e}'),
        "{said:?}"
    );
}

#[test]
fn a_budget_that_cannot_be_read_names_the_place() {
    let said = refusal(&["probe", "--budget", "total<=5parsecs", "http://h/"]);
    assert!(
        said.starts_with("--budget: ") && said.contains("parsecs"),
        "{said}"
    );
}

#[test]
fn without_a_terminal_the_lab_prints_the_report_and_says_so() {
    let assert = tapline(&["lab", "--capture", "off"]).assert().success();
    let (out, err) = (&assert.get_output().stdout, &assert.get_output().stderr);
    let report = String::from_utf8_lossy(out);
    assert!(
        report.contains("200 OK") && report.contains("TLS 1.3"),
        "{report}"
    );
    assert!(String::from_utf8_lossy(err).contains("no terminal to draw on"));
}

#[test]
fn exit_codes_tell_a_failed_probe_and_a_missed_budget() {
    tapline(&["lab", "nowhere", "--capture", "off"])
        .assert()
        .code(3);
    tapline(&["lab", "expired", "--capture", "off"])
        .assert()
        .code(3);
    tapline(&["lab", "/status/503", "--capture", "off"])
        .assert()
        .success();
    tapline(&["lab", "/status/503", "--capture", "off", "-f"])
        .assert()
        .code(3);
}

#[test]
fn the_doctor_looks_at_everything() {
    let output = tapline(&["doctor"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for what in [
        "capture",
        "resolver",
        "IPv4",
        "IPv6",
        "trust store",
        "terminal",
        "locale",
        "environment",
    ] {
        assert!(text.contains(what), "{what} is missing in\n{text}");
    }
}
