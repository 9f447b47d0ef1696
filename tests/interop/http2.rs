//! HTTP/2 frame by frame: what is allowed and rare, and what breaks the protocol.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::json;

use crate::fixture::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS,
    fields, frame, lines, server,
};
use crate::fixture::peer::{Peer, drain, reset};
use crate::probe::{Report, probe, probe_within};

/// Probes a server that sends these frames after the request's head and then ends the connection.
fn answer(frames: &[Vec<u8>]) -> Report {
    let bytes = frames.concat();
    run(move |stream| {
        let _ = stream.write_all(&bytes);
    })
}

fn run(serve: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Report {
    let peer = server(serve);
    probe(&[
        "--http2-prior-knowledge",
        "--max-time",
        "10",
        &peer.url("/"),
    ])
}

fn head(others: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &fields("200", others))
}

#[test]
fn informational_response_body_in_pieces_and_trailers() {
    let report = answer(&[
        frame(
            HEADERS,
            END_HEADERS,
            1,
            &fields("103", &[("link", "</a.css>; rel=preload")]),
        ),
        head(&[("content-type", "text/plain")]),
        frame(DATA, 0, 1, b"hello"),
        // Padding is no body (RFC 9113 §6.1).
        frame(DATA, 8, 1, b"\x03 worldxxx"),
        frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            1,
            &lines(&[("x-sum", "11")]),
        ),
    ])
    .ok();
    let exchange = report.only();
    assert_eq!(exchange["http_version"], "HTTP/2", "{report}");
    let response = &exchange["response"];
    assert_eq!(response["informational"], json!([103]), "{report}");
    assert_eq!(response["body_bytes"], 11, "{report}");
    assert_eq!(response["trailers"], json!([["x-sum", "11"]]), "{report}");
}

#[test]
fn a_head_in_several_frames() {
    let block = fields("200", &[("x-one", "1"), ("x-two", "2")]);
    let (first, rest) = block.split_at(7);
    let (second, third) = rest.split_at(9);
    let report = answer(&[
        frame(HEADERS, END_STREAM, 1, first),
        frame(CONTINUATION, 0, 1, second),
        frame(CONTINUATION, END_HEADERS, 1, third),
    ])
    .ok();
    assert_eq!(
        report.only()["response"]["header_bytes"],
        block.len(),
        "{report}"
    );
}

#[test]
fn the_stream_is_reset() {
    // INTERNAL_ERROR, before and within the body.
    answer(&[frame(RST_STREAM, 0, 1, &[0, 0, 0, 2])]).failed(
        &["wait"],
        &["http2_protocol"],
        &["INTERNAL_ERROR"],
    );
    answer(&[
        head(&[]),
        frame(DATA, 0, 1, b"some"),
        frame(RST_STREAM, 0, 1, &[0, 0, 0, 2]),
    ])
    .failed(
        &["receive"],
        &["http2_protocol", "body_reset"],
        &["INTERNAL_ERROR"],
    );
}

#[test]
fn the_connection_is_given_up() {
    // ENHANCE_YOUR_CALM, no stream processed.
    answer(&[frame(
        GOAWAY,
        0,
        0,
        &[0, 0, 0, 0, 0, 0, 0, 11, b'c', b'a', b'l', b'm'],
    )])
    .failed(&["wait"], &["http2_protocol"], &["ENHANCE_YOUR_CALM"]);
}

#[test]
fn the_connection_ends() {
    answer(&[]).failed(&["wait"], &["wait_closed"], &[]);
    answer(&[
        head(&[("content-length", "100")]),
        frame(DATA, 0, 1, b"some"),
    ])
    .failed(&["receive"], &["body_short", "body_reset"], &[]);
    run(|stream| {
        let _ = stream.write_all(&[head(&[]), frame(DATA, 0, 1, b"some")].concat());
        let Ok(stream) = stream.try_clone() else {
            return;
        };
        std::thread::sleep(std::time::Duration::from_millis(200));
        reset(stream);
    })
    .failed(&["receive"], &["body_reset", "body_short"], &[]);
}

/// RFC 9113 §8.1.1: the length must fit the sum of the DATA frames.
#[test]
fn a_length_that_does_not_fit() {
    for (length, body) in [("100", b"hello".as_slice()), ("2", b"hello")] {
        answer(&[
            head(&[("content-length", length)]),
            frame(DATA, END_STREAM, 1, body),
        ])
        .failed(
            &["receive"],
            &["body_short", "http2_protocol", "body_malformed"],
            &[],
        );
    }
}

