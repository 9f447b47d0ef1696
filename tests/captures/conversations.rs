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

const CASES: [Said; 13] = [
    // The server answers an old connection first, and the SYN when that comes again.
    Said {
        file: "03-challenge-ack.pcap",
        protocols: &["HTTP/1"],
        name: Some("h.test"),
        requests: &["GET /a → 200"],
    },
    // The server answers the SYN twice, with two initial sequence numbers.
    Said {
        file: "04-two-synacks.pcap",
        protocols: &["HTTP/1"],
        name: Some("h.test"),
        requests: &["GET /a → 200"],
    },
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
    // Heads that violate the grammar.
    Said {
        file: "18-0-response-head.pcap",
        protocols: &["HTTP/1"],
        name: Some("h.test"),
        requests: &["GET /a → 200"],
    },
    Said {
        file: "18-1-response-head.pcap",
        protocols: &["HTTP/1"],
        name: Some("h.test"),
        requests: &["GET /a → 200"],
    },
    Said {
        file: "18-2-response-head.pcap",
        protocols: &["HTTP/1"],
        name: Some("h.test"),
        requests: &["GET /a → 200"],
    },
    Said {
        file: "18-7-space-in-target.pcap",
        protocols: &["HTTP/1"],
        name: Some("h.test"),
        requests: &["GET /a b c → 200"],
    },
    Said {
        file: "18-8-http09.pcap",
        protocols: &["HTTP/0.9"],
        name: None,
        requests: &[],
    },
];

/// What is noted of a head that violates the grammar.
const IRREGULAR: [(&str, &str); 4] = [
    (
        "18-0-response-head.pcap",
        "line 1 of the head at offset 0 of what the server says violates HTTP/1: the status line is \
         malformed",
    ),
    (
        "18-1-response-head.pcap",
        "line 3 of the head at offset 0 of what the server says violates HTTP/1: it continues the \
         field before it, which is obsolete",
    ),
    (
        "18-2-response-head.pcap",
        "line 2 of the head at offset 0 of what the server says violates HTTP/1: it begins with a \
         space and is ignored",
    ),
    (
        "18-7-space-in-target.pcap",
        "line 1 of the head at offset 0 of what the client says violates HTTP/1: the target \
         contains a space",
    ),
];

#[test]
fn a_head_that_violates_the_grammar_is_read_and_its_line_is_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    for (file, expected) in IRREGULAR {
        let path = folder.join(file);
        let arguments = [path.to_str().unwrap(), "--messages", "--format", "json"];
        let told = report(&arguments, Stdio::null());
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let notes = told["conversations"][0]["notes"].as_array().unwrap();
        assert_eq!(notes, &[Value::from(expected)], "{file}");
    }
}

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
        if matches!(case.file, "03-challenge-ack.pcap" | "04-two-synacks.pcap") {
            assert_eq!(conversation["notes"], Value::Array(Vec::new()));
        }
    }
}

#[test]
fn an_answer_that_came_in_fragments_is_read() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/13-dns-answer-fragmented.pcap");
    // A file and a pipe.
    for is_piped in [false, true] {
        let path = file.to_str().unwrap();
        let (input, name) = if is_piped {
            (Stdio::from(std::fs::File::open(&file).unwrap()), "-")
        } else {
            (Stdio::null(), path)
        };
        let told = report(&[name, "--messages", "--format", "json"], input);
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let asked = &told["conversations"][0]["dns"];
        assert_eq!(asked.as_array().unwrap().len(), 1, "{told}");
        assert_eq!(
            (&asked[0]["name"], &asked[0]["type"], &asked[0]["rcode"]),
            (&"h.test".into(), &"TXT".into(), &"NOERROR".into())
        );
        let data = asked[0]["answers"][0]["data"].as_str().unwrap();
        // The fragments meet at byte 1,480, beyond what is kept of a record; all of them are needed
        // for the answer.
        let text = "t".repeat(250);
        assert!(
            data.starts_with(&format!("\"{text}\" \"{text}\"")),
            "{data}"
        );
    }
}
