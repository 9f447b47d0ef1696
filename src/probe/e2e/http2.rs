//! HTTP/2, over TLS and in cleartext.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::certificates::{TestAuthority, server_config};
use super::test_server::serve_connections;
use super::{ProbedRun, run_probe, spec_for};
use crate::probe::Spec;
use crate::probe::spec::{Body, HttpChoice, ResolveRule};
use crate::trace::{FailureCode, HttpVersion, Phase};

/// Handler of a request.
type Handler = fn(
    Request<h2::RecvStream>,
    SendResponse<Bytes>,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

async fn serve_http2(stream: impl AsyncRead + AsyncWrite + Unpin, handler: Handler) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(handler(request, respond));
    }
}

/// Starts a server that speaks HTTP/2 in cleartext.
async fn serve_cleartext(handler: Handler) -> SocketAddr {
    serve_connections(move |stream| serve_http2(stream, handler)).await
}

async fn probe_http2(peer: SocketAddr, change: impl FnOnce(&mut Spec)) -> ProbedRun {
    let mut spec = spec_for(&format!("http://{peer}/path?query"));
    spec.http = HttpChoice::Http2PriorKnowledge;
    change(&mut spec);
    run_probe(spec).await
}

fn echo_handler(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let mut body = request.into_body();
        let mut bytes = 0;
        while let Some(Ok(data)) = body.data().await {
            bytes += data.len();
            body.flow_control().release_capacity(data.len()).unwrap();
        }
        let interim = Response::builder()
            .status(103)
            .header("link", "</a.css>")
            .body(())
            .unwrap();
        respond.send_informational(interim).unwrap();
        let head = Response::builder()
            .header("content-type", "text/plain")
            .header("x-bytes", bytes)
            .body(())
            .unwrap();
        let mut stream = respond.send_response(head, false).unwrap();
        stream
            .send_data(Bytes::from_static(b"hello"), false)
            .unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "9".parse().unwrap());
        stream.send_trailers(trailers).unwrap();
    })
}

#[tokio::test]
async fn an_exchange_in_cleartext_is_recorded() {
    let peer = serve_cleartext(echo_handler).await;
    let probed = probe_http2(peer, |spec| spec.compressed = true).await;
    let exchange = probed.only_exchange();
    assert!(exchange.failure.is_none(), "{:?}", exchange.failure);
    assert_eq!(
        probed.phases(0),
        [Phase::Connect, Phase::Send, Phase::Wait, Phase::Receive]
    );
    let request = exchange.request.as_ref().unwrap();
    let names: Vec<&str> = request
        .headers
        .iter()
        .map(|header| header.name.raw())
        .collect();
    assert_eq!(
        names,
        [
            ":method",
            ":scheme",
            ":authority",
            ":path",
            "user-agent",
            "accept",
            "accept-encoding"
        ]
    );
    assert_eq!(
        (request.version, request.target.raw()),
        (HttpVersion::Http2, "/path?query")
    );
    assert!(request.header_bytes > 20);
    assert_eq!(exchange.informational[0].status, 103);
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(
        (
            response.version,
            response.status,
            response.trailers[0].value.raw()
        ),
        (HttpVersion::Http2, 200, "9")
    );
    assert!(response.header_bytes > 10);
    assert_eq!(exchange.response_body.transferred, 5);
    assert_eq!(exchange.preview.as_ref().unwrap().0.raw(), "hello");
}

#[tokio::test]
async fn a_large_body_goes_up_within_flow_control() {
    let peer = serve_cleartext(echo_handler).await;
    let size = 3 << 20;
    let body = Body::Bytes {
        bytes: vec![b'x'; size].into(),
        content_type: None,
        accept_json: false,
    };
    let probed = probe_http2(peer, |spec| spec.body = Some(body)).await;
    let exchange = probed.only_exchange();
    assert!(exchange.failure.is_none(), "{:?}", exchange.failure);
    assert_eq!(
        exchange
            .response
            .as_ref()
            .unwrap()
            .header("x-bytes")
            .unwrap()
            .raw(),
        size.to_string()
    );
    assert_eq!(
        (
            exchange.request_body.transferred,
            exchange.request_body.expected
        ),
        (size as u64, Some(size as u64))
    );
}

