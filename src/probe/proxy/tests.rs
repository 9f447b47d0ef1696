//! Talks with proxies of this machine that follow a script.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::{Tunnel, open_tunnel};
use crate::probe::Failed;
use crate::probe::spec::{Dns, Proxy, Resolve};
use crate::probe::tap::Meter;
use crate::probe::witness::Witness;
use crate::trace::{Code, ConnectionId, Phase, What};

/// What the proxy reads and writes, in turn.
enum Turn {
    /// It reads exactly this.
    Reads(Vec<u8>),
    /// It writes this.
    Writes(Vec<u8>),
}

fn reads(bytes: impl Into<Vec<u8>>) -> Turn {
    Turn::Reads(bytes.into())
}

fn writes(bytes: impl Into<Vec<u8>>) -> Turn {
    Turn::Writes(bytes.into())
}

/// Plays the script on the proxy's end, then closes it.
async fn play(mut end: DuplexStream, script: Vec<Turn>) {
    for turn in script {
        match turn {
            Turn::Reads(bytes) => {
                let mut got = vec![0; bytes.len()];
                end.read_exact(&mut got).await.unwrap();
                assert_eq!(
                    String::from_utf8_lossy(&got),
                    String::from_utf8_lossy(&bytes)
                );
            }
            Turn::Writes(bytes) => end.write_all(&bytes).await.unwrap(),
        }
    }
}

async fn talk_as(
    witness: &Witness,
    proxy: &str,
    host: &str,
    script: Vec<Turn>,
) -> Result<Tunnel<DuplexStream>, Failed> {
    let (ours, theirs) = duplex(4096);
    let proxy = Proxy::parse(proxy).unwrap();
    let meter = Meter::new(ConnectionId(0), witness.step().recorder);
    let step = witness.step();
    let (tunnel, ()) = tokio::join!(
        open_tunnel(&step, ours, &meter, &proxy, host, 443),
        play(theirs, script)
    );
    tunnel
}

async fn talk(proxy: &str, script: Vec<Turn>) -> Result<Tunnel<DuplexStream>, Failed> {
    talk_as(&Witness::new(), proxy, "api.test", script).await
}

/// A talk that fails; gives the code and the sentence.
async fn refusal(proxy: &str, script: Vec<Turn>) -> (Code, String) {
    let failed = talk(proxy, script).await.unwrap_err();
    assert_eq!(failed.phase, Phase::Proxy);
    (failed.failure.code, failed.failure.message.raw().to_owned())
}

fn said(witness: &Witness) -> Vec<String> {
    let text = |what| {
        if let What::ProxyTalked { step, .. } = what {
            Some(step.text.raw().to_owned())
        } else {
            None
        }
    };
    witness.said().into_iter().filter_map(text).collect()
}

const HTTP: &str = "http://proxy.test:3128";
const ASKED: &str = concat!(
    "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\nUser-Agent: tapline/",
    env!("CARGO_PKG_VERSION"),
    "\r\nProxy-Connection: keep-alive\r\n\r\n"
);

fn answering(answer: &str) -> Vec<Turn> {
    vec![reads(ASKED), writes(answer)]
}

#[tokio::test]
async fn what_follows_the_answer_belongs_to_the_tunnel() {
    let witness = Witness::new();
    let answer = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nhello";
    let mut tunnel = talk_as(
        &witness,
        HTTP,
        "api.test",
        vec![reads(ASKED), writes(answer), writes(" world")],
    )
    .await
    .unwrap();
    let mut got = String::new();
    tunnel.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "hello world");

    assert_eq!(
        said(&witness),
        ["CONNECT api.test:443", "200 Connection established"]
    );
    let all = witness.said();
    assert!(matches!(
        all.first(),
        Some(What::PhaseBegan {
            phase: Phase::Proxy,
            position: Some(_),
            ..
        })
    ));
    assert!(matches!(
        all.last(),
        Some(What::PhaseEnded {
            phase: Phase::Proxy,
            position: Some(_),
            ..
        })
    ));
}

