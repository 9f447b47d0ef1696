//! Redirects, cookies, connection reuse, proxies, output and the ordinary client.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::test_server::{read_head, serve_connections};
use super::{run_probe, spec_for};
use crate::probe::Spec;
use crate::probe::cookies::CookieStore;
use crate::probe::spec::{Body, HeaderRule, Proxy, ProxyKind, RedirectOptions};
use crate::trace::{EventKind, ExchangeCause, FailureCode, Phase};
use crate::units::Secret;

/// Heads of the requests received, in order.
type RequestLog = Arc<Mutex<Vec<String>>>;

/// Starts a server that answers every request by its path and keeps the connection open.
async fn serve_paths(
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (SocketAddr, RequestLog) {
    let log = RequestLog::default();
    let shared_log = Arc::clone(&log);
    let answer = Arc::new(answer);
    let peer = serve_connections(move |mut stream| {
        let log = Arc::clone(&shared_log);
        let answer = Arc::clone(&answer);
        async move {
            loop {
                let head = read_head(&mut stream).await;
                let Some(path) = head.split(' ').nth(1).map(str::to_owned) else {
                    return;
                };
                skip_body(&mut stream, &head).await;
                log.lock().unwrap().push(head);
                let answer = answer(&path);
                if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (peer, log)
}

async fn skip_body(stream: &mut TcpStream, head: &str) {
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.unwrap();
}

fn redirect_response(status: u16, to: &str, more: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\n{more}Content-Length: 4\r\n\r\ngone")
}

fn hello_response() -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_owned()
}

fn following_spec(url: &str) -> Spec {
    let mut spec = spec_for(url);
    spec.redirects = RedirectOptions {
        follow: true,
        ..RedirectOptions::default()
    };
    spec
}

fn set(name: &str, value: &str) -> HeaderRule {
    HeaderRule::Set(name.to_owned(), Secret::new(value.to_owned()))
}

#[tokio::test]
async fn hops_to_the_same_origin_share_a_connection() {
    let (peer, _) = serve_paths(|path| {
        if path == "/" {
            redirect_response(302, "/there", "")
        } else {
            hello_response()
        }
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let mut spec = following_spec(&format!("http://{peer}/"));
    spec.output = Some(crate::probe::spec::BodyOutput::File(
        directory.path().join("out"),
    ));
    let probed = run_probe(spec).await;
    let exchanges = probed.trace.exchanges();
    assert_eq!(exchanges.len(), 2);
    assert_eq!(
        (exchanges[1].cause, exchanges[1].reused_connection),
        (ExchangeCause::Redirect, true)
    );
    assert_eq!(probed.phases(1), [Phase::Send, Phase::Wait, Phase::Receive]);
    assert_eq!(probed.trace.connections().len(), 1);
    assert!(
        exchanges[0]
            .redirected
            .as_ref()
            .unwrap()
            .0
            .raw()
            .ends_with("/there")
    );
    assert_eq!(
        std::fs::read(directory.path().join("out")).unwrap(),
        b"hi",
        "only the final answer is written"
    );
}

#[tokio::test]
async fn user_data_is_withheld_from_other_origins() {
    let (other, other_log) = serve_paths(|_| hello_response()).await;
    let (peer, _) = serve_paths(move |_| {
        redirect_response(307, &format!("http://{other}/x"), "Set-Cookie: s=1\r\n")
    })
    .await;
    let mut spec = following_spec(&format!("http://{peer}/"));
    spec.headers = vec![set("X-Key", "secret"), set("Authorization", "Bearer t")];
    spec.credentials = Some(Secret::new(("u".into(), "p".into())));
    spec.cookies.user_pairs = Some(Secret::new("own=1".into()));
    spec.cookies.store = Some(CookieStore::default());
    let probed = run_probe(spec.clone()).await;
    let head = other_log.lock().unwrap().pop().unwrap();
    let agent = concat!("User-Agent: tapline/", env!("CARGO_PKG_VERSION"));
    // The other port is the same host, to which a cookie of this host goes (RFC 6265 §8.5).
    let expected = format!(
        "GET /x HTTP/1.1\r\nHost: {other}\r\n{agent}\r\nAccept: */*\r\nCookie: s=1\r\n\r\n"
    );
    assert_eq!(head, expected);
    let withheld: Vec<&str> = probed.trace.exchanges()[0]
        .redirected
        .as_ref()
        .unwrap()
        .1
        .iter()
        .map(crate::units::Untrusted::raw)
        .collect();
    assert_eq!(withheld, ["Authorization", "Cookie", "X-Key"]);
    spec.body = Some(Body::Bytes {
        bytes: "a=b".into(),
        content_type: Some("text/x"),
        accept_json: false,
    });
    let probed = run_probe(spec.clone()).await;
    assert_eq!(
        probed.trace.exchanges().len(),
        1,
        "a method without its body would be another request"
    );
    let (phase, failure) = probed.trace.failure().unwrap();
    assert_eq!(
        (*phase, failure.code),
        (Phase::Receive, FailureCode::RedirectWantsBody)
    );
    assert!(
        failure.message.raw().contains(&other.to_string())
            && failure.hint.contains("--location-trusted"),
        "{failure:?}"
    );
    assert!(other_log.lock().unwrap().is_empty());
    spec.redirects.trusted = true;
    run_probe(spec).await;
    let head = other_log.lock().unwrap().pop().unwrap();
    assert!(
        head.starts_with("POST ") && head.contains("Content-Length: 3\r\nContent-Type: text/x"),
        "{head}"
    );
    assert!(
        head.contains("X-Key: secret") && head.contains("own=1"),
        "{head}"
    );
}

#[tokio::test]
async fn cookies_are_sent_only_with_a_cookie_store() {
    let (peer, log) = serve_paths(|path| {
        if path == "/" {
            redirect_response(303, "/there", "Set-Cookie: a=1; Path=/\r\n")
        } else {
            hello_response()
        }
    })
    .await;
    let mut spec = following_spec(&format!("http://{peer}/"));
    run_probe(spec.clone()).await;
    assert!(!log.lock().unwrap().last().unwrap().contains("Cookie"));
    spec.cookies.store = Some(CookieStore::default());
    run_probe(spec).await;
    assert!(
        log.lock()
            .unwrap()
            .last()
            .unwrap()
            .contains("Cookie: a=1\r\n")
    );
}

#[tokio::test]
async fn a_redirect_loop_ends_at_the_limit() {
    let (peer, _) = serve_paths(|_| redirect_response(302, "/", "")).await;
    let mut spec = following_spec(&format!("http://{peer}/"));
    spec.redirects.max = 3;
    let probed = run_probe(spec).await;
    assert_eq!(probed.trace.exchanges().len(), 4);
    let (phase, failure) = probed.trace.failure().unwrap();
    assert_eq!(
        (*phase, failure.code),
        (Phase::Receive, FailureCode::TooManyRedirects)
    );
}

#[tokio::test]
async fn a_reused_connection_that_was_closed_is_replaced() {
    let (peer, _) = serve_paths(|path| {
        if path == "/" {
            redirect_response(302, "/there", "")
        } else {
            String::new()
        }
    })
    .await;
    // This server closes without an answer: the retry finds the same and fails.
    let probed = run_probe(following_spec(&format!("http://{peer}/"))).await;
    let causes: Vec<ExchangeCause> = probed
        .trace
        .exchanges()
        .iter()
        .map(|exchange| exchange.cause)
        .collect();
    assert_eq!(
        causes,
        [
            ExchangeCause::Asked,
            ExchangeCause::Redirect,
            ExchangeCause::Retry
        ]
    );
    let (phase, failure) = probed.trace.failure().unwrap();
    assert_eq!(
        (*phase, failure.code),
        (Phase::Wait, FailureCode::WaitClosed)
    );
    assert!(probed.trace.exchanges()[1].failure.is_none());
}

#[tokio::test]
async fn repeats_begin_afresh() {
    let (peer, _) = serve_paths(|_| hello_response()).await;
    let mut spec = spec_for(&format!("http://{peer}/"));
    spec.repeat = 3;
    let probed = run_probe(spec).await;
    let causes: Vec<ExchangeCause> = probed
        .trace
        .exchanges()
        .iter()
        .map(|exchange| exchange.cause)
        .collect();
    assert_eq!(
        causes,
        [
            ExchangeCause::Asked,
            ExchangeCause::Repeat,
            ExchangeCause::Repeat
        ]
    );
    assert_eq!(probed.trace.connections().len(), 3);
}

#[tokio::test]
async fn a_plain_request_to_an_http_proxy_is_in_absolute_form() {
    let (peer, log) = serve_paths(|_| hello_response()).await;
    let mut spec = spec_for("http://user:pw@site.test:8080/a?b#c");
    spec.proxy = Some(Proxy {
        kind: ProxyKind::Http,
        host: peer.ip().to_string(),
        port: peer.port(),
        credentials: Some(Secret::new(("u".into(), "p".into()))),
    });
    let probed = run_probe(spec).await;
    assert!(
        probed.only_exchange().failure.is_none(),
        "{:?}",
        probed.only_exchange().failure
    );
    let head = log.lock().unwrap().pop().unwrap();
    assert!(
        head.starts_with(
            "GET http://site.test:8080/a?b HTTP/1.1\r\nHost: \
            site.test:8080\r\nProxy-Authorization: Basic dTpw\r\n"
        ),
        "{head}"
    );
    assert!(head.contains("Authorization: Basic dXNlcjpwdw=="), "{head}");
    assert_eq!(
        probed.phases(0),
        [Phase::Connect, Phase::Send, Phase::Wait, Phase::Receive]
    );
    assert!(
        !probed.only_exchange().url.raw().contains("pw"),
        "{:?}",
        probed.only_exchange().url
    );
}

#[tokio::test]
async fn fail_makes_a_failure_of_a_status() {
    let (peer, _) =
        serve_paths(|_| "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy".to_owned()).await;
    let mut spec = spec_for(&format!("http://{peer}/"));
    assert!(
        run_probe(spec.clone())
            .await
            .only_exchange()
            .failure
            .is_none()
    );
    spec.fail_on_status = true;
    let probed = run_probe(spec).await;
    let (phase, code, message) = probed.failure();
    assert_eq!((phase, code), (Phase::Receive, FailureCode::HttpStatus));
    assert!(message.contains("503"), "{message}");
    assert_eq!(probed.only_exchange().response_body.transferred, 4);
}

#[tokio::test]
async fn a_coded_body_is_decoded_when_asked_for() {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&b"text ".repeat(1000)).unwrap();
    let coded = encoder.finish().unwrap();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: \
            gzip\r\nContent-Length: {}\r\n\r\n",
        coded.len()
    )
    .into_bytes();
    answer.extend(&coded);
    let peer = super::test_server::answer_once(answer.clone()).await;
    let mut spec = spec_for(&format!("http://{peer}/"));
    let probed = run_probe(spec.clone()).await;
    assert_eq!(
        probed.only_exchange().response_body.decoded,
        coded.len() as u64
    );
    assert!(probed.only_exchange().preview.is_none());
    assert!(probed.events.iter().any(
        |event| matches!(&event.kind, EventKind::Note { text, .. } if text.raw().contains("gzip"))
    ));
    spec.compressed = true;
    let probed = run_probe(spec.clone()).await;
    let body = probed.only_exchange().response_body;
    assert_eq!((body.transferred, body.decoded), (coded.len() as u64, 5000));
    let (preview, more) = probed.only_exchange().preview.clone().unwrap();
    assert_eq!((preview.raw().len(), more), (4096, true));
    spec.decode_limit = 100;
    let (phase, code, message) = run_probe(spec.clone()).await.failure();
    assert_eq!(
        (phase, code),
        (Phase::Receive, FailureCode::BodyDecodingLimit),
        "{message}"
    );
    spec.decode_limit = Spec::DECODE_LIMIT;
    let length = answer.len();
    answer[length - 6] ^= 0xff;
    let peer = super::test_server::answer_once(answer).await;
    spec.url.set_port(Some(peer.port())).unwrap();
    let (phase, code, message) = run_probe(spec).await.failure();
    assert_eq!(
        (phase, code),
        (Phase::Receive, FailureCode::BodyDecoding),
        "{message}"
    );
}

#[tokio::test]
async fn an_output_that_cannot_be_written_is_a_failure() {
    let (peer, _) = serve_paths(|_| hello_response()).await;
    let mut spec = spec_for(&format!("http://{peer}/"));
    spec.output = Some(crate::probe::spec::BodyOutput::File(
        "/nonexistent/file".into(),
    ));
    let (phase, code, message) = run_probe(spec).await.failure();
    assert_eq!((phase, code), (Phase::Receive, FailureCode::OutputFailed));
    assert!(message.contains("/nonexistent/file"), "{message}");
}

#[tokio::test]
async fn the_ordinary_client_sends_the_same_and_is_timed() {
    let (peer, log) = serve_paths(|path| {
        if path == "/" {
            redirect_response(302, "/there", "")
        } else {
            hello_response()
        }
    })
    .await;
    let mut spec = following_spec(&format!("http://{peer}/"));
    spec.headers = vec![set("X-Key", "k")];
    spec.control = true;
    let probed = run_probe(spec).await;
    let control = probed.trace.control().unwrap();
    assert_eq!((control.status, control.error.as_ref()), (Some(200), None));
    assert!(control.headers <= control.total);
    let heads = log.lock().unwrap();
    assert_eq!(heads.len(), 4);
    assert!(
        heads[2].to_ascii_lowercase().contains("x-key: k") && heads[2].contains("tapline/"),
        "{}",
        heads[2]
    );
}

#[tokio::test]
async fn a_request_that_cannot_be_built_says_so() {
    let mut spec = spec_for("http://127.0.0.1:1/");
    spec.headers = vec![set("X", "a\r\nEvil: b")];
    let (phase, code, _) = run_probe(spec).await.failure();
    assert_eq!((phase, code), (Phase::Send, FailureCode::RequestInvalid));
}
