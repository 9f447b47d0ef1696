//! Deciphered with a key log: the same requests and answers as tshark finds in the same capture.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::place::{TAPLINE, has};
use super::recording::Recording;

/// Every version of TLS with every version of HTTP, several requests on a connection; and the clear
/// beside them. The options, and which protocols it comes down to.
const TALKS: [(&str, &[&str]); 5] = [
    (
        "--http1.1 --tlsv1.3 https://api.lab.test/users https://api.lab.test/chunked",
        &["TLSv1.3", "HTTP/1"],
    ),
    (
        "--http1.1 --tls-max 1.2 https://api.lab.test/bytes/300000 https://api.lab.test/status/404",
        &["TLSv1.2", "HTTP/1"],
    ),
    (
        "--http2 --tlsv1.3 https://api.lab.test/users https://api.lab.test/gzip \
            https://api.lab.test/status/503",
        &["TLSv1.3", "HTTP/2"],
    ),
    (
        "--http2 --tls-max 1.2 -d x=1 https://api.lab.test/upload https://api.lab.test/upload",
        &["TLSv1.2", "HTTP/2"],
    ),
    (
        "--http1.1 http://api.lab.test/early-hints http://api.lab.test/nowhere",
        &["HTTP/1"],
    ),
];

/// What one conversation says: requests' methods and targets, and answers' statuses, each in their
/// order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    requests: Vec<(String, String)>,
    statuses: Vec<String>,
}

/// By the client's port.
type Conversations = BTreeMap<String, Said>;

#[test]
fn a_key_log_shows_the_requests_that_tshark_shows() {
    if !Recording::is_possible("key log") || !has("curl") {
        return;
    }
    let talks: Vec<String> = TALKS
        .iter()
        .map(|(talk, _)| format!("curl -sS {talk} > body || exit;"))
        .collect();
    let commands = format!("export SSLKEYLOGFILE=$PWD/keys; {} true", talks.concat());
    let recording = Recording::of(&["--rtt", "0ms"], &commands, &[]);
    let document = report(&recording);
    let talks = document["conversations"].as_array().unwrap();
    let protocols: Vec<&Value> = talks.iter().map(|talk| &talk["protocols"]).collect();
    assert_eq!(
        protocols,
        TALKS
            .map(|(_, protocols)| serde_json::json!(protocols))
            .iter()
            .collect::<Vec<_>>()
    );
    let ours = ours(talks);
    assert!(
        ours.values()
            .all(|said| said.requests.len() >= 2 && said.statuses.len() >= said.requests.len()),
        "{ours:#?}"
    );
    assert_eq!(ours, theirs(&recording));
}

fn report(recording: &Recording) -> Value {
    let mut command = Command::new(&*TAPLINE);
    command
        .arg("report")
        .arg(recording.file("run.pcap"))
        .arg("--keylog")
        .arg(recording.file("keys"))
        .args(["--format", "json"]);
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ours(talks: &[Value]) -> Conversations {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let said = |talk: &Value| {
        let mut said = Said::default();
        for message in talk["messages"].as_array().unwrap() {
            if let Some(status) = message["status"].as_u64() {
                said.statuses.push(status.to_string());
            } else if !message["method"].is_null() {
                said.requests
                    .push((text(&message["method"]), text(&message["target"])));
            }
        }
        said
    };
    talks
        .iter()
        .map(|talk| {
            (
                text(&talk["client"]).rsplit(':').next().unwrap().to_owned(),
                said(talk),
            )
        })
        .collect()
}

fn theirs(recording: &Recording) -> Conversations {
    let fields = ["tcp.srcport", "tcp.dstport"]
        .into_iter()
        .chain([
            "http.request.method",
            "http.request.uri",
            "http.response.code",
        ])
        .chain([
            "http2.headers.method",
            "http2.headers.path",
            "http2.headers.status",
        ]);
    let fields: Vec<&str> = fields.collect();
    let keys = format!("tls.keylog_file:{}", recording.file("keys").display());
    let mut conversations = Conversations::new();
    for row in recording.frames_with(&[keys], "http || http2", &fields) {
        // A frame may hold several messages.
        let several = |column: usize| {
            row[column]
                .split(',')
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        for (method, target, status) in [(2, 3, 4), (5, 6, 7)] {
            for request in several(method).zip(several(target)) {
                conversations
                    .entry(row[0].clone())
                    .or_default()
                    .requests
                    .push(request);
            }
            for status in several(status) {
                conversations
                    .entry(row[1].clone())
                    .or_default()
                    .statuses
                    .push(status);
            }
        }
    }
    conversations
}
