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

use super::answer::Answer;
use super::site::Site;

/// A request, whichever version of HTTP it came in.
pub(super) type Request = hyper::Request<RequestBody>;

/// The body of a request, as it comes in.
pub(super) type RequestBody = UnsyncBoxBody<Bytes, BrokenOff>;

/// The client went away within the body, or broke the protocol.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body broke off")]
pub(super) struct BrokenOff;

/// The work of answering.
pub(super) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What answers requests.
pub(super) type Content = fn(Request, Arc<Site>) -> Answering;

/// Who asks, and how; every request carries it among its extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    /// `https` or `http`.
    pub(super) scheme: &'static str,
}

/// The content of one server, for one client.
#[derive(Clone)]
pub(super) struct Pages {
    pub(super) content: Content,
    pub(super) site: Arc<Site>,
    pub(super) client: Client,
}

impl Pages {
    /// The answer to a request.
    pub(super) async fn answer<B>(&self, request: hyper::Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        let mut request = request.map(|body| body.map_err(|_| BrokenOff).boxed_unsync());
        request.extensions_mut().insert(self.client);
        (self.content)(request, Arc::clone(&self.site)).await
    }
}

impl From<BrokenOff> for Answer {
    fn from(why: BrokenOff) -> Self {
        Self::sentence(StatusCode::BAD_REQUEST, why.to_string())
    }
}

/// A whole body, or what to answer to one that is longer than this or breaks off.
pub(super) async fn whole(mut body: RequestBody, most_bytes: usize) -> Result<Bytes, Answer> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            whole.extend_from_slice(&data);
        }
        if whole.len() > most_bytes {
            return Err(Answer::sentence(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("{most_bytes} bytes at most"),
            ));
        }
    }
    Ok(whole.freeze())
}
