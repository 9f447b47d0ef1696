//! Bodies: their framing, their coding, their size, and the file they are written to.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::json;

use crate::curl::curl;
use crate::fixture::apache::Apache;
use crate::fixture::message::{chunked, read_head, read_request, response};
use crate::fixture::nginx::Nginx;
use crate::fixture::peer::{Peer, linger};
use crate::fixture::site::{BIG, PAGE, Site, TEXT, page, text};
use crate::probe::{header, probe};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("encoding");
    encoder.finish().expect("encoding")
}

/// What HTTP calls deflate: zlib's format (RFC 9110 §8.4.1.2).
fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("encoding");
    encoder.finish().expect("encoding")
}

/// What some servers call deflate: without zlib's header.
fn raw_deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("encoding");
    encoder.finish().expect("encoding")
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    zstd::encode_all(plain, 3).expect("encoding")
}

/// Brotli in uncompressed meta-blocks (RFC 7932 §9.2).
fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, block) in plain.chunks(1 << 16).enumerate() {
        let length = u32::try_from(block.len() - 1).expect("a short block");
        // Not the last block (0), four nibbles of length (00), the length less one, uncompressed
        // (1); the first block's header comes after the stream's, one bit for a window of
        // 64 KiB (0).
        let header = (length << 3) | (1 << 19);
        let header = if number == 0 { header << 1 } else { header };
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    out.push(0x03);
    out
}

#[test]
fn every_coding_is_decoded_and_counted() {
    let plain = text();
    for (coding, encoded) in [
        ("gzip", gzip(&plain)),
        ("x-gzip", gzip(&plain)),
        ("deflate", zlib(&plain)),
        ("deflate", raw_deflate(&plain)),
        ("br", brotli(&plain)),
        ("zstd", zstd(&plain)),
        ("gzip, br", brotli(&gzip(&plain))),
        ("identity", plain.clone()),
    ] {
        let peer = Peer::saying(response(
            "200 OK",
            &[("Content-Encoding", coding)],
            &encoded,
        ));
        let folder = tempfile::tempdir().expect("a folder");
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        let report = probe(&["--compressed", "-o", ours.to_str().unwrap(), &peer.url("/")]).ok();
        let told = &report.only()["response"];
        assert_eq!(
            (told["body_bytes"].as_u64(), told["decoded_bytes"].as_u64()),
            (Some(encoded.len() as u64), Some(plain.len() as u64)),
            "{coding}"
        );
        assert!(
            fs::read(&ours).expect("the file") == plain,
            "{coding}: the file differs from the text"
        );
        let Some(run) = curl(&[
            "--compressed",
            "-o",
            theirs.to_str().unwrap(),
            &peer.url("/"),
        ]) else {
            continue;
        };
        assert_eq!(run.status, Some(0), "{coding}: {}", run.errors());
        assert!(
            fs::read(&ours).unwrap() == fs::read(&theirs).unwrap(),
            "{coding}: curl writes another file"
        );
    }
}

#[test]
fn without_compressed_the_file_holds_what_was_sent() {
    let encoded = gzip(&text());
    let peer = Peer::saying(response(
        "200 OK",
        &[("Content-Encoding", "gzip")],
        &encoded,
    ));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("body");
    probe(&["-o", file.to_str().unwrap(), &peer.url("/")]).ok();
    assert!(
        fs::read(&file).expect("the file") == encoded,
        "as curl does"
    );
}

