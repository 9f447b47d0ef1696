//! `tapline probe --suite`: many endpoints, one verdict.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use crate::fixture::message::{read_request, response};
use crate::fixture::peer::{Peer, drain};
use crate::fixture::port;
use crate::fixture::process::{PATIENCE, signal};
use crate::fixture::recorder::Recorder;
use crate::probe::{Run, command, finish, run};

/// A suite's file in a folder of its own.
struct Suite(TempDir);

impl Suite {
    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("suite.toml"), text).expect("a file");
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(&["probe", "--suite", &self.path("suite.toml")]);
        command.args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        run(self.command(args))
    }

    /// The JSON document, and the exit code.
    fn json(&self, args: &[&str]) -> (Value, Option<i32>) {
        let mut command = self.command(&["--format", "json"]);
        command.args(args);
        let run = run(command);
        let document = serde_json::from_slice(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", run.text(), run.errors()));
        (document, run.status)
    }

    /// What is said of a file that cannot be followed.
    fn refusal(&self) -> String {
        let run = self.run(&[]);
        assert_eq!(run.status, Some(2), "{}\n{}", run.text(), run.errors());
        assert!(run.stdout.is_empty());
        run.errors()
            .trim()
            .replace(&format!("tapline: {}: ", self.path("suite.toml")), "")
    }
}

fn endpoint(name: &str, url: &str, more: &str) -> String {
    format!("[[endpoint]]\nname = '{name}'\nurl = '{url}'\n{more}\n\n")
}

fn standings(document: &Value) -> Vec<(&str, &str)> {
    let all = document["endpoints"].as_array().expect("endpoints").iter();
    all.map(|endpoint| {
        (
            endpoint["name"].as_str().unwrap(),
            endpoint["status"].as_str().unwrap(),
        )
    })
    .collect()
}

#[test]
fn each_endpoint_has_its_verdict_in_the_order_of_the_file_and_the_worst_decides() {
    let good = Recorder::ok();
    let bad = Peer::saying(response("503 Service Unavailable", &[], b""));
    let nobody = format!("http://127.0.0.1:{}/", port::closed());
    let ok = endpoint("good", &good.url("/"), "budget = 'total<=1min,status=200'");
    let warned = endpoint(
        "warned",
        &good.url("/"),
        "budget = { total = '<=0ms+-1min', tls = '<1s' }",
    );
    let missed = endpoint("missed", &bad.url("/"), "budget = { status = 200 }");
    let failed = endpoint("failed", &nobody, "budget = { total = '<=1min' }");
    let wanted = endpoint("wanted", &bad.url("/"), "fail = true");
    let allowed = endpoint("allowed", &nobody, "repeat = 2\nbudget = 'failures<=2'");
    for (text, stands, exit) in [
        (
            format!("{ok}{warned}{allowed}"),
            vec![("good", "ok"), ("warned", "warned"), ("allowed", "ok")],
            0,
        ),
        (
            format!("{missed}{ok}"),
            vec![("missed", "missed"), ("good", "ok")],
            4,
        ),
        (
            format!("{missed}{failed}{ok}"),
            vec![("missed", "missed"), ("failed", "failed"), ("good", "ok")],
            3,
        ),
        (wanted, vec![("wanted", "failed")], 3),
    ] {
        let (document, status) = Suite::of(&text).json(&[]);
        assert_eq!(
            (standings(&document), status),
            (stands, Some(exit)),
            "{document:#}"
        );
    }
}

#[test]
fn every_format_tells_of_every_endpoint() {
    let server = Recorder::ok();
    let nobody = format!("http://127.0.0.1:{}/", port::closed());
    let suite = Suite::of(
        &(endpoint("one", &server.url("/1"), "budget = 'total<=1ns'")
            + &endpoint("two", &nobody, "")),
    );
    let file = |format: &str| format!("{format}={}", suite.path(format));
    let formats = ["json", "junit", "markdown", "csv", "prometheus"].map(file);
    let args: Vec<&str> = ["text"]
        .into_iter()
        .chain(formats.iter().map(String::as_str))
        .flat_map(|format| ["--format", format])
        .collect();
    let run = suite.run(&args);
    assert_eq!(run.status, Some(3), "{}", run.errors());
    let text = run.text();
    assert!(
        text.contains("2 endpoints: 1 missed, 1 failed")
            && text.contains("total <= 1 ns: missed by"),
        "{text}"
    );
    for format in ["json", "junit", "markdown", "csv", "prometheus"] {
        let written = std::fs::read_to_string(suite.path(format)).expect("the file");
        assert!(
            written.contains("one") && written.contains("two"),
            "{format}: {written}"
        );
    }
    let junit = std::fs::read_to_string(suite.path("junit")).expect("the file");
    let xml = roxmltree::Document::parse(&junit).expect("XML");
    let suites: Vec<_> = xml
        .descendants()
        .filter(|node| node.has_tag_name("testsuite"))
        .collect();
    let counts: Vec<_> = suites
        .iter()
        .map(|one| ["name", "tests", "failures", "errors"].map(|name| one.attribute(name).unwrap()))
        .collect();
    assert_eq!(counts, [["one", "2", "1", "0"], ["two", "1", "0", "1"]]);
    // Without the table the verdict is on standard error.
    let errors = suite.run(&["--format", "csv"]).errors();
    assert!(
        errors.contains("tapline: 2 endpoints: 1 missed, 1 failed")
            && errors.contains("tapline: one: total <= 1 ns"),
        "{errors}"
    );
    let refused = suite.run(&["--format", "har"]);
    assert_eq!(refused.status, Some(2));
    assert!(
        refused
            .errors()
            .contains("the formats of a suite are text, json, junit, markdown, csv, prometheus"),
        "{}",
        refused.errors()
    );
}

