//! Servers that violate the protocol: each failure has its phase, code and message.

use std::future::Future;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::test_server::{answer_once, read_head, serve_connections};
use super::{ProbedRun, run_probe, spec_for};
use crate::trace::{FailureCode, Phase};

async fn probe_answer(answer: &str) -> ProbedRun {
    let peer = answer_once(answer).await;
    run_probe(spec_for(&format!("http://{peer}/"))).await
}

#[tokio::test]
async fn heads_that_are_not_http() {
    let (phase, code, message) = probe_answer("HTPP/1.1 200 OK\r\n\r\n\x1b[2J")
        .await
        .failure();
    assert_eq!((phase, code), (Phase::Wait, FailureCode::HttpMalformed));
    assert!(message.contains("HTPP/1.1 200 OK"), "{message}");
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 2OO OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA B: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: c\r\n\r\n",
    ] {
        let (phase, code, message) = probe_answer(answer).await.failure();
        assert_eq!(
            (phase, code),
            (Phase::Wait, FailureCode::HttpMalformed),
            "{answer}: {message}"
        );
    }
}

#[tokio::test]
async fn heads_that_never_stop_growing() {
    let head = format!(
        "HTTP/1.1 200 OK\r\n{}\r\n",
        format!("X-Long: {}\r\n", "a".repeat(1000)).repeat(400)
    );
    assert_eq!(
        probe_answer(&head).await.failure().1,
        FailureCode::HttpHeadTooLarge
    );
    let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(5000));
    assert_eq!(
        probe_answer(&head).await.failure().1,
        FailureCode::HttpHeadTooLarge
    );
}

#[tokio::test]
async fn lengths_that_contradict_each_other() {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5, 7",
    ] {
        let (phase, code, message) =
            probe_answer(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n0\r\n\r\n"))
                .await
                .failure();
        assert_eq!(
            (phase, code),
            (Phase::Receive, FailureCode::HttpConflictingLengths),
            "{fields}: {message}"
        );
    }
}

#[tokio::test]
async fn bodies_that_break_off() {
    let probed = probe_answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello").await;
    let (phase, code, message) = probed.failure();
    assert_eq!(
        (phase, code),
        (Phase::Receive, FailureCode::BodyShort),
        "{message}"
    );
    assert!(message.contains("5 B of 100 B"), "{message}");
    assert_eq!(probed.only_exchange().response_body.transferred, 5);
    let (_, code, message) =
        probe_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
            .await
            .failure();
    assert_eq!(code, FailureCode::BodyShort, "{message}");
    for chunks in [
        "zz\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "ffffffffffffffffff\r\n",
    ] {
        let (_, code, message) = probe_answer(&format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        ))
        .await
        .failure();
        assert_eq!(code, FailureCode::BodyMalformed, "{chunks}: {message}");
    }
}

#[tokio::test]
async fn connections_that_are_closed_or_reset() {
    let (phase, code, message) = probe_answer("").await.failure();
    assert_eq!(
        (phase, code),
        (Phase::Wait, FailureCode::WaitClosed),
        "{message}"
    );
    let (phase, code, message) = probe_answer("HTTP/1.1 200 OK\r\nA: b").await.failure();
    assert_eq!(
        (phase, code),
        (Phase::Wait, FailureCode::WaitClosed),
        "{message}"
    );
    assert!(message.contains("21 B"), "{message}");
    let until_read = |pause| async move {
        let peer = serve_connections(move |mut stream| async move {
            read_head(&mut stream).await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
                .await
                .unwrap();
            tokio::time::sleep(pause).await;
            stream.set_zero_linger().unwrap();
        })
        .await;
        run_probe(spec_for(&format!("http://{peer}/")))
            .await
            .failure()
    };
    let (phase, code, message) = with_time_enough(Phase::Receive, until_read).await;
    assert_eq!(
        (phase, code),
        (Phase::Receive, FailureCode::BodyReset),
        "{message}"
    );
}

/// Retries with growing time limits until the failure is in `phase`: on a busy machine the run
/// takes longer to reach it.
async fn with_time_enough<F>(
    phase: Phase,
    fail: impl Fn(Duration) -> F,
) -> (Phase, FailureCode, String)
where
    F: Future<Output = (Phase, FailureCode, String)>,
{
    for limit in [50, 500, 5_000] {
        let failure = fail(Duration::from_millis(limit)).await;
        if failure.0 == phase {
            return failure;
        }
    }
    fail(Duration::from_secs(30)).await
}

#[tokio::test]
async fn informational_responses_without_end() {
    assert_eq!(
        probe_answer(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(200))
            .await
            .failure()
            .1,
        FailureCode::HttpMalformed
    );
}

#[tokio::test]
async fn peers_that_keep_us_waiting() {
    for (begin, phase, code, said) in [
        (
            "",
            Phase::Wait,
            FailureCode::WaitTimeout,
            "nothing had arrived",
        ),
        (
            "HTTP/1.1 200 OK\r\nSlow: ",
            Phase::Wait,
            FailureCode::WaitTimeout,
            "23 B of its head",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            Phase::Receive,
            FailureCode::BodyTimeout,
            "3 B of 9 B",
        ),
    ] {
        let peer = serve_connections(move |mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(begin.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        let within = |limit| async move {
            let mut spec = spec_for(&format!("http://{peer}/"));
            spec.max_time = Some(limit);
            run_probe(spec).await.failure()
        };
        // Repeats until the last byte was received before the limit.
        let mut failure = with_time_enough(phase, within).await;
        // The limit may have been reached before the last byte was received.
        if !failure.2.contains(said) {
            failure = within(Duration::from_secs(10)).await;
        }
        assert_eq!((failure.0, failure.1), (phase, code), "{}", failure.2);
        assert!(
            failure.2.contains(said) && failure.2.contains("--max-time"),
            "{}",
            failure.2
        );
    }
}
