//! Responses that break HTTP, come late, or never end.

use std::io::Write as _;
use std::net::TcpStream;

use crate::fixture::message::{read_head, read_request};
use crate::fixture::peer::{Peer, drain, linger, reset};
use crate::probe::{Report, phase_names, probe, probe_within};

/// Probes a peer that answers with these bytes and closes.
fn answer(bytes: impl Into<Vec<u8>>) -> Report {
    let peer = Peer::saying(bytes);
    probe(&[peer.url("/")])
}

/// Probes a peer that answers with these bytes and then does something else, until a limit of time
/// ends it in one of `phases`.
fn answer_then(bytes: &'static [u8], then: fn(TcpStream), phases: &[&str]) -> Report {
    let peer = Peer::tcp(move |mut stream| {
        if read_request(&mut stream).is_some() && stream.write_all(bytes).is_ok() {
            then(stream);
        }
    });
    probe_within(phases, &[peer.url("/")])
}

#[test]
fn a_malformed_status_line() {
    for line in [
        "HTTP/1.1 abc OK",
        "HTTP/1.1 20",
        "HTTP/x.y 200 OK",
        "ICY 200 OK",
        "\u{1b}]0;x\u{7}",
        "HTTP/1.1",
    ] {
        let report = answer(format!("{line}\r\nContent-Length: 0\r\n\r\n"));
        report.failed(&["wait", "receive"], &["http_malformed"], &[]);
    }
}

#[test]
fn a_malformed_field() {
    for field in ["no colon here", "Bad Name: x", ": nameless", "Null: a\0b"] {
        let report = answer(format!(
            "HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 0\r\n\r\n"
        ));
        report.failed(&["wait", "receive"], &["http_malformed"], &[]);
    }
}

#[test]
fn lengths_that_contradict_each_other() {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
    ] {
        let report = answer(format!(
            "HTTP/1.1 200 OK\r\n{fields}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        ));
        report.failed(&["wait", "receive"], &["http_conflicting_lengths"], &[]);
    }
}

#[test]
fn lengths_that_are_none() {
    for length in ["-5", "5x", "0x5", "99999999999999999999999999"] {
        let report = answer(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello"
        ));
        report.failed(
            &["wait", "receive"],
            &["http_malformed", "http_conflicting_lengths"],
            &[],
        );
    }
}

/// The same length twice is one length (RFC 9110 §8.6).
#[test]
fn the_same_length_twice() {
    let report =
        answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello").ok();
    assert_eq!(report.only()["response"]["body_bytes"], 5);
}

#[test]
fn a_short_body() {
    let report = answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this much").failed(
        &["receive"],
        &["body_short"],
        &["100", "14"],
    );
    let exchange = report.only();
    assert_eq!(
        (
            exchange["status"].as_u64(),
            exchange["response"]["body_bytes"].as_u64()
        ),
        (Some(200), Some(14)),
        "{report}"
    );
    assert_eq!(
        phase_names(exchange),
        ["connect", "send", "wait", "receive"]
    );
}

#[test]
fn a_short_chunked_body() {
    answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").failed(
        &["receive"],
        &["body_short"],
        &[],
    );
    answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello").failed(
        &["receive"],
        &["body_short"],
        &[],
    );
}

#[test]
fn a_reset_within_the_body() {
    let then = |mut stream: TcpStream| {
        // The client must have read the head; it will then be reading the body.
        let _ = stream.write_all(b"some");
        std::thread::sleep(std::time::Duration::from_millis(200));
        reset(stream);
    };
    answer_then(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        then,
        &["receive"],
    )
    .failed(&["receive"], &["body_reset", "body_short"], &[]);
}

#[test]
fn broken_chunks() {
    for body in [
        "zz\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n",
        "\r\n\r\n",
    ] {
        let report = answer(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        ));
        report.failed(&["receive"], &["body_malformed"], &[]);
    }
}

/// A chunk's extension without end (the size of which no one announces).
#[test]
fn a_chunk_extension_without_end() {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    probe(&[peer.url("/")]).failed(&["receive"], &["body_malformed"], &[]);
}

