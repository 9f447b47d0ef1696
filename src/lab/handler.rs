//! Request handlers, independent of the HTTP version: a function from a request to a response.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::StatusCode;
use hyper::body::Body;

use super::response::ServerResponse;
use super::service::LabState;

/// A request of any HTTP version.
pub(super) type IncomingRequest = hyper::Request<RequestBody>;

/// A request body as a stream.
pub(super) type RequestBody = UnsyncBoxBody<Bytes, IncompleteBody>;

/// The client disconnected within the body, or violated the protocol.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body is incomplete")]
pub(super) struct IncompleteBody;

/// Future of a handler's response.
pub(super) type ResponseFuture = Pin<Box<dyn Future<Output = ServerResponse> + Send>>;

/// Handler of requests.
pub(super) type HttpHandler = fn(IncomingRequest, Arc<LabState>) -> ResponseFuture;

/// The client of a request; attached to every request as an extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientInfo {
    pub(super) address: SocketAddr,
    /// `https` or `http`.
    pub(super) scheme: &'static str,
}

/// The handler of one server with what it needs to answer one client.
#[derive(Clone)]
pub(super) struct HandlerContext {
    pub(super) handler: HttpHandler,
    pub(super) state: Arc<LabState>,
    pub(super) client: ClientInfo,
}

impl HandlerContext {
    /// Runs the handler.
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
    fn from(error: IncompleteBody) -> Self {
        Self::text(StatusCode::BAD_REQUEST, error.to_string())
    }
}

/// Reads a whole body; the error is the response to a body that is too long or incomplete.
pub(super) async fn read_body(
    mut body: RequestBody,
    most_bytes: usize,
) -> Result<Bytes, ServerResponse> {
    let mut body_bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            body_bytes.extend_from_slice(&data);
        }
        if body_bytes.len() > most_bytes {
            return Err(ServerResponse::text(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("{most_bytes} bytes at most"),
            ));
        }
    }
    Ok(body_bytes.freeze())
}
