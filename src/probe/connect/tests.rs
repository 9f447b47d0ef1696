//! Connecting to real sockets on loopback.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{connect, connect_unix};
use crate::probe::test_context::TestContext;
use crate::trace::{AttemptOutcome, Endpoint, EventKind, FailureCode, Phase};
use crate::units::Nanos;

fn bind_listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Returns an address that refuses connections: its port is bound, so that nobody else gets it, but
/// not listened on.
fn refusing_address() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// Returns an address that does not answer: the only place in its accept queue is taken, so Linux
/// drops every further SYN.
fn silent_address() -> (Socket, TcpStream, SocketAddr) {
    let (socket, address) = refusing_address();
    socket.listen(0).unwrap();
    let taken = TcpStream::connect(address).unwrap();
    (socket, taken, address)
}

fn attempt_outcomes(test: &TestContext) -> Vec<AttemptOutcome> {
    let ended = |what| {
        if let EventKind::AttemptEnded { outcome, .. } = what {
            Some(outcome)
        } else {
            None
        }
    };
    test.emitted().into_iter().filter_map(ended).collect()
}

#[tokio::test]
async fn one_address_is_connected_and_its_events_are_emitted() {
    let (listener, address) = bind_listener();
    let test = TestContext::new();
    let mut established = connect(&test.exchange_context(), &[address]).await.unwrap();
    let (mut peer, from) = listener.accept().unwrap();

    assert_eq!(established.local, Endpoint::Ip(from));
    assert_eq!(established.remote, Endpoint::Ip(address));
    assert_eq!(test.expected_remotes(), [address]);
    let emitted = test.emitted();
    assert!(
        matches!(
            &emitted[0],
            EventKind::PhaseBegan {
                phase: Phase::Connect,
                ..
            }
        ),
        "{emitted:?}"
    );
    assert!(
        matches!(
            &emitted[1],
            EventKind::AttemptStarted { local: Some(Endpoint::Ip(local)), .. } if *local == from
        ),
        "{emitted:?}"
    );
    assert!(
        matches!(
            &emitted[2],
            EventKind::AttemptEnded {
                outcome: AttemptOutcome::Connected,
                ..
            }
        ),
        "{emitted:?}"
    );
    assert!(
        matches!(&emitted[3], EventKind::Connected { reused: false, .. }),
        "{emitted:?}"
    );
    assert!(
        matches!(
            &emitted[4],
            EventKind::PhaseEnded {
                phase: Phase::Connect,
                position: Some(_),
                ..
            }
        ),
        "{emitted:?}"
    );
    assert_eq!(emitted.len(), 5);

    established.stream.write_all(b"ping!").await.unwrap();
    std::io::Read::read_exact(&mut peer, &mut [0; 5]).unwrap();
    std::io::Write::write_all(&mut peer, b"pong").unwrap();
    established.stream.read_exact(&mut [0; 4]).await.unwrap();
    let position = established.meter.position();
    assert_eq!((position.sent, position.received), (5, 4));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_kernel_gives_its_figures() {
    let (_listener, address) = bind_listener();
    let test = TestContext::new();
    let established = connect(&test.exchange_context(), &[address]).await.unwrap();
    let figures = established.tcp_info.unwrap().read().unwrap();
    assert!(figures.rtt.unwrap() > Nanos::ZERO && figures.send_mss.is_some());
}

#[tokio::test]
async fn after_a_refusal_the_next_address_is_tried() {
    let (_refusing, refused) = refusing_address();
    let (_listener, address) = bind_listener();
    let test = TestContext::new();
    let established = connect(&test.exchange_context(), &[refused, address])
        .await
        .unwrap();
    assert_eq!(established.remote, Endpoint::Ip(address));
    assert_eq!(
        attempt_outcomes(&test),
        [AttemptOutcome::Refused, AttemptOutcome::Connected]
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_silent_address_does_not_delay_the_next() {
    let (_socket, _taken, silent) = silent_address();
    let (_listener, address) = bind_listener();
    let test = TestContext::new();
    let established = connect(&test.exchange_context(), &[silent, address])
        .await
        .unwrap();
    assert_eq!(established.remote, Endpoint::Ip(address));
    assert_eq!(
        attempt_outcomes(&test),
        [AttemptOutcome::Connected, AttemptOutcome::Abandoned]
    );
    assert!(matches!(
        test.emitted().last(),
        Some(EventKind::AttemptEnded {
            outcome: AttemptOutcome::Abandoned,
            ..
        })
    ));
}

#[tokio::test]
async fn a_refusal_is_a_failure_with_the_address_in_it() {
    let (_refusing, refused) = refusing_address();
    let test = TestContext::new();
    let failed = connect(&test.exchange_context(), &[refused])
        .await
        .unwrap_err();
    assert_eq!(
        (failed.phase, failed.failure.code),
        (Phase::Connect, FailureCode::ConnectRefused)
    );
    assert!(
        failed
            .failure
            .message
            .raw()
            .starts_with(&format!("{refused} refused the connection after ")),
        "{:?}",
        failed.failure
    );
}

/// TCP has no multicast, which Linux reports as an unreachable network.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_most_informative_of_several_failures_gives_the_code() {
    let (_refusing, refused) = refusing_address();
    let unreachable = SocketAddr::from(([224, 0, 0, 1], 80));
    let test = TestContext::new();
    let failed = connect(&test.exchange_context(), &[refused, unreachable])
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::ConnectRefused);
    let message = failed.failure.message.raw();
    assert!(
        message.starts_with("could not connect to any of 2 addresses: "),
        "{message}"
    );
    assert!(message.contains("224.0.0.1:80 is unreachable"), "{message}");

    let failed = connect(&test.exchange_context(), &[unreachable])
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::ConnectUnreachable);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn silence_ends_with_the_limit() {
    let (_socket, _taken, silent) = silent_address();
    let test = TestContext::new();
    let failed = connect(
        &test.exchange_context_within(Duration::from_millis(50)),
        &[silent],
    )
    .await
    .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::ConnectTimeout);
    assert!(
        failed.failure.message.raw().contains("--connect-timeout"),
        "{:?}",
        failed.failure
    );
    assert_eq!(attempt_outcomes(&test), [AttemptOutcome::TimedOut]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_abandoned_attempt_has_an_event() {
    let (_socket, _taken, silent) = silent_address();
    let test = TestContext::new();
    let context = test.exchange_context();
    let addresses = [silent];
    let mut attempt = Box::pin(connect(&context, &addresses));
    assert!(
        tokio::time::timeout(Duration::from_millis(20), &mut attempt)
            .await
            .is_err()
    );
    drop(attempt);
    assert_eq!(attempt_outcomes(&test), [AttemptOutcome::Abandoned]);
}

#[tokio::test]
async fn a_socket_file_is_connected() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let test = TestContext::new();
    let mut established = connect_unix(&test.exchange_context(), &path).await.unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    established.stream.write_all(b"ping!").await.unwrap();
    std::io::Read::read_exact(&mut peer, &mut [0; 5]).unwrap();
    assert_eq!(
        established.remote.to_string(),
        format!("unix:{}", path.display())
    );
    assert!(established.tcp_info.is_none());
}

#[tokio::test]
async fn a_socket_file_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let test = TestContext::new();
    let missing = directory.path().join("missing.sock");
    let failed = connect_unix(&test.exchange_context(), &missing)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::ConnectForbidden);
    assert!(
        failed
            .failure
            .message
            .raw()
            .contains("there is no such file"),
        "{:?}",
        failed.failure
    );

    let deserted = directory.path().join("deserted.sock");
    drop(UnixListener::bind(&deserted).unwrap());
    let failed = connect_unix(&test.exchange_context(), &deserted)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::ConnectRefused);

    let long = directory.path().join("x".repeat(200));
    let failed = connect_unix(&test.exchange_context(), &long)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::ConnectForbidden);
    assert!(
        failed.failure.message.raw().contains("too long"),
        "{:?}",
        failed.failure
    );
}