#[test]
fn no_response_at_all() {
    answer("").failed(&["wait"], &["wait_closed"], &[]);
    let peer = Peer::tcp(|mut stream| {
        let _ = read_head(&mut stream);
        reset(stream);
    });
    probe(&[peer.url("/")]).failed(&["wait"], &["wait_closed"], &[]);
}

#[test]
fn half_a_head() {
    answer("HTTP/1.1 200 OK\r\nContent-Le").failed(
        &["wait", "receive"],
        &["wait_closed", "http_malformed", "body_short"],
        &[],
    );
}

#[test]
fn slow_headers() {
    answer_then(b"", |mut stream| drain(&mut stream), &["wait"]).failed(
        &["wait"],
        &["wait_timeout"],
        &[],
    );
}

/// A byte of the head every now and then, for ever.
#[test]
fn dripping_headers() {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    probe_within(&["wait"], &[peer.url("/")]).failed(&["wait"], &["wait_timeout"], &[]);
}

#[test]
fn a_body_that_stalls() {
    let then = |mut stream: TcpStream| drain(&mut stream);
    let report = answer_then(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome",
        then,
        &["receive"],
    );
    let report = report.failed(&["receive"], &["body_timeout"], &[]);
    assert_eq!(report.only()["response"]["body_bytes"], 4, "{report}");
}

#[test]
fn a_body_that_never_ends() {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while stream.write_all(b"4\r\nmore\r\n").is_ok() {}
    });
    let report =
        probe_within(&["receive"], &[peer.url("/")]).failed(&["receive"], &["body_timeout"], &[]);
    assert!(
        report.only()["response"]["body_bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes > 4),
        "{report}"
    );
}

#[test]
fn a_head_without_end() {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream
            .write_all(
                b"X-Filler: \
                aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
                aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
            )
            .is_ok()
        {}
    });
    probe(&["--max-time", "20", &peer.url("/")]).failed(
        &["wait", "receive"],
        &["http_head_too_large"],
        &[],
    );
}

/// One line of 4 MiB.
#[test]
fn a_field_without_end() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nX-Long: ".to_vec();
    bytes.resize(4 << 20, b'a');
    let report = answer(bytes);
    report.failed(&["wait", "receive"], &["http_head_too_large"], &[]);
}

/// Informational responses without end are no progress.
#[test]
fn informational_responses_without_end() {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        while stream
            .write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
            .is_ok()
        {}
    });
    probe(&[peer.url("/")]).failed(&["wait"], &["http_malformed"], &[]);
}

/// The server reads nothing, so that a large request cannot be sent to its end.
#[test]
fn a_request_that_nobody_reads() {
    let peer = Peer::tcp(|stream| {
        let _ = stream.set_nodelay(true);
        // Held open, unread, until the client is gone.
        crate::fixture::process::wait_until("the client to give up", || {
            stream.peek(&mut [0; 1]).is_err() || gone(&stream)
        });
    });
    let folder = tempfile::tempdir().expect("a folder");
    let body = folder.path().join("body");
    std::fs::File::create(&body)
        .and_then(|file| file.set_len(64 << 20))
        .expect("a large body");
    let data = format!("@{}", body.display());
    probe_within(&["send"], &["--data-binary", &data, &peer.url("/")]).failed(
        &["send"],
        &["send_timeout"],
        &[],
    );
}

/// Whether the other side closed: the kernel's table has no established connection to it any more.
fn gone(stream: &TcpStream) -> bool {
    let Ok(remote) = stream.peer_addr() else {
        return true;
    };
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let port = format!("0100007F:{:04X}", remote.port());
    let established = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    !established
        .into_iter()
        .any(|fields| fields.get(1) == Some(&port.as_str()) && fields.get(3) == Some(&"01"))
}

/// The server answers before it has read the request, and closes: the answer counts.
#[test]
fn an_early_answer() {
    let peer = Peer::tcp(|mut stream| {
        if read_head(&mut stream).is_some() {
            let _ = stream.write_all(
                b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
            linger(&stream);
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let body = folder.path().join("body");
    std::fs::File::create(&body)
        .and_then(|file| file.set_len(32 << 20))
        .expect("a large body");
    let report = probe(&[
        "--data-binary",
        &format!("@{}", body.display()),
        &peer.url("/"),
    ])
    .ok();
    assert_eq!(report.only()["status"], 413);
}
