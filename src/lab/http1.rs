//! HTTP/1.1 (RFC 9112) by hyper.

use std::convert::Infallible;
use std::sync::Arc;
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
use super::interim::{Connection, Pending};
use super::router::route;
use super::site::Site;

const LONGEST_HEAD: Duration = Duration::from_secs(5 * 60);
const LARGEST_HEAD: usize = 64 * 1024;

/// Serves one connection until it ends.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, site: Arc<Site>) {
    let (connection, pending) = Connection::new(TokioIo::new(stream));
    let service = service_fn(move |request: Request<Incoming>| respond(request, Arc::clone(&site), pending.clone()));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD).max_buf_size(LARGEST_HEAD);
    // A client that goes away, or breaks the protocol, ends its connection: that is no fault of the lab's.
    let _ = server.serve_connection(connection, service).await;
}

async fn respond(request: Request<Incoming>, site: Arc<Site>, pending: Pending) -> Result<Response<Body>, Infallible> {
    // HTTP/1.0 has no interim responses (RFC 9110 §15.2).
    let takes_interim = request.version() >= Version::HTTP_11;
    let Answer { early, response } = route(request, &site).await;
    if let Some(early) = early.filter(|_| takes_interim) {
        pending.send(early.status, &early.headers).await;
        sleep(early.pause).await;
    }
    Ok(response)
}
