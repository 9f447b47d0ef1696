//! HTTP/1 in cleartext.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::test_server::{answer_once, read_head, serve_connections};
use super::{run_probe, spec_for};
use crate::probe::spec::{Body, HeaderRule};
use crate::trace::{ExchangeCause, HttpVersion, Phase};
use crate::units::Secret;

#[tokio::test]
async fn a_get_is_recorded_from_connecting_to_its_last_byte() {
    let peer = answer_once(
        "HTTP/1.1 200 Fine\r\nsErVer: x\r\nContent-Type: \
        text/plain\r\nContent-Length: 5\r\n\r\nhello",
    )
    .await;
    let probed = run_probe(spec_for(&format!("http://{peer}/a?b"))).await;
    let exchange = probed.only_exchange();
    assert_eq!(
        probed.phases(0),
        [Phase::Connect, Phase::Send, Phase::Wait, Phase::Receive]
    );
    assert_eq!(
        (exchange.cause, exchange.method.as_str()),
        (ExchangeCause::Asked, "GET")
    );
    let request = exchange.request.as_ref().unwrap();
    assert_eq!(
        (request.target.raw(), request.version),
        ("/a?b", HttpVersion::Http11)
    );
    let names: Vec<&str> = request
        .headers
        .iter()
        .map(|header| header.name.raw())
        .collect();
    assert_eq!(names, ["Host", "User-Agent", "Accept"]);
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(
        (
            response.status,
            response.reason.raw(),
            response.headers[0].name.raw()
        ),
        (200, "Fine", "sErVer")
    );
    assert_eq!(response.header_bytes, 77);
    let body = exchange.response_body;
    assert_eq!(
        (body.transferred, body.decoded, body.expected),
        (5, 5, Some(5))
    );
    assert_eq!(exchange.preview.as_ref().unwrap().0.raw(), "hello");
    assert!(exchange.failure.is_none());
    assert!(probed.trace.connections()[0].tcp_info.is_some());
}

#[tokio::test]
async fn the_request_goes_out_in_the_case_and_order_given() {
    let (sender, mut received_head) = tokio::sync::mpsc::channel(1);
    let peer = serve_connections(move |mut stream| {
        let sender = sender.clone();
        async move {
            let head = read_head(&mut stream).await;
            let mut body = [0; 3];
            stream.read_exact(&mut body).await.unwrap();
            sender.send((head, body)).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .await
                .unwrap();
        }
    })
    .await;
    let mut spec = spec_for(&format!("http://{peer}/"));
    spec.headers = vec![
        HeaderRule::Set("x-lower".into(), Secret::new("1".into())),
        HeaderRule::Set("X-UPPER".into(), Secret::new("2".into())),
        HeaderRule::Set("x-lower".into(), Secret::new("3".into())),
        HeaderRule::Remove("accept".into()),
    ];
    spec.body = Some(Body::Bytes {
        bytes: "a=b".into(),
        content_type: Some("application/x-www-form-urlencoded"),
        accept_json: false,
    });
    let probed = run_probe(spec).await;
    let (head, body) = received_head.recv().await.unwrap();
    let agent = concat!("User-Agent: tapline/", env!("CARGO_PKG_VERSION"));
    let expected = format!(
        "POST / HTTP/1.1\r\nHost: {peer}\r\n{agent}\r\nx-lower: 1\r\nX-UPPER: 2\r\nx-lower: \
            3\r\nContent-Length: 3\r\nContent-Type: \
         application/x-www-form-urlencoded\r\n\r\n"
    );
    assert_eq!((head.as_str(), &body), (expected.as_str(), b"a=b"));
    let exchange = probed.only_exchange();
    assert_eq!(
        exchange.request.as_ref().unwrap().header_bytes,
        expected.len() as u64
    );
    assert_eq!(
        (
            exchange.request_body.transferred,
            exchange.request_body.expected
        ),
        (3, Some(3))
    );
    assert_eq!(exchange.response.as_ref().unwrap().status, 204);
}

#[tokio::test]
async fn informational_responses_and_trailers_are_recorded() {
    let peer = answer_once(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: \
            chunked\r\nTrailer: X-Sum\r\n\r\n\
         5\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n",
    )
    .await;
    let probed = run_probe(spec_for(&format!("http://{peer}/"))).await;
    let exchange = probed.only_exchange();
    assert!(exchange.failure.is_none(), "{:?}", exchange.failure);
    assert_eq!(
        (
            exchange.informational[0].status,
            exchange.informational[0].headers[0].value.raw()
        ),
        (103, "</a.css>")
    );
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(
        (response.status, response.trailers[0].value.raw()),
        (200, "9")
    );
    assert_eq!(
        (
            exchange.response_body.transferred,
            exchange.response_body.expected
        ),
        (5, None)
    );
}

#[tokio::test]
async fn an_old_response_ends_with_its_connection() {
    let peer = answer_once("HTTP/1.0 200 OK\r\n\r\nuntil the end").await;
    let probed = run_probe(spec_for(&format!("http://{peer}/"))).await;
    assert!(probed.only_exchange().failure.is_none());
    assert_eq!(
        probed.only_exchange().response.as_ref().unwrap().version,
        HttpVersion::Http10
    );
    assert_eq!(probed.only_exchange().response_body.transferred, 13);
}

#[tokio::test]
async fn a_response_that_comes_before_the_request_is_sent_has_no_wait() {
    let peer = serve_connections(|mut stream| async move {
        read_head(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
            .await
            .unwrap();
        // The rest of the request is never read.
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    })
    .await;
    let mut spec = spec_for(&format!("http://{peer}/"));
    spec.body = Some(Body::Bytes {
        bytes: vec![0; 64 << 20].into(),
        content_type: None,
        accept_json: false,
    });
    let probed = run_probe(spec).await;
    assert!(
        probed.only_exchange().failure.is_none(),
        "{:?}",
        probed.only_exchange().failure
    );
    assert_eq!(
        probed.phases(0),
        [Phase::Connect, Phase::Send, Phase::Receive]
    );
    assert!(probed.only_exchange().request_body.transferred < 64 << 20);
}

#[tokio::test]
async fn a_response_to_head_has_no_body_despite_its_content_length() {
    let peer =
        answer_once("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n")
            .await;
    let mut spec = spec_for(&format!("http://{peer}/"));
    spec.head_only = true;
    spec.compressed = true;
    let probed = run_probe(spec).await;
    assert!(
        probed.only_exchange().failure.is_none(),
        "{:?}",
        probed.only_exchange().failure
    );
    assert_eq!(probed.only_exchange().response_body.transferred, 0);
}
