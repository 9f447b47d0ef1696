//! HTTP/1.1 (RFC 9112) by hyper.

use std::convert::Infallible;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

use super::answer::Answer;
use super::body::Body;
use super::content::Pages;
use super::interim::{Connection, Pending};
use super::web::Manner;

const LONGEST_HEAD: Duration = Duration::from_secs(5 * 60);
const LARGEST_HEAD: usize = 64 * 1024;

/// Serves one connection until it ends.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    pages: Pages,
    manner: Manner,
) {
    let (connection, pending) = Connection::new(TokioIo::new(stream));
    let service = service_fn(move |request: Request<Incoming>| {
        respond(request, pages.clone(), manner, pending.clone())
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(LONGEST_HEAD)
        .max_buf_size(LARGEST_HEAD);
    server.keep_alive(manner == Manner::Any);
    // A client that goes away, or breaks the protocol, ends its connection: that is no fault of the
    // lab's.
    let _ = server.serve_connection(connection, service).await;
}

async fn respond(
    request: Request<Incoming>,
    pages: Pages,
    manner: Manner,
    pending: Pending,
) -> Result<Response<Body>, Infallible> {
    // HTTP/1.0 has no interim responses (RFC 9110 §15.2).
    let takes_interim = request.version() >= Version::HTTP_11 && manner != Manner::Http10;
    let Answer {
        early,
        mut response,
    } = pages.answer(request).await;
    if let Some(early) = early.filter(|_| takes_interim) {
        pending.send(early.status, &early.headers).await;
        sleep(early.pause).await;
    }
    if manner == Manner::Http10 {
        *response.version_mut() = Version::HTTP_10;
    }
    Ok(*response)
}