#[test]
fn frames_that_break_the_protocol() {
    for frames in [
        vec![frame(DATA, 0, 0, b"on no stream")],
        vec![frame(HEADERS, END_HEADERS, 2, &fields("200", &[]))],
        vec![frame(SETTINGS, 0, 0, &[1, 2, 3])],
        vec![frame(
            HEADERS,
            END_HEADERS,
            1,
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        )],
        vec![frame(
            HEADERS,
            END_HEADERS,
            1,
            &fields("200", &[("Upper", "case")]),
        )],
        vec![frame(HEADERS, END_HEADERS, 1, &fields("abc", &[]))],
        vec![frame(CONTINUATION, END_HEADERS, 1, &fields("200", &[]))],
    ] {
        let shown = format!("{frames:?}");
        let report = answer(&frames);
        assert_eq!(
            report.json["outcome"]["status"], "failed",
            "{shown}\n{report}"
        );
        report.failed(
            &["wait", "receive"],
            &["http2_protocol", "http_malformed"],
            &[],
        );
    }
}

/// Header blocks that go on and on (CVE-2024-27316).
#[test]
fn continuations_without_end() {
    let report = run(|stream| {
        let block = lines(&[("x-filler", &"a".repeat(100))]).repeat(100);
        let _ = stream.write_all(&frame(HEADERS, 0, 1, &fields("200", &[])));
        while stream.write_all(&frame(CONTINUATION, 0, 1, &block)).is_ok() {}
    });
    report.failed(
        &["wait", "receive"],
        &["http2_protocol", "http_head_too_large"],
        &[],
    );
}

/// A server that takes an upload byte by byte: more frames than may carry nothing, and each of them
/// is of use.
#[test]
fn an_upload_in_small_windows() {
    const BYTES: usize = 120_000;
    let peer = server(|stream| {
        let Ok(mut reader) = stream.try_clone() else {
            return;
        };
        let update = |stream| frame(8, 0, stream, &[0, 0, 0, 1]);
        let updates = [update(0), update(1)].concat().repeat(100);
        let reading = std::thread::spawn(move || {
            // Frame headers are among them: enough has come once the body's bytes have.
            let mut taken = std::io::Read::take(&mut reader, BYTES as u64);
            let _ = std::io::copy(&mut taken, &mut std::io::sink());
        });
        // What goes beyond the window that each connection begins with.
        for _ in 0..(BYTES - 65_535).div_ceil(100) {
            let _ = stream.write_all(&updates);
        }
        let _ = reading.join();
        let _ = stream.write_all(&[head(&[]), frame(DATA, END_STREAM, 1, &[])].concat());
    });
    let body = tempfile::NamedTempFile::new().expect("a file");
    body.as_file().set_len(BYTES as u64).expect("a body");
    let data = format!("@{}", body.path().display());
    probe(&[
        "--http2-prior-knowledge",
        "--data-binary",
        &data,
        &peer.url("/"),
    ])
    .ok();
}

#[test]
fn pings_without_end() {
    let peer = server(|stream| {
        // The answers have to be read, or both sides would wait for each other.
        let Ok(mut reader) = stream.try_clone() else {
            return;
        };
        std::thread::spawn(move || drain(&mut reader));
        while stream.write_all(&frame(PING, 0, 0, b"12345678")).is_ok() {}
    });
    probe(&["--http2-prior-knowledge", &peer.url("/")]).failed(
        &["wait"],
        &["http2_protocol"],
        &["100,000 frames"],
    );
}

#[test]
fn a_body_that_never_ends() {
    let peer = server(|stream| {
        let _ = stream.write_all(&[head(&[]), frame(DATA, 0, 1, b"some")].concat());
        drain(stream);
    });
    let report = probe_within(&["receive"], &["--http2-prior-knowledge", &peer.url("/")]);
    let report = report.failed(&["receive"], &["body_timeout"], &[]);
    assert_eq!(report.only()["response"]["body_bytes"], 4, "{report}");
}

#[test]
fn a_server_of_http_1() {
    let peer = Peer::tcp(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        drain(&mut stream);
    });
    probe(&[
        "--http2-prior-knowledge",
        "--max-time",
        "10",
        &peer.url("/"),
    ])
    .failed(&["send", "wait"], &["http2_protocol"], &[]);
}
