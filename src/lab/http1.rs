//! HTTP/1.1 server (RFC 9112), on hyper.

use std::convert::Infallible;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

use super::body::ResponseBody;
use super::handler::HandlerContext;
use super::http_service::HttpMode;
use super::interim::{InterimConnection, InterimSender};
use super::response::ServerResponse;

const HEAD_TIMEOUT: Duration = Duration::from_secs(5 * 60);
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Serves one connection until it closes.
pub(super) async fn serve_http1<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    context: HandlerContext,
    mode: HttpMode,
) {
    let (connection, pending) = InterimConnection::new(TokioIo::new(stream));
    let service = service_fn(move |request: Request<Incoming>| {
        handle_request(request, context.clone(), mode, pending.clone())
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES);
    server.keep_alive(mode == HttpMode::Any);
    // A client that disconnects or violates the protocol ends its connection; the lab has nothing
    // to report.
    let _ = server.serve_connection(connection, service).await;
}

async fn handle_request(
    request: Request<Incoming>,
    context: HandlerContext,
    mode: HttpMode,
    pending: InterimSender,
) -> Result<Response<ResponseBody>, Infallible> {
    // HTTP/1.0 has no interim responses (RFC 9110 §15.2).
    let takes_interim = request.version() >= Version::HTTP_11 && mode != HttpMode::Http10;
    let ServerResponse {
        interim: early,
        mut response,
    } = context.respond(request).await;
    if let Some(early) = early.filter(|_| takes_interim) {
        pending.send(early.status, &early.headers).await;
        sleep(early.delay).await;
    }
    if mode == HttpMode::Http10 {
        *response.version_mut() = Version::HTTP_10;
    }
    Ok(*response)
}