#[tokio::test]
async fn an_ipv6_target_is_written_in_brackets() {
    let mut witness = Witness::new();
    witness.spec.user_agent = Some("mine".to_owned());
    let asked =
        "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\nUser-Agent: mine\r\n";
    for host in ["2001:db8::1", "[2001:db8::1]"] {
        let script = vec![
            reads(asked),
            reads("Proxy-Connection: keep-alive\r\n\r\n"),
            writes("HTTP/1.0 200\r\n\r\n"),
        ];
        assert!(talk_as(&witness, HTTP, host, script).await.is_ok());
    }
}

#[tokio::test]
async fn credentials_are_sent_and_not_told() {
    let mut witness = Witness::new();
    witness.spec.user_agent = Some(String::new());
    let asked = "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\nProxy-Authorization: \
        Basic dXNlcjpwYSBzcw==\r\n";
    let script = vec![
        reads(asked),
        reads("Proxy-Connection: keep-alive\r\n\r\n"),
        writes("HTTP/1.1 200 OK\r\n\r\n"),
    ];
    talk_as(
        &witness,
        "http://user:pa%20ss@proxy.test",
        "api.test",
        script,
    )
    .await
    .unwrap();
    assert!(!format!("{:?}", witness.said()).contains("dXNlcjpwYSBzcw"));
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let tunnel = talk(
        HTTP,
        answering(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\nLink: \
            x\n\nHTTP/1.1 204 No Content\r\n\r\n",
        ),
    )
    .await;
    assert!(tunnel.is_ok());
    let (code, _) = refusal(HTTP, answering(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(40))).await;
    assert_eq!(code, Code::ProxyProtocol);
}

#[tokio::test]
async fn a_refusal_is_told_with_its_status() {
    let (code, message) = refusal(HTTP, answering("HTTP/1.1 403 Not \x1b[2J today\r\n\r\n")).await;
    assert_eq!(code, Code::ProxyRefused);
    assert_eq!(
        message,
        "the http proxy proxy.test:3128 answered 403 Not \\x1b[2J today to CONNECT api.test:443"
    );

    let challenge = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic \
        realm=\"x\"\r\n\r\n";
    let (code, message) = refusal(HTTP, answering(challenge)).await;
    assert_eq!(code, Code::ProxyAuthRequired);
    assert!(
        message.contains("wants credentials") && message.ends_with("it asks for Basic realm=\"x\""),
        "{message}"
    );
}

#[tokio::test]
async fn what_is_no_http_proxy_is_told() {
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
        let (code, message) = refusal(HTTP, answering(answer)).await;
        assert_eq!(code, Code::ProxyProtocol, "{answer:?}: {message}");
    }
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(70_000));
    let (ours, mut theirs) = duplex(1 << 20);
    theirs.write_all(endless.as_bytes()).await.unwrap();
    let (witness, proxy) = (Witness::new(), Proxy::parse(HTTP).unwrap());
    let failed = open_tunnel(
        &witness.step(),
        ours,
        &Meter::new(ConnectionId(0), witness.step().recorder),
        &proxy,
        "api.test",
        443,
    )
    .await
    .unwrap_err();
    assert_eq!(failed.failure.code, Code::ProxyProtocol);
}

#[tokio::test]
async fn a_proxy_that_closes_and_one_that_is_silent() {
    let (code, message) = refusal(HTTP, vec![reads(ASKED)]).await;
    assert_eq!(code, Code::ProxyClosed);
    assert!(
        message.contains("closed the connection before it had opened the way"),
        "{message}"
    );

    for proxy in [HTTP, "socks5h://proxy.test"] {
        let (ours, _theirs) = duplex(4096);
        let (witness, proxy) = (Witness::new(), Proxy::parse(proxy).unwrap());
        let step = witness.step_within(Duration::from_millis(30));
        let failed = open_tunnel(
            &step,
            ours,
            &Meter::new(ConnectionId(0), witness.step().recorder),
            &proxy,
            "api.test",
            443,
        )
        .await
        .unwrap_err();
        assert_eq!(failed.failure.code, Code::ProxyTimeout);
        assert!(
            failed.failure.message.raw().contains("--connect-timeout"),
            "{:?}",
            failed.failure
        );
    }
}

const SOCKS_BY_NAME: &[u8] = b"\x05\x01\x00\x03\x08api.test\x01\xbb";

fn socks(reply: &[u8]) -> Vec<Turn> {
    vec![
        reads(b"\x05\x01\x00"),
        writes(b"\x05\x00"),
        reads(SOCKS_BY_NAME),
        writes(reply),
    ]
}