#[test]
fn real_servers_compress() {
    let site = Site::new();
    let mut urls = Vec::new();
    let (nginx, apache) = (Nginx::start(&site), Apache::start(&site));
    if let Some(server) = &nginx {
        urls.push((
            format!("https://127.0.0.1:{}/gzip/text.html", server.ports.tls),
            "gzip",
        ));
    }
    if let Some(server) = &apache {
        urls.push((
            format!("https://127.0.0.1:{}/gzip/text.html", server.ports.tls),
            "gzip",
        ));
        urls.push((
            format!("https://127.0.0.1:{}/br/text.html", server.ports.tls),
            "br",
        ));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("body");
    for (url, coding) in urls {
        for version in ["--http1.1", "--http2"] {
            let report = probe(&[
                version,
                "--compressed",
                "--cacert",
                &site.authority.root(),
                "-o",
                file.to_str().unwrap(),
                &url,
            ])
            .ok();
            let told = &report.only()["response"];
            assert_eq!(header(told, "content-encoding"), Some(coding), "{url}");
            assert_eq!(told["decoded_bytes"], TEXT, "{url}");
            assert!(
                told["body_bytes"]
                    .as_u64()
                    .is_some_and(|bytes| bytes < 50_000),
                "{told:#}"
            );
            assert!(
                fs::read(&file).unwrap() == text(),
                "{url}: the file differs from the text"
            );
        }
    }
}

#[test]
fn broken_codings() {
    let whole = gzip(&text());
    let mut corrupted = whole.clone();
    corrupted[500] ^= 0xff;
    corrupted[501] ^= 0xff;
    for (coding, bytes) in [
        ("gzip", corrupted.as_slice()),
        ("gzip", &whole[..whole.len() / 2]),
        ("gzip", b"this is no gzip at all"),
        ("br", b"\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("zstd", b"nor is this zstd"),
        ("deflate", b"\xff\xff\xff\xff\xff\xff"),
    ] {
        let peer = Peer::saying(response("200 OK", &[("Content-Encoding", coding)], bytes));
        probe(&["--compressed", &peer.url("/")]).failed(
            &["receive"],
            &["body_decoding"],
            &[coding],
        );
    }
}

/// A stream of deflate blocks that holds a million zeros in every thousand bytes, without end.
#[test]
fn a_bomb_is_stopped_by_the_cap() {
    let peer = Peer::tcp(|mut stream| {
        let _ = read_request(&mut stream);
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        let _ = encoder
            .write_all(&vec![0; 1 << 20])
            .and_then(|()| encoder.flush());
        // A stream that was flushed ends on a byte, so that its bytes may be repeated.
        let block = encoder.get_ref().repeat(64);
        while stream.write_all(&block).is_ok() {}
    });
    let report = probe(&["--compressed", "--max-time", "50", &peer.url("/")]);
    report.failed(&["receive"], &["body_decoding_limit"], &["decod"]);
}

#[test]
fn chunks_extensions_and_trailers() {
    let body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: \
        X-Sum\r\n\r\n5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n";
    let report = {
        let peer = Peer::saying(body);
        probe(&[peer.url("/")]).ok()
    };
    let told = &report.only()["response"];
    assert_eq!(
        (&told["body_bytes"], &told["decoded_bytes"]),
        (&json!(11), &json!(11)),
        "{report}"
    );
    assert_eq!(told["trailers"], json!([["x-sum", "11"]]), "{report}");
}

#[test]
fn a_chunked_body_without_trailers() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    bytes.extend(chunked(&[b"one", b"two", &[b'x'; 10_000]]));
    let peer = Peer::saying(bytes);
    let report = probe(&[peer.url("/")]).ok();
    assert_eq!(report.only()["response"]["body_bytes"], 10_006);
}

#[test]
fn early_hints_and_the_final_response() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    let peer = Peer::saying(format!(
        "{hints}{hints}HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer-Timing: db;dur=53.2, \
            cache;desc=hit\r\n\r\nhello"
    ));
    let report = probe(&[peer.url("/")]).ok();
    let exchange = report.only();
    assert_eq!(
        exchange["response"]["informational"],
        json!([103, 103]),
        "{report}"
    );
    assert_eq!(exchange["status"], 200);
    let timing = exchange["response"]["server_timing"]
        .as_array()
        .expect("server_timing");
    assert_eq!(timing.len(), 2, "{report}");
}

