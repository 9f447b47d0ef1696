//! What the exit code says, and that a report is written all the same.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::fixture::message::{read_request, response};
use crate::fixture::peer::{Peer, drain};
use crate::fixture::process::{PATIENCE, signal};
use crate::fixture::program::tapline;
use crate::fixture::recorder::Recorder;
use crate::probe::{Report, Run, command, finish, neutral, probe, run};

fn status(args: &[&str]) -> Option<i32> {
    run(command(args)).status
}

#[test]
fn a_response_of_any_status_is_a_success() {
    for line in ["404 Not Found", "500 Internal Server Error"] {
        let peer = Peer::saying(response(line, &[], b"no"));
        let report = probe(&[peer.url("/")]).ok();
        assert_eq!(
            report.only()["status"]
                .as_u64()
                .map(|status| status.to_string())
                .as_deref(),
            line.split(' ').next()
        );
    }
}

#[test]
fn with_fail_an_error_status_is_a_failure() {
    for flag in ["-f", "--fail"] {
        let peer = Peer::saying(response("404 Not Found", &[], b"no"));
        let report =
            probe(&[flag, &peer.url("/")]).failed(&["receive", "wait"], &["http_status"], &["404"]);
        assert_eq!(report.only()["status"], 404);
        let peer = Peer::saying(response("302 Found", &[("Location", "/")], b""));
        probe(&[flag, &peer.url("/")]).ok();
    }
}

#[test]
fn usage_errors_are_2_and_say_what_is_wrong() {
    for (args, said) in [
        (["probe"].as_slice(), "URL"),
        (
            &["probe", "--no-such-option", "http://127.0.0.1/"],
            "--no-such-option",
        ),
        (&["probe", "--format", "xml", "http://127.0.0.1/"], "xml"),
        (
            &["probe", "--budget", "nonsense", "http://127.0.0.1/"],
            "nonsense",
        ),
        (
            &["probe", "--budget", "total<=fast", "http://127.0.0.1/"],
            "fast",
        ),
        (
            &["probe", "--max-time", "soon", "http://127.0.0.1/"],
            "soon",
        ),
        (&["probe", "--max-time", "-1", "http://127.0.0.1/"], "-1"),
        (
            &[
                "probe",
                "--dns-servers",
                "not an address",
                "http://127.0.0.1/",
            ],
            "not an address",
        ),
        (
            &["probe", "-x", "gopher://127.0.0.1", "http://127.0.0.1/"],
            "gopher",
        ),
        (
            &["probe", "--resolve", "nonsense", "http://127.0.0.1/"],
            "nonsense",
        ),
        (
            &[
                "probe",
                "--cacert",
                "/nonexistent.pem",
                "https://127.0.0.1/",
            ],
            "/nonexistent.pem",
        ),
        (
            &["probe", "--cert", "/nonexistent.pem", "https://127.0.0.1/"],
            "/nonexistent.pem",
        ),
        (&["probe", "-b", "/", "http://127.0.0.1/"], "-b"),
        (
            &["probe", "-d", "@/nonexistent.data", "http://127.0.0.1/"],
            "/nonexistent.data",
        ),
        (&["probe", "gopher://127.0.0.1/"], "gopher"),
        (&["probe", "http://"], "http://"),
        (&["probe", "http://127.0.0.1:99999/"], "99999"),
    ] {
        let run = run(command(args));
        assert_eq!(
            run.status,
            Some(2),
            "{args:?}: {}\n{}",
            run.errors(),
            run.text()
        );
        assert!(
            run.errors().contains(said),
            "{args:?} does not name {said}: {}",
            run.errors()
        );
        assert!(run.stdout.is_empty(), "{args:?}: {}", run.text());
    }
}

#[test]
fn a_missed_budget_is_4_and_a_kept_one_0() {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        std::thread::sleep(Duration::from_millis(120));
        let _ = stream.write_all(&response("200 OK", &[], b"late"));
    });
    let url = peer.url("/");
    for (budget, expected) in [
        ("total<=100ms", 4),
        ("wait<=100ms", 4),
        ("ttfb<=100ms", 4),
        ("total<=30s", 0),
        ("connect<=10s,wait<=30s", 0),
        ("connect<=10s,wait<=1ms", 4),
        ("total<=0.05s", 4),
    ] {
        assert_eq!(
            status(&["probe", "--capture", "off", "--budget", budget, &url]),
            Some(expected),
            "{budget}"
        );
    }
    let mut command = command(&[
        "probe",
        "--format",
        "json",
        "--capture",
        "off",
        "--budget",
        "wait<=100ms",
    ]);
    command.arg(&url);
    let run = run(command);
    assert_eq!(run.status, Some(4));
    let document: Value = serde_json::from_slice(&run.stdout).expect("a document");
    assert_eq!(
        document["outcome"]["status"], "ok",
        "the probe itself went well\n{document:#}"
    );
    assert!(
        run.errors().contains("wait"),
        "which budget was missed is said: {}",
        run.errors()
    );
}

