//! What conversations say, in captures of one cause each.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::report;

/// A conversation: its protocols, its server's name, and its requests with the status that answers
/// each.
struct Said {
    file: &'static str,
    protocols: &'static [&'static str],
    name: Option<&'static str>,
    requests: &'static [&'static str],
}

const CASES: [Said; 6] = [
    // One response's head was not captured, and the responses after it are paired all the same.
    Said {
        file: "06-head-lost.pcap",
        protocols: &["HTTP/1"],
        name: Some("h.test"),
        requests: &[
            "GET /a",
            "GET /a → 200",
            "GET /a → 200",
            "GET /a → 200",
            "GET /a → 200",
        ],
    },
    Said {
        file: "07-smtp-starttls.pcap",
        protocols: &["SMTP", "TLSv1.3"],
        name: Some("inner.test"),
        requests: &[],
    },
    Said {
        file: "08-connect-tls.pcap",
        protocols: &["HTTP/1", "TLSv1.3"],
        name: Some("inner.test"),
        requests: &["CONNECT inner.test:443 → 200"],
    },
    Said {
        file: "08b-socks5-tls.pcap",
        protocols: &["SOCKS5", "TLSv1.3"],
        name: Some("inner.test"),
        requests: &[],
    },
    // The request that was upgraded is stream 1.
    Said {
        file: "09-h2c-upgrade.pcap",
        protocols: &["HTTP/1", "HTTP/2"],
        name: Some("h.test"),
        requests: &["GET /a → 200", "GET / → 404"],
    },
    Said {
        file: "10-ftp-is-no-http.pcap",
        protocols: &["FTP"],
        name: None,
        requests: &[],
    },
];

#[test]
fn conversations_say_what_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    for case in CASES {
        let file = folder.join(case.file);
        let file = file.to_str().unwrap();
        let told = report(&[file, "--messages", "--format", "json"], Stdio::null());
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let conversation = &told["conversations"][0];
        let protocols = conversation["protocols"].as_array().unwrap();
        let protocols: Vec<&str> = protocols.iter().filter_map(Value::as_str).collect();
        let name = conversation["server_name"].as_str();
        assert_eq!(
            (protocols.as_slice(), name),
            (case.protocols, case.name),
            "{}",
            case.file
        );
        let text = report(&[file, "--messages"], Stdio::null());
        let text = String::from_utf8(text.stdout).unwrap();
        let is_request = |line: &&str| line.starts_with("GET ") || line.starts_with("CONNECT ");
        let requests: Vec<&str> = text.lines().map(str::trim).filter(is_request).collect();
        assert_eq!(requests, case.requests, "{}", case.file);
    }
}