#[tokio::test]
async fn socks5h_leaves_the_name_to_the_proxy() {
    let witness = Witness::new();
    let mut script = socks(b"\x05\x00\x00\x01\xc0\x00\x02\x07\xa1\x1f");
    script.push(writes(b"hello"));
    let mut tunnel = talk_as(&witness, "socks5h://proxy.test", "api.test", script)
        .await
        .unwrap();
    let mut got = String::new();
    tunnel.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "hello");
    assert_eq!(
        said(&witness),
        ["CONNECT api.test:443", "succeeded, from 192.0.2.7:41247"]
    );
}

#[tokio::test]
async fn socks5_resolves_the_name_here() {
    let mut witness = Witness::new();
    witness.spec.dns = Dns::Servers(Vec::new());
    let addresses = vec!["2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap()];
    witness.spec.resolve = vec![Resolve {
        host: "api.test".to_owned(),
        port: 443,
        addresses,
    }];
    let script = vec![
        reads(b"\x05\x01\x00"),
        writes(b"\x05\x00"),
        reads(b"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"),
        writes(b"\x05\x00\x00\x03\x01x\x00\x01"),
    ];
    talk_as(&witness, "socks5://proxy.test", "api.test", script)
        .await
        .unwrap();
    assert_eq!(
        said(&witness),
        ["CONNECT 192.0.2.1:443", "succeeded, from x:1"]
    );
}

#[tokio::test]
async fn socks_credentials_are_sent_and_judged() {
    let proxy = "socks5h://user:pass@proxy.test";
    let greeting = || {
        vec![
            reads(b"\x05\x02\x00\x02"),
            writes(b"\x05\x02"),
            reads(b"\x01\x04user\x04pass"),
        ]
    };
    let mut accepted = greeting();
    accepted.extend([
        writes(b"\x01\x00"),
        reads(SOCKS_BY_NAME),
        writes(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
    ]);
    let witness = Witness::new();
    talk_as(&witness, proxy, "api.test", accepted)
        .await
        .unwrap();
    assert_eq!(
        said(&witness),
        ["user and password", "CONNECT api.test:443", "succeeded"]
    );

    let mut rejected = greeting();
    rejected.push(writes(b"\x01\x01"));
    let (code, message) = refusal(proxy, rejected).await;
    assert_eq!(code, Code::ProxyAuthRequired);
    assert!(
        message.contains("did not accept user and password"),
        "{message}"
    );

    let (code, message) = refusal(
        "socks5h://proxy.test",
        vec![reads(b"\x05\x01\x00"), writes(b"\x05\xff")],
    )
    .await;
    assert_eq!(code, Code::ProxyAuthRequired);
    assert!(message.contains("wants credentials"), "{message}");
}

#[tokio::test]
async fn every_socks_reply_has_its_sentence() {
    let mut sentences = Vec::new();
    for reply in (1..=8).chain([0xf0]) {
        let (code, message) = refusal(
            "socks5h://proxy.test",
            socks(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]),
        )
        .await;
        assert_eq!(code, Code::ProxyRefused, "{message}");
        assert!(
            message.contains(&format!("(reply {reply})"))
                && message.ends_with("asked for api.test:443"),
            "{message}"
        );
        sentences.push(message);
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 9);
}

#[tokio::test]
async fn what_is_no_socks_proxy_is_told() {
    for answer in [b"HT".as_slice(), b"\x04\x5a", b"\x05\x01", b"\x05\x80"] {
        let (code, message) = refusal(
            "socks5h://proxy.test",
            vec![reads(b"\x05\x01\x00"), writes(answer)],
        )
        .await;
        assert_eq!(code, Code::ProxyProtocol, "{message}");
    }
    let (code, _) = refusal(
        "socks5h://proxy.test",
        vec![reads(b"\x05\x01\x00"), writes(b"\x05")],
    )
    .await;
    assert_eq!(code, Code::ProxyClosed);
    for reply in [
        b"\x04\x00\x00\x01\0\0\0\0\0\0".as_slice(),
        b"\x05\x00\x00\x09\0\0\0\0\0\0",
    ] {
        let (code, message) = refusal("socks5h://proxy.test", socks(reply)).await;
        assert_eq!(code, Code::ProxyProtocol, "{message}");
    }
}