/// Beyond the limit by no more than the tolerance is a warning; what was not measured is said.
#[test]
fn what_is_tolerated_or_not_measured_is_said_and_is_no_miss() {
    let server = Recorder::ok();
    for (budget, expected, said) in [
        ("total<=0ms+-1min", Some(0), "misses the limit by"),
        (
            "wire_wait<=1min,tls<=1s",
            Some(0),
            "tls <= 1.00 s: not measured",
        ),
        ("http_version>=2", Some(4), "http >= 2: missed"),
        (
            "status<400,request_body_bytes=0,cert_days>=14",
            Some(0),
            "cert_days >= 14 days: not measured",
        ),
        ("p95(total)<=1ns", Some(4), "p95(total) <= 1 ns: missed by"),
    ] {
        let run = run(command(&[
            "probe",
            "--capture",
            "off",
            "--repeat",
            "3",
            "--budget",
            budget,
            &server.url("/"),
        ]));
        assert_eq!(run.status, expected, "{budget}: {}", run.errors());
        assert!(run.errors().contains(said), "{budget}: {}", run.errors());
    }
}

/// A failed probe is a failed probe, whatever the budget says, unless it says how many may fail.
#[test]
fn a_failure_outweighs_a_budget() {
    let port = crate::fixture::port::closed();
    for (budget, expected) in [
        ("failures<=1", 0),
        ("failures<=1,total<=1ns", 4),
        ("failures<1", 3),
        ("failures<=1,failures=0", 3),
    ] {
        let args = [
            "probe",
            "--capture",
            "off",
            "--budget",
            budget,
            &format!("http://127.0.0.1:{port}/"),
        ];
        assert_eq!(status(&args), Some(expected), "{budget}");
    }
    assert_eq!(
        status(&[
            "probe",
            "--capture",
            "off",
            "--budget",
            "total<=1ns",
            &format!("http://127.0.0.1:{port}/")
        ]),
        Some(3)
    );
}

/// Ctrl-C within the body: exit code 130, and the report tells what was there until then. The same
/// for a polite end.
#[test]
fn interrupted() {
    for (name, status) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        interrupted_by(name, status);
    }
}

fn interrupted_by(name: &str, status: i32) {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
        drain(&mut stream);
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("run.json");
    let mut command = command(&[
        "probe",
        "--capture",
        "off",
        "--format",
        "events",
        "--format",
        &format!("json={}", file.display()),
    ]);
    let mut child = command
        .arg(peer.url("/"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The events tell when the body has begun.
    let mut lines = BufReader::new(child.stdout.take().expect("piped"))
        .lines()
        .map_while(Result::ok);
    assert!(
        lines.any(|line| is_event(&line, "response_head")),
        "the response is told"
    );
    signal(child.id(), name);
    for _ in lines {}
    let run = finish(child);
    assert_eq!(run.status, Some(status), "{name}: {}", run.errors());
    let stdout = std::fs::read(file).expect("the document is written all the same");
    let report = Report::from(Run { stdout, ..run }, "interrupted");
    assert_eq!(report.json["outcome"]["status"], "failed", "{report}");
    assert_eq!(
        report.json["outcome"]["error"]["code"], "interrupted",
        "{report}"
    );
    assert_eq!(
        report.json["outcome"]["failed_phase"], "receive",
        "{report}"
    );
    assert_eq!(report.only()["status"], 200);
}

/// A probe within the body of a response, by a shell's words before it, and what is in the folder
/// once signals ended it.
fn ended_by(names: &[&str], before: &str) -> (Option<i32>, Vec<String>) {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
        drain(&mut stream);
    });
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &format!("{before} exec \"$@\""), "sh"])
        .arg(tapline())
        .args(["probe", "--capture", "off", "--format", "events"]);
    command
        .args(["--save", "run.pcapng"])
        .arg(peer.url("/"))
        .current_dir(folder.path());
    neutral(&mut command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"))
        .lines()
        .map_while(Result::ok);
    assert!(
        lines.any(|line| is_event(&line, "response_head")),
        "the response is told"
    );
    for name in names {
        signal(child.id(), name);
    }
    for _ in lines {}
    let run = finish(child);
    let names = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned());
    (run.status, names.collect())
}