/// The command line comes before the endpoint, the endpoint before the defaults; files are beside
/// the suite; secrets come from outside.
#[test]
fn options_come_from_the_defaults_the_endpoint_the_command_line_and_the_environment() {
    let server = Recorder::ok();
    let text = format!(
        "[defaults]\nheaders = {{ X-One = 'default', X-Two = 'default' }}\nuser-agent = 'from the \
            file'\nbearer = '${{SUITE_TOKEN}}'\n\n{}{}",
        endpoint(
            "own",
            &server.url("/own?token=${SUITE_TOKEN}"),
            "headers = { x-two = 'own' }\ndata = '@body.txt'\nmethod = 'PUT'"
        ),
        endpoint(
            "plain",
            &server.url("/plain"),
            "headers = ['X-Three: ${SUITE_TOKEN}', 'X-Four;']"
        ),
    );
    let suite = Suite::of(&text);
    std::fs::write(suite.path("body.txt"), "from a file").expect("a file");
    let mut command = suite.command(&[
        "--format",
        "json",
        "--parallel",
        "1",
        "-A",
        "from the command line",
    ]);
    let run = run({
        command
            .env("SUITE_TOKEN", "S3cr3tS3cr3tS3cr3t")
            .current_dir(Path::new("/"));
        command
    });
    assert_eq!(run.status, Some(0), "{}", run.errors());
    assert!(!run.text().contains("S3cr3t"), "{}", run.text());
    let requests = server.take();
    let [own, plain] = &requests[..] else {
        panic!("two requests")
    };
    assert_eq!(
        (own.method.as_str(), own.body.as_slice()),
        ("PUT", b"from a file".as_slice())
    );
    assert_eq!(plain.method, "GET");
    for (request, name, value) in [
        (own, "x-one", Some("default")),
        (own, "x-two", Some("own")),
        (own, "user-agent", Some("from the command line")),
        (own, "authorization", Some("Bearer S3cr3tS3cr3tS3cr3t")),
        (plain, "x-one", None),
        (plain, "x-three", Some("S3cr3tS3cr3tS3cr3t")),
        (plain, "x-four", Some("")),
    ] {
        assert_eq!(request.header(name), value, "{name}");
    }
}

#[test]
fn what_cannot_be_followed_names_the_line_and_what_was_meant() {
    for (text, said) in [
        (
            "[[endpoint]]\nurl = 'h'\nmax-tme = 5",
            "line 3: 'max-tme' is not a key; did you mean 'max-time'?",
        ),
        (
            "[[endpoint]]\nurl = 'h'\nconnect_timeout = 5",
            "line 3: 'connect_timeout' is not a key; did you mean 'connect-timeout'?",
        ),
        (
            "[defaults]\nbuget = 'total<1s'\n[[endpoint]]\nurl = 'h'",
            "line 2: 'buget' is not a key; did you mean 'budget'?",
        ),
        (
            "[[endpoint]]\nurl = 'h'\nhttp1.1 = true",
            "line 3: 'http1' is not a key; a key that contains a dot must be quoted: \"http1.1\"",
        ),
        (
            "[[endpoint]]\nurl = 'h'\nrepeat = 0",
            "line 3: invalid value '0' for '--repeat <NUM>': 0 is not in 1..=100000",
        ),
        (
            "[[endpoint]]\nurl = 'h'\ninsecure = 'yes'",
            "line 3: 'insecure' is text; expected true or false",
        ),
        (
            "[[endpoint]]\nurl = 'h'\nmax-time = true",
            "line 3: 'max-time' is true or false; expected text",
        ),
        (
            "[[endpoint]]\nurl = 'h'\nsave = 'run'",
            "line 3: 'save' is only for a single run; the runs of a suite are concurrent and do \
             not capture packets",
        ),
        (
            "[[endpoint]]\nname = 'a'",
            "line 1: this endpoint has no url",
        ),
        (
            "[[endpoint]]\nurl = 'gopher://h'",
            "line 1: the scheme 'gopher' is not supported; use http or https",
        ),
        (
            "[[endpoint]]\nurl = 'h'\n[[endpoint]]\nurl = 'h'",
            "line 3: an endpoint named 'h' already exists on line 1; names must be unique",
        ),
        (
            "[[endpoint]]\nurl = 'h'\nheaders = []\nheader = []",
            "line 4: 'header' is already set on line 3, under another name",
        ),
        (
            "[[endpoint]]\nurl = 'h'\n[endpoint.budget]\ntotal = '<=fast'",
            "line 4: 'total' cannot be parsed as \"total<=fast\": expected a number, \
             found \"fast\" at character 8 of the budget",
        ),
        (
            "[[endpoint]]\nurl = '${NO_SUCH_VARIABLE}'",
            "line 2: the environment variable NO_SUCH_VARIABLE is not set (or is not valid \
             UTF-8); the file refers to it as ${NO_SUCH_VARIABLE}",
        ),
        (
            "[[endpoint]]\nurl = 'h'\nuser = 'me:secret'",
            "line 3: 'user' contains a secret, which does not belong in a file: write ${NAME} and \
             set NAME in the environment",
        ),
    ] {
        assert_eq!(Suite::of(text).refusal(), said, "{text}");
    }
    for args in [
        ["--save", "run"],
        ["-w", "x"],
        ["--capture", "on"],
        ["-o", "x"],
        ["--webhook", "http://h/"],
    ] {
        let run = Suite::of("[[endpoint]]\nurl = 'h'").run(&args);
        assert_eq!(run.status, Some(2), "{args:?}");
        assert!(
            run.errors().contains("is only for a single run"),
            "{args:?}: {}",
            run.errors()
        );
    }
}

