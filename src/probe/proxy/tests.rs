//! Handshakes with scripted proxies.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::{Tunnel, open_tunnel};
use crate::probe::PhaseFailure;
use crate::probe::spec::{DnsChoice, Proxy, ResolveRule};
use crate::probe::tap::Meter;
use crate::probe::test_context::TestContext;
use crate::trace::{ConnectionId, EventKind, FailureCode, Phase};

/// Step of a proxy's script.
enum ScriptStep {
    /// The proxy reads exactly this.
    Reads(Vec<u8>),
    /// The proxy writes this.
    Writes(Vec<u8>),
}

fn proxy_reads(bytes: impl Into<Vec<u8>>) -> ScriptStep {
    ScriptStep::Reads(bytes.into())
}

fn proxy_writes(bytes: impl Into<Vec<u8>>) -> ScriptStep {
    ScriptStep::Writes(bytes.into())
}

/// Plays the script on the proxy's end, then closes it.
async fn play_script(mut end: DuplexStream, script: Vec<ScriptStep>) {
    for step in script {
        match step {
            ScriptStep::Reads(bytes) => {
                let mut got = vec![0; bytes.len()];
                end.read_exact(&mut got).await.unwrap();
                assert_eq!(
                    String::from_utf8_lossy(&got),
                    String::from_utf8_lossy(&bytes)
                );
            }
            ScriptStep::Writes(bytes) => end.write_all(&bytes).await.unwrap(),
        }
    }
}

async fn tunnel_with_context(
    test: &TestContext,
    proxy: &str,
    host: &str,
    script: Vec<ScriptStep>,
) -> Result<Tunnel<DuplexStream>, PhaseFailure> {
    let (ours, theirs) = duplex(4096);
    let proxy = Proxy::parse(proxy).unwrap();
    let meter = Meter::new(ConnectionId(0), test.exchange_context().recorder);
    let context = test.exchange_context();
    let (tunnel, ()) = tokio::join!(
        open_tunnel(&context, ours, &meter, &proxy, host, 443),
        play_script(theirs, script)
    );
    tunnel
}

async fn tunnel_through(
    proxy: &str,
    script: Vec<ScriptStep>,
) -> Result<Tunnel<DuplexStream>, PhaseFailure> {
    tunnel_with_context(&TestContext::new(), proxy, "api.test", script).await
}

/// Runs a handshake that fails and returns the code and the message.
async fn tunnel_failure(proxy: &str, script: Vec<ScriptStep>) -> (FailureCode, String) {
    let failed = tunnel_through(proxy, script).await.unwrap_err();
    assert_eq!(failed.phase, Phase::Proxy);
    (failed.failure.code, failed.failure.message.raw().to_owned())
}

fn recorded_steps(test: &TestContext) -> Vec<String> {
    let step_text = |what| {
        if let EventKind::ProxyTalked { step, .. } = what {
            Some(step.text.raw().to_owned())
        } else {
            None
        }
    };
    test.emitted().into_iter().filter_map(step_text).collect()
}

const HTTP_PROXY: &str = "http://proxy.test:3128";
const CONNECT_REQUEST: &str = concat!(
    "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\nUser-Agent: tapline/",
    env!("CARGO_PKG_VERSION"),
    "\r\nProxy-Connection: keep-alive\r\n\r\n"
);

fn answer_connect(answer: &str) -> Vec<ScriptStep> {
    vec![proxy_reads(CONNECT_REQUEST), proxy_writes(answer)]
}

#[tokio::test]
async fn bytes_after_the_proxys_response_belong_to_the_tunnel() {
    let test = TestContext::new();
    let answer = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nhello";
    let mut tunnel = tunnel_with_context(
        &test,
        HTTP_PROXY,
        "api.test",
        vec![
            proxy_reads(CONNECT_REQUEST),
            proxy_writes(answer),
            proxy_writes(" world"),
        ],
    )
    .await
    .unwrap();
    let mut got = String::new();
    tunnel.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "hello world");

    assert_eq!(
        recorded_steps(&test),
        ["CONNECT api.test:443", "200 Connection established"]
    );
    let all = test.emitted();
    assert!(matches!(
        all.first(),
        Some(EventKind::PhaseBegan {
            phase: Phase::Proxy,
            position: Some(_),
            ..
        })
    ));
    assert!(matches!(
        all.last(),
        Some(EventKind::PhaseEnded {
            phase: Phase::Proxy,
            position: Some(_),
            ..
        })
    ));
}