#[tokio::test]
async fn alpn_chooses_the_version() {
    let authority = TestAuthority::new("root");
    let mut server = server_config(
        authority.issue(&["site.test"], |_| {}),
        &[&rustls::version::TLS13],
    );
    server.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let peer = serve_connections(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve_http2(stream, echo_handler).await;
            }
        }
    })
    .await;
    let mut spec = spec_for(&format!("https://site.test:{}/", peer.port()));
    spec.resolve = vec![ResolveRule {
        host: "site.test".into(),
        port: peer.port(),
        addresses: vec![peer.ip()],
    }];
    spec.tls.ca_pem = Some(authority.pem());
    let probed = run_probe(spec.clone()).await;
    assert!(
        probed.only_exchange().failure.is_none(),
        "{:?}",
        probed.only_exchange().failure
    );
    assert_eq!(
        probed.only_exchange().response.as_ref().unwrap().version,
        HttpVersion::Http2
    );
    let tls = probed.trace.connections()[0].tls.as_ref().unwrap();
    assert_eq!(
        tls.handshake.as_ref().unwrap().alpn.as_ref().unwrap().raw(),
        "h2"
    );
    spec.http = HttpChoice::Http11;
    let (phase, code, message) = run_probe(spec).await.failure();
    assert_eq!(
        (phase, code),
        (Phase::Tls, FailureCode::TlsAlert),
        "{message}"
    );
    assert!(message.contains("no_application_protocol"), "{message}");
}

#[tokio::test]
async fn streams_and_connections_that_end_with_an_error() {
    let refuse: Handler =
        |_, mut respond| Box::pin(async move { respond.send_reset(h2::Reason::REFUSED_STREAM) });
    let (phase, code, message) = probe_http2(serve_cleartext(refuse).await, |_| {})
        .await
        .failure();
    assert_eq!(
        (phase, code),
        (Phase::Wait, FailureCode::Http2Protocol),
        "{message}"
    );
    assert!(message.contains("REFUSED_STREAM"), "{message}");

    let midway: Handler = |_, mut respond| {
        Box::pin(async move {
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            stream
                .send_data(Bytes::from_static(b"hello"), false)
                .unwrap();
            stream.reserve_capacity(1);
            poll_fn(|cx| stream.poll_capacity(cx)).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            stream.send_reset(h2::Reason::INTERNAL_ERROR);
        })
    };
    let (phase, code, message) = probe_http2(serve_cleartext(midway).await, |_| {})
        .await
        .failure();
    assert_eq!(
        (phase, code),
        (Phase::Receive, FailureCode::Http2Protocol),
        "{message}"
    );
    assert!(
        message.contains("INTERNAL_ERROR") && message.contains("5 B"),
        "{message}"
    );

    let short: Handler = |_, mut respond| {
        Box::pin(async move {
            let head = Response::builder()
                .header("content-length", 100)
                .body(())
                .unwrap();
            let mut stream = respond.send_response(head, false).unwrap();
            stream
                .send_data(Bytes::from_static(b"hello"), true)
                .unwrap();
        })
    };
    let (phase, code, message) = probe_http2(serve_cleartext(short).await, |_| {})
        .await
        .failure();
    assert_eq!(
        (phase, code),
        (Phase::Receive, FailureCode::BodyShort),
        "{message}"
    );
}

/// Starts a server that sends these bytes after the client's first ones.
async fn send_raw_bytes(answer: &'static [u8], lingers: bool) -> SocketAddr {
    serve_connections(move |mut stream| async move {
        let mut first = [0; 64];
        let _ = stream.read(&mut first).await;
        stream.write_all(answer).await.unwrap();
        if lingers {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await
}

#[tokio::test]
async fn peers_that_do_not_speak_http2() {
    let (phase, code, message) = probe_http2(
        send_raw_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n", true).await,
        |_| {},
    )
    .await
    .failure();
    assert_eq!(
        (phase, code),
        (Phase::Wait, FailureCode::Http2Protocol),
        "{message}"
    );
    assert!(message.contains("HTTP/1.1 400"), "{message}");
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0].as_slice();
    let (phase, code, message) = probe_http2(send_raw_bytes(settings, false).await, |_| {})
        .await
        .failure();
    assert_eq!(
        (phase, code),
        (Phase::Wait, FailureCode::WaitClosed),
        "{message}"
    );
    let goaway: &[u8] = &[
        0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11,
    ];
    let (_, code, message) = probe_http2(send_raw_bytes(goaway, true).await, |_| {})
        .await
        .failure();
    assert_eq!(code, FailureCode::Http2Protocol, "{message}");
    assert!(message.contains("GOAWAY ENHANCE_YOUR_CALM"), "{message}");
}

#[tokio::test]
async fn a_head_beyond_the_limit() {
    let large: Handler = |_, mut respond| {
        Box::pin(async move {
            let mut head = Response::builder();
            for index in 0..400 {
                head = head.header(format!("x-{index}"), "a".repeat(1000));
            }
            let _ = respond.send_response(head.body(()).unwrap(), true);
        })
    };
    let (_, code, message) = probe_http2(serve_cleartext(large).await, |_| {})
        .await
        .failure();
    assert_eq!(code, FailureCode::HttpHeadTooLarge, "{message}");
}
