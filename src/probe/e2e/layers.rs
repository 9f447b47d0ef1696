//! Layers of a connection's streams as the engine emits them, compared with what the server saw.

use std::sync::{Arc, Mutex};

use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::certificates::{TestAuthority, server_config};
use super::test_server::serve_connections;
use super::{ProbedRun, run_probe, spec_for};
use crate::probe::Spec;
use crate::probe::spec::{Body, HttpChoice, ResolveRule};
use crate::trace::{Connection, EventKind, Part, PartKind, Record, StreamLayers, StreamPosition};
use crate::wire::Side;
use crate::wire::http2::Frame;

/// Everything that a server read above TLS.
type ReceivedBytes = Arc<Mutex<Vec<u8>>>;

/// Reads a head and a body of this length.
async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    received_bytes: &ReceivedBytes,
    body: usize,
) {
    let mut buffer = vec![0; 64 * 1024];
    let end_of_head = |received_bytes: &[u8]| {
        received_bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|end| end + 4)
    };
    let is_all = |received_bytes: &[u8]| {
        end_of_head(&received_bytes[..received_bytes.len().min(4_096)])
            .is_some_and(|end| received_bytes.len() >= end + body)
    };
    while !is_all(&received_bytes.lock().unwrap()) {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else {
            return;
        };
        received_bytes
            .lock()
            .unwrap()
            .extend_from_slice(&buffer[..count]);
    }
}

/// Reads a request, answers it and closes.
async fn answer_request(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    received_bytes: ReceivedBytes,
    body: usize,
    answer: Vec<u8>,
) {
    read_request(&mut stream, &received_bytes, body).await;
    for piece in answer.chunks(37_000) {
        stream.write_all(piece).await.unwrap();
    }
    stream.shutdown().await.unwrap();
}

fn set_body(spec: &mut Spec, bytes: usize) {
    spec.body = Some(Body::Bytes {
        bytes: vec![b'x'; bytes].into(),
        content_type: None,
        accept_json: false,
    });
}

fn only_connection(probed: &ProbedRun) -> &Connection {
    assert!(
        probed.only_exchange().failure.is_none(),
        "{:?}",
        probed.only_exchange().failure
    );
    &probed.trace.connections()[0]
}

/// Returns the offsets of both streams at the end of the exchange.
fn end_position(probed: &ProbedRun) -> StreamPosition {
    probed
        .only_exchange()
        .phases
        .iter()
        .last()
        .unwrap()
        .1
        .ended_position
        .unwrap()
}

/// Asserts that records are contiguous up to an offset in the stream.
fn assert_complete(layers: &StreamLayers, end: u64) {
    assert_eq!(layers.unlisted(), 0);
    assert!(
        layers
            .records()
            .iter()
            .map(|record| record.at)
            .eq(std::iter::once(0)
                .chain(layers.records().iter().map(|r| r.range().end))
                .take(layers.records().len()))
    );
    assert!(
        layers
            .records()
            .last()
            .is_some_and(|last| last.range().end >= end),
        "{end} of {:?}",
        layers.records().last()
    );
}

fn plaintext_bytes(layers: &StreamLayers) -> u64 {
    layers
        .records()
        .iter()
        .map(|record| u64::from(record.plain_bytes))
        .sum()
}

#[tokio::test]
async fn plaintext_lengths_match_the_bytes_sent_and_the_records() {
    let authority = TestAuthority::new("root");
    for (version, added) in [(&TLS12, 29), (&TLS13, 22)] {
        for body in [0, 7, 700_000] {
            let acceptor = TlsAcceptor::from(Arc::new(server_config(
                authority.issue(&["site.test"], |_| {}),
                &[version],
            )));
            let received_bytes = ReceivedBytes::default();
            let said = [
                b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n".as_slice(),
                &vec![b'y'; 300_000],
            ]
            .concat();
            let listener_bytes = Arc::clone(&received_bytes);
            let answer = said.clone();
            let peer = serve_connections(move |stream| {
                let (acceptor, received_bytes, said) = (
                    acceptor.clone(),
                    Arc::clone(&listener_bytes),
                    answer.clone(),
                );
                async move {
                    answer_request(
                        acceptor.accept(stream).await.unwrap(),
                        received_bytes,
                        body,
                        said,
                    )
                    .await;
                }
            })
            .await;
            let mut spec = spec_for(&format!("https://site.test:{}/", peer.port()));
            spec.resolve = vec![ResolveRule {
                host: "site.test".to_owned(),
                port: peer.port(),
                addresses: vec![peer.ip()],
            }];
            spec.tls.ca_pem = Some(authority.pem());
            set_body(&mut spec, body);
            let probed = run_probe(spec).await;
            let connection = only_connection(&probed);
            let end = end_position(&probed);
            let up = connection.layers.of(Side::Client);
            let down = connection.layers.of(Side::Server);
            assert_complete(up, end.sent);
            assert_complete(down, end.received);
            assert_eq!(
                plaintext_bytes(up),
                received_bytes.lock().unwrap().len() as u64
            );
            assert_eq!(plaintext_bytes(down), said.len() as u64);
            for record in up
                .records()
                .iter()
                .chain(down.records())
                .filter(|record| record.plain_bytes > 0)
            {
                assert_eq!(
                    (record.kind, record.bytes - record.plain_bytes),
                    (23, added),
                    "{record:?}"
                );
            }
            // And the parts cover the plaintext: head and body, each once.
            for (layers, body) in [(up, body as u64), (down, 300_000)] {
                let parts = layers.parts();
                let before = plaintext_bytes(layers) - body;
                let body = Part {
                    at: before,
                    bytes: body,
                    what: PartKind::Http1Body,
                };
                let expected: Vec<Part> = [
                    Part {
                        at: 0,
                        bytes: before,
                        what: PartKind::Http1Head,
                    },
                    body,
                ]
                .into_iter()
                .filter(|part| part.bytes > 0)
                .collect();
                assert_eq!(parts, expected);
            }
            let last = connection
                .stream_range_of(Side::Server, down.parts().last().unwrap())
                .unwrap();
            let pieces: Vec<Record> = connection
                .contents(Side::Server, last)
                .records()
                .map(|piece| piece.of)
                .collect();
            assert!(
                pieces.len() > 300_000 / (1 << 14)
                    && pieces.iter().all(|record| record.plain_bytes > 0),
                "{pieces:?}"
            );
        }
    }
}