#[tokio::test]
async fn an_ipv6_target_is_written_in_brackets() {
    let mut test = TestContext::new();
    test.spec.user_agent = Some("mine".to_owned());
    let requested =
        "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\nUser-Agent: mine\r\n";
    for host in ["2001:db8::1", "[2001:db8::1]"] {
        let script = vec![
            proxy_reads(requested),
            proxy_reads("Proxy-Connection: keep-alive\r\n\r\n"),
            proxy_writes("HTTP/1.0 200\r\n\r\n"),
        ];
        assert!(
            tunnel_with_context(&test, HTTP_PROXY, host, script)
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn credentials_are_sent_but_not_recorded() {
    let mut test = TestContext::new();
    test.spec.user_agent = Some(String::new());
    let requested = "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\nProxy-Authorization: \
        Basic dXNlcjpwYSBzcw==\r\n";
    let script = vec![
        proxy_reads(requested),
        proxy_reads("Proxy-Connection: keep-alive\r\n\r\n"),
        proxy_writes("HTTP/1.1 200 OK\r\n\r\n"),
    ];
    tunnel_with_context(&test, "http://user:pa%20ss@proxy.test", "api.test", script)
        .await
        .unwrap();
    assert!(!format!("{:?}", test.emitted()).contains("dXNlcjpwYSBzcw"));
}

#[tokio::test]
async fn interim_responses_are_skipped() {
    let tunnel = tunnel_through(
        HTTP_PROXY,
        answer_connect(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\nLink: \
            x\n\nHTTP/1.1 204 No Content\r\n\r\n",
        ),
    )
    .await;
    assert!(tunnel.is_ok());
    let (code, _) = tunnel_failure(
        HTTP_PROXY,
        answer_connect(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(40)),
    )
    .await;
    assert_eq!(code, FailureCode::ProxyProtocol);
}

#[tokio::test]
async fn a_refusal_has_its_status() {
    let (code, message) = tunnel_failure(
        HTTP_PROXY,
        answer_connect("HTTP/1.1 403 Not \x1b[2J today\r\n\r\n"),
    )
    .await;
    assert_eq!(code, FailureCode::ProxyRefused);
    assert_eq!(
        message,
        "the http proxy proxy.test:3128 answered CONNECT api.test:443 with 403 Not \\x1b[2J today"
    );

    let challenge = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic \
        realm=\"x\"\r\n\r\n";
    let (code, message) = tunnel_failure(HTTP_PROXY, answer_connect(challenge)).await;
    assert_eq!(code, FailureCode::ProxyAuthRequired);
    assert!(
        message.contains("requires credentials")
            && message.ends_with("it asks for Basic realm=\"x\""),
        "{message}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_an_http_proxy_is_reported() {
    for answer in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 099 x\r\n\r\n",
        "HTTP/1.1 200",
        "HTTP/1.1\r\n\r\n",
        "\r\n\r\n",
    ] {
        let (code, message) = tunnel_failure(HTTP_PROXY, answer_connect(answer)).await;
        assert_eq!(code, FailureCode::ProxyProtocol, "{answer:?}: {message}");
    }
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(70_000));
    let (ours, mut theirs) = duplex(1 << 20);
    theirs.write_all(endless.as_bytes()).await.unwrap();
    let test = TestContext::new();
    let proxy = Proxy::parse(HTTP_PROXY).unwrap();
    let failed = open_tunnel(
        &test.exchange_context(),
        ours,
        &Meter::new(ConnectionId(0), test.exchange_context().recorder),
        &proxy,
        "api.test",
        443,
    )
    .await
    .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::ProxyProtocol);
}

#[tokio::test]
async fn a_proxy_that_closes_and_one_that_is_silent() {
    let (code, message) = tunnel_failure(HTTP_PROXY, vec![proxy_reads(CONNECT_REQUEST)]).await;
    assert_eq!(code, FailureCode::ProxyClosed);
    assert!(
        message.contains("closed the connection before the tunnel was open"),
        "{message}"
    );

    for proxy in [HTTP_PROXY, "socks5h://proxy.test"] {
        let (ours, _theirs) = duplex(4096);
        let test = TestContext::new();
        let proxy = Proxy::parse(proxy).unwrap();
        let context = test.exchange_context_within(Duration::from_millis(30));
        let failed = open_tunnel(
            &context,
            ours,
            &Meter::new(ConnectionId(0), test.exchange_context().recorder),
            &proxy,
            "api.test",
            443,
        )
        .await
        .unwrap_err();
        assert_eq!(failed.failure.code, FailureCode::ProxyTimeout);
        assert!(
            failed.failure.message.raw().contains("--connect-timeout"),
            "{:?}",
            failed.failure
        );
    }
}

const SOCKS_BY_NAME: &[u8] = b"\x05\x01\x00\x03\x08api.test\x01\xbb";

fn socks_script(reply: &[u8]) -> Vec<ScriptStep> {
    vec![
        proxy_reads(b"\x05\x01\x00"),
        proxy_writes(b"\x05\x00"),
        proxy_reads(SOCKS_BY_NAME),
        proxy_writes(reply),
    ]
}

#[tokio::test]
async fn socks5h_leaves_the_name_to_the_proxy() {
    let test = TestContext::new();
    let mut script = socks_script(b"\x05\x00\x00\x01\xc0\x00\x02\x07\xa1\x1f");
    script.push(proxy_writes(b"hello"));
    let mut tunnel = tunnel_with_context(&test, "socks5h://proxy.test", "api.test", script)
        .await
        .unwrap();
    let mut got = String::new();
    tunnel.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "hello");
    assert_eq!(
        recorded_steps(&test),
        ["CONNECT api.test:443", "succeeded, from 192.0.2.7:41247"]
    );
}