/// Each server's answer waits for the others' requests, so only runs that take place at the same
/// time are answered.
#[test]
fn runs_take_place_at_the_same_time() {
    const AT_A_TIME: usize = 8;
    let all_here = Arc::new(Barrier::new(AT_A_TIME));
    let peer = Peer::tcp(move |mut stream| {
        let _ = read_request(&mut stream);
        all_here.wait();
        let _ = stream.write_all(&response("200 OK", &[], b"together"));
    });
    let text: String = (0..AT_A_TIME)
        .map(|i| endpoint(&format!("e{i}"), &peer.url("/"), "max-time = 30"))
        .collect();
    let (document, status) = Suite::of(&text).json(&["--parallel", "8"]);
    assert_eq!(
        (status, &document["parallel"]),
        (Some(0), &Value::from(8)),
        "{document:#}"
    );
}

/// No more of them than was asked for, and each exactly once.
#[test]
fn runs_are_no_more_than_so_many_at_a_time() {
    let under_way = Arc::new(Mutex::new((0_usize, 0_usize)));
    let counted = Arc::clone(&under_way);
    let peer = Peer::tcp(move |mut stream| {
        {
            let mut count = counted.lock().unwrap();
            count.0 += 1;
            count.1 = count.1.max(count.0);
        }
        let _ = read_request(&mut stream);
        // Before the answer, for then the next one may come.
        counted.lock().unwrap().0 -= 1;
        let _ = stream.write_all(&response("200 OK", &[], b""));
    });
    let text: String = (0..50)
        .map(|i| endpoint(&format!("e{i}"), &peer.url("/"), ""))
        .collect();
    let (document, status) = Suite::of(&text).json(&["--parallel", "3"]);
    let names: BTreeSet<_> = standings(&document).into_iter().collect();
    assert_eq!((status, names.len()), (Some(0), 50));
    assert!(under_way.lock().unwrap().1 <= 3);
}

/// Ctrl-C: what has ended is told, what is under way says so, what had not begun was not run; exit
/// code 130.
#[test]
fn interrupted() {
    let (asked, has_asked) = mpsc::channel();
    let (asked, quick) = (Mutex::new(asked), Recorder::ok());
    let stuck = Peer::tcp(move |mut stream| {
        let _ = read_request(&mut stream);
        let _ = asked.lock().unwrap().send(());
        drain(&mut stream);
    });
    let text = endpoint("quick", &quick.url("/"), "")
        + &endpoint("stuck", &stuck.url("/"), "")
        + &endpoint("late", &quick.url("/"), "");
    let suite = Suite::of(&text);
    let child = suite
        .command(&["--format", "json", "--parallel", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    has_asked
        .recv_timeout(PATIENCE)
        .expect("the second endpoint is asked");
    signal(child.id(), "INT");
    let run = finish(child);
    assert_eq!(run.status, Some(130), "{}", run.errors());
    let document: Value = serde_json::from_slice(&run.stdout).expect("a document all the same");
    assert_eq!(
        standings(&document),
        [("quick", "ok"), ("stuck", "failed"), ("late", "not_run")]
    );
    assert_eq!(
        (
            &document["interrupted"],
            &document["endpoints"][1]["error"]["code"]
        ),
        (&Value::from(true), &Value::from("interrupted"))
    );
}