/// The request's body waits for 100 (Continue) where the user asks for that (RFC 9110 §10.1.1).
#[test]
fn the_server_says_continue() {
    let peer = Peer::tcp(|mut stream| {
        let Some(head) = read_head(&mut stream) else {
            return;
        };
        assert_eq!(head.header("expect"), Some("100-continue"));
        let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        let mut body = [0; 4];
        let read = std::io::Read::read_exact(&mut stream, &mut body);
        let answer = if read.is_ok() && body == *b"data" {
            "200 OK"
        } else {
            "400 Bad Request"
        };
        let _ = stream.write_all(&response(answer, &[], b""));
        linger(&stream);
    });
    let report = probe(&["-H", "Expect: 100-continue", "-d", "data", &peer.url("/")]).ok();
    assert_eq!(report.only()["status"], 200, "{report}");
    assert_eq!(
        report.only()["response"]["informational"],
        json!([100]),
        "{report}"
    );
}

#[test]
fn http_1_0_without_a_length() {
    let peer = Peer::saying("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end");
    let report = probe(&[peer.url("/")]).ok();
    let exchange = report.only();
    assert_eq!(
        (
            &exchange["http_version"],
            &exchange["response"]["body_bytes"]
        ),
        (&json!("HTTP/1.0"), &json!(13)),
        "{report}"
    );
}

#[test]
fn responses_without_a_body() {
    let peer = Peer::saying("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(
        probe(&[peer.url("/")]).ok().only()["response"]["body_bytes"],
        0
    );
    let peer = Peer::saying("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n");
    assert_eq!(
        probe(&[peer.url("/")]).ok().only()["response"]["body_bytes"],
        0
    );
    let peer = Peer::saying("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    assert_eq!(
        probe(&["-I", &peer.url("/")]).ok().only()["response"]["body_bytes"],
        0
    );
}

#[test]
fn real_servers_close_chunk_and_serve_ranges() {
    let site = Site::new();
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    let plain = format!("http://127.0.0.1:{}", nginx.ports.plain);
    let report = probe(&[format!("{plain}/closing/page.txt")]).ok();
    assert_eq!(
        header(&report.only()["response"], "connection"),
        Some("close")
    );
    let report = probe(&[format!("{plain}/chunked/page.txt")]).ok();
    assert_eq!(
        header(&report.only()["response"], "transfer-encoding"),
        Some("chunked")
    );
    assert_eq!(report.only()["response"]["body_bytes"], PAGE);
    let report = probe(&["-H", "Range: bytes=100-199", &format!("{plain}/page.txt")]).ok();
    assert_eq!(
        (
            report.only()["status"].as_u64(),
            report.only()["response"]["body_bytes"].as_u64()
        ),
        (Some(206), Some(100))
    );
    let report = probe(&[
        "-u",
        "alice:wonderland",
        &format!("{plain}/private/page.txt"),
    ])
    .ok();
    assert_eq!(report.only()["status"], 200);
}

/// One gibibyte, to its last byte, over both versions, and the phases still sum to the total.
#[test]
fn a_gibibyte() {
    let site = Site::new();
    let root = site.authority.root();
    let (nginx, apache) = (Nginx::start(&site), Apache::start(&site));
    let plain = nginx.as_ref().map(|server| {
        (
            "--http1.1",
            format!("http://127.0.0.1:{}/big.bin", server.ports.plain),
        )
    });
    let secured = apache.as_ref().map(|server| {
        (
            "--http2",
            format!("https://127.0.0.1:{}/big.bin", server.ports.tls),
        )
    });
    for (version, url) in plain.into_iter().chain(secured) {
        let report = probe(&[version, "--cacert", &root, &url]).ok();
        let exchange = report.only();
        assert_eq!(exchange["response"]["body_bytes"], BIG, "{url}");
        let total = exchange["curl"]["time_total"].as_f64().expect("a total") * 1e9;
        let sum: f64 = exchange["phases"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|phase| phase["clock"] == "app")
            .filter_map(|phase| phase["duration_ns"].as_f64())
            .sum();
        assert!(
            (total - sum).abs() <= total * 0.02,
            "phases sum to {sum} ns, the total is {total} ns\n{exchange:#}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_written() {
    let peer = Peer::saying(response("200 OK", &[], &page()));
    probe(&["-o", "/nonexistent/folder/file", &peer.url("/")]).failed(
        &["receive", "send", "wait", "connect"],
        &["output_failed"],
        &["/nonexistent/folder/file"],
    );
}
