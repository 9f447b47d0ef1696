//! A table of redirects: what is answered, and the requests that come of it, from this program and
//! from curl.
//!
//! Two servers on two ports are two origins. Where curl does otherwise the line says what, so that
//! a difference is one on purpose. What is followed, and by which method, is RFC 9110 §15.4; how a
//! Location is resolved is the URL standard, as in browsers.

mod cases;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cases::CASES;

use crate::curl::curl;
use crate::fixture::message::{Received, response};
use crate::fixture::recorder::Recorder;
use crate::probe::probe;

/// One line of the table.
struct Case {
    /// Options, and the path of the URL at the end.
    asked: &'static str,
    /// What the servers answer: `A /path status field…`, fields apart by ` | `; all else is
    /// answered with 200. A is the user's own.
    answers: &'static [&'static str],
    /// How the run ends: `ok` and its last status, or a code of failure.
    ends: &'static str,
    /// The requests, as [`summary`] has them.
    sent: &'static [&'static str],
    /// curl's, where they are others.
    curl: Option<&'static [&'static str]>,
}

const fn case(
    asked: &'static str,
    answers: &'static [&'static str],
    ends: &'static str,
    sent: &'static [&'static str],
) -> Case {
    Case {
        asked,
        answers,
        ends,
        sent,
        curl: None,
    }
}

/// The same, where curl does otherwise.
const fn unlike(
    asked: &'static str,
    answers: &'static [&'static str],
    ends: &'static str,
    sent: &'static [&'static str],
    curl: &'static [&'static str],
) -> Case {
    Case {
        asked,
        answers,
        ends,
        sent,
        curl: Some(curl),
    }
}

/// Known once both servers listen.
type Ports = OnceLock<[u16; 2]>;

/// Both servers, and what they were sent.
struct Pair {
    servers: [Recorder; 2],
    log: Arc<Mutex<Vec<String>>>,
    ports: Arc<Ports>,
}

impl Pair {
    fn answering(answers: &'static [&'static str]) -> Self {
        let (log, ports): (Arc<Mutex<Vec<String>>>, Arc<Ports>) = (Arc::default(), Arc::default());
        let server = |name: &'static str| {
            let (log, ports) = (Arc::clone(&log), Arc::clone(&ports));
            Recorder::answering(move |request| {
                let ports = *ports.get().expect("both are there");
                log.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(named(&summary(name, request), ports));
                answer(answers, name, &request.target, ports)
            })
        };
        let servers = [server("A"), server("B")];
        ports
            .set([servers[0].port(), servers[1].port()])
            .expect("once");
        Self {
            servers,
            log,
            ports,
        }
    }

    fn take(&self) -> Vec<String> {
        self.servers.iter().for_each(|server| drop(server.take()));
        std::mem::take(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The command line's words, with the servers' addresses for their names.
    fn words(&self, asked: &str) -> Vec<String> {
        let ports = *self.ports.get().expect("both are there");
        let mut words: Vec<String> = asked
            .split(' ')
            .map(|word| addressed(&word.replace('_', " "), ports))
            .collect();
        let path = words.pop().expect("a path");
        words.push(if path.starts_with('/') {
            self.servers[0].url(&path)
        } else {
            path
        });
        words
    }
}

/// `{A}` and `{B}` as addresses.
fn addressed(text: &str, ports: [u16; 2]) -> String {
    text.replace("{A}", &format!("127.0.0.1:{}", ports[0]))
        .replace("{B}", &format!("127.0.0.1:{}", ports[1]))
}

/// The other way round.
fn named(text: &str, ports: [u16; 2]) -> String {
    text.replace(&format!("127.0.0.1:{}", ports[0]), "{A}")
        .replace(&format!("127.0.0.1:{}", ports[1]), "{B}")
}

fn answer(answers: &[&str], name: &str, target: &str, ports: [u16; 2]) -> Vec<u8> {
    let wanted = format!("{name} {target} ");
    let Some(line) = answers
        .iter()
        .find_map(|line| line.strip_prefix(wanted.as_str()))
    else {
        return response("200 OK", &[], b"there");
    };
    let line = addressed(line, ports);
    let mut fields = line.split(" | ");
    let status = fields.next().unwrap_or_default();
    let body: &[u8] = if status == "304" { b"" } else { b"gone" };
    let mut bytes = format!("HTTP/1.1 {status} Moved\r\n").into_bytes();
    if status != "304" {
        bytes.extend(b"Content-Length: 4\r\n");
    }
    for field in fields {
        // `\xe9` is the byte, which no string can hold.
        let mut rest = field;
        while let Some((before, after)) = rest.split_once("\\xe9") {
            bytes.extend(before.as_bytes());
            bytes.push(0xe9);
            rest = after;
        }
        bytes.extend(rest.as_bytes());
        bytes.extend(b"\r\n");
    }
    [bytes.as_slice(), b"\r\n", body].concat()
}

/// `A POST /target`, then what of the user's own came along.
fn summary(name: &str, request: &Received) -> String {
    let mut words = vec![format!("{name} {} {}", request.method, request.target)];
    let host = request.header("host").unwrap_or_default();
    if !host.starts_with("127.0.0.1:") {
        words.push(format!("host={host}"));
    }
    for (field, known) in [
        ("Authorization", "auth"),
        ("Proxy-Authorization", "proxy-auth"),
        ("Cookie", "cookie"),
        ("X-Key", "key"),
        ("Referer", "referer"),
    ] {
        words.extend(
            request
                .header(field)
                .map(|value| format!("{known}={value}")),
        );
    }
    if request.header("user-agent") == Some("me/1") {
        words.push("agent".to_owned());
    }
    words.extend(
        request
            .header("content-type")
            .map(|kind| format!("type={}", kind.split(';').next().unwrap_or_default())),
    );
    if request.body.starts_with(b"--") {
        words.push("body=form".to_owned());
    } else if !request.body.is_empty() {
        words.push(format!("body={}", String::from_utf8_lossy(&request.body)));
    }
    words.join(" ")
}

#[test]
fn redirects_are_followed_as_the_table_says() {
    assert!(CASES.len() >= 40, "{} lines", CASES.len());
    let mut wrong = Vec::new();
    for case in CASES {
        let pair = Pair::answering(case.answers);
        let words = pair.words(case.asked);
        let report = probe(&words);
        let ours = pair.take();
        let outcome = &report.json["outcome"];
        let ends = match outcome["error"]["code"].as_str() {
            Some(code) => code.to_owned(),
            None => format!(
                "ok {}",
                report
                    .exchanges()
                    .last()
                    .map_or(serde_json::Value::Null, |exchange| exchange["status"]
                        .clone())
            ),
        };
        if ends != case.ends || ours != case.sent {
            wrong.push(format!(
                "{} {:?}\n   ends {ends:?}, not {:?}\n   sent {ours:#?}\n    not {:#?}",
                case.asked, case.answers, case.ends, case.sent
            ));
        }
        let Some(_) =
            curl(&[&["-o".to_owned(), "/dev/null".to_owned()], words.as_slice()].concat())
        else {
            continue;
        };
        let (theirs, expected) = (pair.take(), case.curl.unwrap_or(case.sent));
        if theirs != expected {
            wrong.push(format!(
                "{} {:?}\n   curl sent {theirs:#?}\n         not {expected:#?}",
                case.asked, case.answers
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} lines:\n{}",
        wrong.len(),
        CASES.len(),
        wrong.join("\n")
    );
}