#[tokio::test]
async fn chunks_and_informational_heads_are_parts_of_a_clear_stream() {
    use PartKind::{Http1Body, Http1ChunkHeader, Http1Head, Http1InformationalHead, Http1Trailers};
    let said = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: \
            chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n";
    let peer = serve_connections(move |stream| {
        answer_request(stream, ReceivedBytes::default(), 0, said.to_vec())
    })
    .await;
    let probed = run_probe(spec_for(&format!("http://{peer}/"))).await;
    let layers = only_connection(&probed).layers.of(Side::Server);
    assert!(layers.records().is_empty());
    let parts: Vec<(u64, u64, PartKind)> = layers
        .parts()
        .iter()
        .map(|part| (part.at, part.bytes, part.what))
        .collect();
    let expected = [
        (0, 28, Http1InformationalHead),
        (28, 47, Http1Head),
        (75, 3, Http1ChunkHeader),
        (78, 5, Http1Body),
        (83, 5, Http1ChunkHeader),
        (88, 1, Http1Body),
        (89, 5, Http1ChunkHeader),
        (94, 8, Http1Trailers),
    ];
    assert_eq!(parts, expected);
    assert_eq!(said.len(), 102);
}

#[tokio::test]
async fn frames_are_parts_and_follow_each_other() {
    let peer = serve_connections(|stream| async move {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut stream = respond
                .send_response(http::Response::new(()), false)
                .unwrap();
            stream.send_data(vec![b'z'; 40_000].into(), true).unwrap();
        }
    })
    .await;
    let mut spec = spec_for(&format!("http://{peer}/"));
    spec.http = HttpChoice::Http2PriorKnowledge;
    let probed = run_probe(spec).await;
    for (side, begins) in [
        (Side::Client, PartKind::Http2Preface),
        (
            Side::Server,
            PartKind::Http2Frame {
                kind: 4,
                flags: 0,
                stream: 0,
            },
        ),
    ] {
        let parts = only_connection(&probed).layers.of(side).parts();
        assert_eq!(parts[0].what, begins);
        assert!(
            parts
                .windows(2)
                .all(|pair| pair[0].range().end == pair[1].at),
            "{parts:?}"
        );
    }
    let data = only_connection(&probed)
        .layers
        .of(Side::Server)
        .parts()
        .iter();
    let data = data.filter(|part| {
        matches!(
            part.what,
            PartKind::Http2Frame {
                kind: Frame::DATA,
                ..
            }
        )
    });
    assert_eq!(data.map(|part| part.bytes - 9).sum::<u64>(), 40_000);
}

#[tokio::test]
async fn a_large_transfer_takes_few_events() {
    let said = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(),
        &b"1\r\nx\r\n".repeat(20_000),
        b"0\r\n\r\n",
    ]
    .concat();
    let peer = serve_connections(move |stream| {
        answer_request(stream, ReceivedBytes::default(), 0, said.clone())
    })
    .await;
    let probed = run_probe(spec_for(&format!("http://{peer}/"))).await;
    assert_eq!(
        only_connection(&probed)
            .layers
            .of(Side::Server)
            .parts()
            .len(),
        2 * 20_000 + 3
    );
    let sizes = probed.events.iter().filter_map(|event| {
        if let EventKind::Layered { parts, .. } = &event.kind {
            Some(parts.len())
        } else {
            None
        }
    });
    let small = sizes.filter(|size| *size < 1_000).count() as u64;
    // Emissions at the boundaries of phases, at the end, and every 50 ms.
    let most = 10 + probed.only_exchange().total().unwrap().0 / 50_000_000;
    assert!(small <= most, "{small} of at most {most}");
}
