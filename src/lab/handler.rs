//! What is behind an HTTP server: a function from requests to answers, the same for every version
//! of HTTP.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::StatusCode;
use hyper::body::Body;

use super::response::ServerResponse;
use super::state::LabState;

/// A request, whichever version of HTTP it came in.
pub(super) type IncomingRequest = hyper::Request<RequestBody>;

/// The body of a request, as it comes in.
pub(super) type RequestBody = UnsyncBoxBody<Bytes, IncompleteBody>;

/// The client went away within the body, or broke the protocol.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body broke off")]
pub(super) struct IncompleteBody;

/// The work of answering.
pub(super) type ResponseFuture = Pin<Box<dyn Future<Output = ServerResponse> + Send>>;

/// What answers requests.
pub(super) type HttpHandler = fn(IncomingRequest, Arc<LabState>) -> ResponseFuture;

/// Who asks, and how; every request carries it among its extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientInfo {
    pub(super) address: SocketAddr,
    /// `https` or `http`.
    pub(super) scheme: &'static str,
}

/// The content of one server, for one client.
#[derive(Clone)]
pub(super) struct HandlerContext {
    pub(super) handler: HttpHandler,
    pub(super) state: Arc<LabState>,
    pub(super) client: ClientInfo,
}

impl HandlerContext {
    /// The answer to a request.
    pub(super) async fn respond<B>(&self, request: hyper::Request<B>) -> ServerResponse
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        let mut request = request.map(|body| body.map_err(|_| IncompleteBody).boxed_unsync());
        request.extensions_mut().insert(self.client);
        (self.handler)(request, Arc::clone(&self.state)).await
    }
}

impl From<IncompleteBody> for ServerResponse {
    fn from(why: IncompleteBody) -> Self {
        Self::text(StatusCode::BAD_REQUEST, why.to_string())
    }
}

/// A whole body, or what to answer to one that is longer than this or breaks off.
pub(super) async fn read_body(
    mut body: RequestBody,
    most_bytes: usize,
) -> Result<Bytes, ServerResponse> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            whole.extend_from_slice(&data);
        }
        if whole.len() > most_bytes {
            return Err(ServerResponse::text(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("{most_bytes} bytes at most"),
            ));
        }
    }
    Ok(whole.freeze())
}
