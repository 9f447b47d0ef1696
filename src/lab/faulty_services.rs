//! Services that fail on purpose: they refuse or reset connections, or violate HTTP/1.1 in a way
//! selected by the path.

use std::io;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::service::Service;

const MAX_HEAD_BYTES: usize = 8 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_SILENCE: Duration = Duration::from_secs(10 * 60);

/// A closed port.
pub(super) const REFUSED: Service = Service::closed("refused", "https", 443);

/// Connections that are reset before the TLS handshake.
pub(super) const RESET: Service = Service::tcp("reset", "https", 443, |connection| {
    Box::pin(reset_connection(connection.stream))
});

/// Violations of HTTP/1.1.
pub(super) const BROKEN: Service = Service::tcp("broken", "http", 80, |connection| {
    Box::pin(serve_broken_http(connection.stream))
});

/// Paths, each with a description of the violation.
pub(super) const BROKEN_PATHS: [(&str, &str); 8] = [
    ("/malformed-status", "a malformed status line"),
    (
        "/conflicting-lengths",
        "two contradictory Content-Length fields",
    ),
    ("/short-body", "a body shorter than its Content-Length"),
    ("/reset-body", "a connection that is reset during the body"),
    ("/bad-chunk", "a chunk whose size is not a number"),
    (
        "/slow-head",
        "a response head that arrives one field per second and never ends",
    ),
    ("/endless", "a body that never ends"),
    ("/silence", "no response at all"),
];

/// Waits for the client's first bytes, then closes so that the kernel sends RST instead of FIN (RFC
/// 9293 §3.10.4).
async fn reset_connection(mut stream: TcpStream) {
    let mut first = [0; 512];
    let _ = timeout(Duration::from_secs(10), stream.read(&mut first)).await;
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
}

/// Answers one request in the way its path selects, then closes the connection.
async fn serve_broken_http(mut stream: TcpStream) {
    let Ok(Ok(path)) = timeout(HEAD_TIMEOUT, read_request_path(&mut stream)).await else {
        return;
    };
    let _ = send_broken_response(&mut stream, &path).await;
}

async fn read_request_path(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > MAX_HEAD_BYTES || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(String::from_utf8_lossy(&head)
        .split_ascii_whitespace()
        .nth(1)
        .unwrap_or_default()
        .to_owned())
}

async fn send_broken_response(stream: &mut TcpStream, path: &str) -> io::Result<()> {
    match path {
        "/malformed-status" => {
            stream
                .write_all(
                    b"HTTP/1.1 two hundred OK\r\nContent-Length: \
            0\r\n\r\n",
                )
                .await
        }
        "/conflicting-lengths" => {
            stream
                .write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Length: \
            5\r\nContent-Length: 7\r\n\r\nseven!!",
                )
                .await
        }
        "/short-body" => {
            stream
                .write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthis \
            is all there is\n",
                )
                .await
        }
        "/reset-body" => send_reset_body(stream).await,
        "/bad-chunk" => {
            stream
                .write_all(
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \
            chunked\r\n\r\nlots\r\nof bytes\r\n0\r\n\r\n",
                )
                .await
        }
        "/slow-head" => {
            send_repeatedly(
                stream,
                b"HTTP/1.1 200 OK\r\n",
                b"X-Patience: a virtue\r\n",
                Duration::from_secs(1),
            )
            .await
        }
        "/endless" => {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            send_repeatedly(
                stream,
                head,
                b"14\r\nthere is more of it\n\r\n",
                Duration::from_millis(100),
            )
            .await
        }
        "/silence" => never_answer(stream).await,
        _ => {
            stream
                .write_all(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: \
            close\r\n\r\n",
                )
                .await
        }
    }
}

async fn send_reset_body(stream: &mut TcpStream) -> io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthis is all there is\n")
        .await?;
    // Wait until the data has been sent: the reset discards what is still in the send buffer.
    sleep(Duration::from_millis(50)).await;
    SockRef::from(&*stream).set_linger(Some(Duration::ZERO))
}

/// Sends a head and then the same bytes repeatedly until the client disconnects.
async fn send_repeatedly(
    stream: &mut TcpStream,
    head: &[u8],
    repeated: &[u8],
    every: Duration,
) -> io::Result<()> {
    stream.write_all(head).await?;
    loop {
        stream.write_all(repeated).await?;
        sleep(every).await;
    }
}

async fn never_answer(stream: &mut TcpStream) -> io::Result<()> {
    let mut rest = [0; 64];
    while let Ok(Ok(1..)) = timeout(MAX_SILENCE, stream.read(&mut rest)).await {}
    Ok(())
}
