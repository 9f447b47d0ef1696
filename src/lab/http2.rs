//! HTTP/2 server (RFC 9113), directly on h2, which can send interim responses.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::body::ResponseBody;
use super::handler::HandlerContext;
use super::response::ServerResponse;

/// Maximum concurrent requests of one connection.
const MAX_STREAMS: u32 = 128;
/// Maximum concurrent requests of all connections to the lab. Further ones are refused before they
/// are processed, so that a client may send them again (`REFUSED_STREAM`, RFC 9113 §8.7).
pub(super) const MAX_STREAMS_OF_LAB: usize = 4_096;
const MAX_HEAD_BYTES: u32 = 64 * 1024;
/// Flow-control windows, which limit the unread data of a connection.
const STREAM_WINDOW: u32 = 512 * 1024;
const CONNECTION_WINDOW: u32 = 512 * 1024;

/// Maximum number of bytes of an unread request body that are discarded, and the time limit for it.
const MAX_UNREAD_BYTES: usize = 1024 * 1024;
const UNREAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves one connection until it closes.
pub(super) async fn serve_http2<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    context: HandlerContext,
) {
    let mut server = h2::server::Builder::new();
    server
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD_BYTES);
    server
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let Ok(mut connection) = server.handshake::<_, Bytes>(stream).await else {
        return;
    };
    // Dropping the set with the connection aborts the streams' tasks.
    let mut streams = JoinSet::new();
    while let Some(Ok((request, mut responder))) = connection.accept().await {
        while streams.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&context.state.streams).try_acquire_owned() else {
            responder.send_reset(Reason::REFUSED_STREAM);
            continue;
        };
        let response = handle_stream(request, responder, context.clone());
        streams.spawn(async move {
            response.await;
            drop(permit);
        });
    }
}

/// Answers the request of one stream. If the client resets the stream, the rest of the response is
/// dropped; there is nobody to report it to.
async fn handle_stream(
    request: Request<RecvStream>,
    mut responder: SendResponse<Bytes>,
    context: HandlerContext,
) {
    let is_head = request.method() == Method::HEAD;
    let ServerResponse {
        interim: early,
        response,
    } = context
        .respond(request.map(|body| RequestBodyStream(Some(body))))
        .await;
    if let Some(early) = early {
        let mut interim = Response::new(());
        *interim.status_mut() = early.status;
        *interim.headers_mut() = early.headers;
        if responder.send_informational(interim).is_err() {
            return;
        }
        sleep(early.delay).await;
    }
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        head.headers
            .entry(CONTENT_LENGTH)
            .or_insert(HeaderValue::from(length));
    }
    let is_empty = is_head || body.is_end_stream();
    if let Ok(stream) = responder.send_response(Response::from_parts(head, ()), is_empty)
        && !is_empty
    {
        let _ = send_body(body, stream).await;
    }
}

async fn send_body(mut body: ResponseBody, mut stream: SendStream<Bytes>) -> Result<(), h2::Error> {
    while let Some(Ok(frame)) = body.frame().await {
        let is_last = body.is_end_stream();
        match frame.into_data() {
            Ok(data) => send_data(data, &mut stream, is_last).await?,
            Err(frame) => {
                return frame
                    .into_trailers()
                    .map_or(Ok(()), |trailers| stream.send_trailers(trailers));
            }
        }
        if is_last {
            return Ok(());
        }
    }
    stream.send_data(Bytes::new(), true)
}

/// Sends data as the client's flow control allows (RFC 9113 §5.2).
async fn send_data(
    mut data: Bytes,
    stream: &mut SendStream<Bytes>,
    is_last: bool,
) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let Some(capacity) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
            break;
        };
        let part = data.split_to(capacity?.min(data.len()));
        stream.send_data(part, is_last && data.is_empty())?;
    }
    Ok(())
}

/// A request body. The flow-control window is released as the body is read.
///
/// A response may leave the request body unread. Resetting the stream at once (RFC 9113 §8.1) makes
/// clients fail that had little left to send and would then have read the response, so some of the
/// body is read and discarded.
struct RequestBodyStream(Option<RecvStream>);

impl Drop for RequestBodyStream {
    fn drop(&mut self) {
        if let Some(stream) = self.0.take().filter(|stream| !stream.is_end_stream()) {
            tokio::spawn(timeout(UNREAD_TIMEOUT, discard_rest(stream)));
        }
    }
}

async fn discard_rest(mut stream: RecvStream) {
    let mut left = MAX_UNREAD_BYTES;
    while let Some(Ok(data)) = stream.data().await {
        left = left.saturating_sub(data.len());
        if left == 0 || stream.flow_control().release_capacity(data.len()).is_err() {
            return;
        }
    }
}

impl hyper::body::Body for RequestBodyStream {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let Some(stream) = &mut self.0 else {
            return Poll::Ready(None);
        };
        if let Some(data) = ready!(stream.poll_data(cx)) {
            let data = data?;
            stream.flow_control().release_capacity(data.len())?;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        let trailers = ready!(stream.poll_trailers(cx))?;
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(RecvStream::is_end_stream)
    }
}