#[tokio::test]
async fn socks5_resolves_the_name_here() {
    let mut test = TestContext::new();
    test.spec.dns = DnsChoice::Servers(Vec::new());
    let addresses = vec!["2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap()];
    test.spec.resolve = vec![ResolveRule {
        host: "api.test".to_owned(),
        port: 443,
        addresses,
    }];
    let script = vec![
        proxy_reads(b"\x05\x01\x00"),
        proxy_writes(b"\x05\x00"),
        proxy_reads(b"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"),
        proxy_writes(b"\x05\x00\x00\x03\x01x\x00\x01"),
    ];
    tunnel_with_context(&test, "socks5://proxy.test", "api.test", script)
        .await
        .unwrap();
    assert_eq!(
        recorded_steps(&test),
        ["CONNECT 192.0.2.1:443", "succeeded, from x:1"]
    );
}

#[tokio::test]
async fn socks_credentials_are_sent_and_the_reply_is_checked() {
    let proxy = "socks5h://user:pass@proxy.test";
    let greeting = || {
        vec![
            proxy_reads(b"\x05\x02\x00\x02"),
            proxy_writes(b"\x05\x02"),
            proxy_reads(b"\x01\x04user\x04pass"),
        ]
    };
    let mut accepted = greeting();
    accepted.extend([
        proxy_writes(b"\x01\x00"),
        proxy_reads(SOCKS_BY_NAME),
        proxy_writes(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
    ]);
    let test = TestContext::new();
    tunnel_with_context(&test, proxy, "api.test", accepted)
        .await
        .unwrap();
    assert_eq!(
        recorded_steps(&test),
        ["user and password", "CONNECT api.test:443", "succeeded"]
    );

    let mut rejected = greeting();
    rejected.push(proxy_writes(b"\x01\x01"));
    let (code, message) = tunnel_failure(proxy, rejected).await;
    assert_eq!(code, FailureCode::ProxyAuthRequired);
    assert!(
        message.contains("did not accept user and password"),
        "{message}"
    );

    let (code, message) = tunnel_failure(
        "socks5h://proxy.test",
        vec![proxy_reads(b"\x05\x01\x00"), proxy_writes(b"\x05\xff")],
    )
    .await;
    assert_eq!(code, FailureCode::ProxyAuthRequired);
    assert!(message.contains("requires credentials"), "{message}");
}

#[tokio::test]
async fn every_socks_reply_has_its_sentence() {
    let mut sentences = Vec::new();
    for reply in (1..=8).chain([0xf0]) {
        let (code, message) = tunnel_failure(
            "socks5h://proxy.test",
            socks_script(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]),
        )
        .await;
        assert_eq!(code, FailureCode::ProxyRefused, "{message}");
        assert!(
            message.contains(&format!("(reply {reply})"))
                && message.ends_with("the target was api.test:443"),
            "{message}"
        );
        sentences.push(message);
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 9);
}

#[tokio::test]
async fn a_server_that_is_not_a_socks_proxy_is_reported() {
    for answer in [b"HT".as_slice(), b"\x04\x5a", b"\x05\x01", b"\x05\x80"] {
        let (code, message) = tunnel_failure(
            "socks5h://proxy.test",
            vec![proxy_reads(b"\x05\x01\x00"), proxy_writes(answer)],
        )
        .await;
        assert_eq!(code, FailureCode::ProxyProtocol, "{message}");
    }
    let (code, _) = tunnel_failure(
        "socks5h://proxy.test",
        vec![proxy_reads(b"\x05\x01\x00"), proxy_writes(b"\x05")],
    )
    .await;
    assert_eq!(code, FailureCode::ProxyClosed);
    for reply in [
        b"\x04\x00\x00\x01\0\0\0\0\0\0".as_slice(),
        b"\x05\x00\x00\x09\0\0\0\0\0\0",
    ] {
        let (code, message) = tunnel_failure("socks5h://proxy.test", socks_script(reply)).await;
        assert_eq!(code, FailureCode::ProxyProtocol, "{message}");
    }
}