#[test]
fn a_signal_that_was_ignored_before_stays_so() {
    let (status, files) = ended_by(&["HUP", "TERM"], "trap '' HUP;");
    assert_eq!((status, files), (Some(143), vec!["run.pcapng".to_owned()]));
}

/// They end the program as if it did not know of them; but what it had begun to write is gone.
#[test]
fn signals_that_nobody_waits_for_leave_no_file_in_part() {
    for name in [
        "ABRT", "USR1", "USR2", "ALRM", "VTALRM", "PROF", "XCPU", "QUIT", "SEGV", "BUS", "FPE",
        "ILL", "SYS", "TRAP",
    ] {
        let (status, files) = ended_by(&[name], "");
        assert_eq!(status, None, "{name} ends it");
        assert!(files.is_empty(), "{name} leaves {files:?}");
    }
}

fn is_event(line: &str, name: &str) -> bool {
    serde_json::from_str::<Value>(line).is_ok_and(|event| event["event"] == name)
}

#[test]
fn the_same_request_again_and_again() {
    let server = Recorder::ok();
    let report = probe(&["--repeat", "3", &server.url("/")]).ok();
    assert_eq!(report.exchanges().len(), 3, "{report}");
    assert_eq!(server.take().len(), 3);
}

#[test]
fn several_urls() {
    let (one, two) = (Recorder::ok(), Recorder::ok());
    let report = probe(&[one.url("/1"), two.url("/2")]).ok();
    let urls: Vec<_> = report
        .exchanges()
        .iter()
        .map(|exchange| exchange["url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(urls, [one.url("/1"), two.url("/2")]);
}

/// Formats may be repeated, and go to files.
#[test]
fn several_formats() {
    let server = Recorder::ok();
    let folder = tempfile::tempdir().expect("a folder");
    let (json, events) = (
        folder.path().join("run.json"),
        folder.path().join("run.events"),
    );
    let run = run(command(&[
        "probe",
        "--capture",
        "off",
        "--format",
        "text",
        "--format",
        &format!("json={}", json.display()),
        "--format",
        &format!("events={}", events.display()),
        &server.url("/"),
    ]));
    assert_eq!(run.status, Some(0), "{}", run.errors());
    assert!(run.text().contains("200"), "{}", run.text());
    let document: Value =
        serde_json::from_slice(&std::fs::read(json).expect("the file")).expect("a document");
    assert_eq!(document["schema"], "tapline/summary/1");
    let events = std::fs::read_to_string(events).expect("the file");
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event a line"))
        .collect();
    assert_eq!(
        events.first().map(|event| &event["event"]),
        Some(&Value::from("run_started"))
    );
    assert_eq!(
        events.last().map(|event| &event["event"]),
        Some(&Value::from("run_ended"))
    );
    let times: Vec<i64> = events
        .iter()
        .filter_map(|event| event["at_ns"].as_i64())
        .collect();
    // An edge may be known only after the fact, such as a response's first byte, and then is told
    // with its own time.
    assert!(
        times.len() == events.len()
            && times
                .iter()
                .all(|time| (0..=times[times.len() - 1]).contains(time)),
        "{times:?}"
    );
}

/// Events are printed as they happen: while the server still waits, the connection is already told.
#[test]
fn events_come_as_they_happen() {
    let (release, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let peer = Peer::tcp(move |mut stream| {
        let _ = read_request(&mut stream);
        let _ = held.lock().expect("the only one").recv_timeout(PATIENCE);
        let _ = stream.write_all(&response("200 OK", &[], b"hello"));
    });
    let mut command = command(&["probe", "--format", "events", "--capture", "off"]);
    command
        .arg(peer.url("/"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"))
        .lines()
        .map_while(Result::ok);
    assert!(
        lines.any(|line| is_event(&line, "request_head")),
        "the request is told before the response is there"
    );
    release.send(()).expect("the server waits");
    assert!(lines.any(|line| is_event(&line, "response_head")));
    for _ in lines {}
    assert!(child.wait().expect("a status").success());
}

/// A reader that goes away is no fault of the program.
#[test]
fn a_closed_pipe_is_no_panic() {
    let server = Recorder::ok();
    let mut command = command(&["probe", "--format", "json", "--capture", "off"]);
    command
        .arg(server.url("/"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop(child.stdout.take());
    let run = finish(child);
    assert!(!run.errors().contains("panicked"), "{}", run.errors());
}
