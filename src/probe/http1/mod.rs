//! HTTP/1.1 and HTTP/1.0 (RFC 9112), implemented by hyper. What it reads and writes is observed
//! below it.
//!
//! ```text
//! hyper ─► exact head ─► merged chunks ─► tap (the monitor) ─► TLS or the socket
//! ```

mod exact_head;
mod failure;
mod inbound;
mod merged_chunks;
mod outbound;
mod parts;
mod request_body;
mod watch;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;

use self::exact_head::{ExactHead, NextHead};
use self::inbound::Inbound;
use self::merged_chunks::MergedChunkStream;
use self::outbound::Outbound;
use self::request_body::HyperRequestBody;
use self::watch::{Http1ExchangeState, Http1Monitor};
use super::PhaseFailure;
use super::layering::PartTracker;
use super::message_phases::MessagePhases;
use super::request::{OutgoingRequest, RequestFraming};
use super::response_head::{BodyFrame, FinalResponseHead};
use super::tap::{ByteStream, Tap};
use crate::trace::Phase;
use crate::wire::http1::{MAX_FIELD_LINES, MAX_HEAD_BYTES};
use crate::wire::stream::StreamParser;

/// Maximum size of hyper's read buffer. It exceeds the limit for a head, so that a head can be
/// refused for its size, and it is large enough for fast bodies.
const READ_AT_ONCE: usize = MAX_HEAD_BYTES + 128 * 1024;

type HyperIo = TokioIo<ExactHead<MergedChunkStream<Tap<Box<dyn ByteStream>, Http1Monitor>>>>;

/// Client session of one HTTP/1 connection.
pub(super) struct Http1 {
    sender: SendRequest<HyperRequestBody>,
    connection: Http1Driver,
    monitor: Http1Monitor,
    next_head: NextHead,
    response_body: Option<Incoming>,
    received: u64,
    expected: Option<u64>,
}

/// The part of hyper's client that performs I/O. It is polled while a caller waits for one of its
/// results, so it needs no task of its own.
struct Http1Driver(Option<Connection<HyperIo, HyperRequestBody>>);

impl Http1Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.0
            && Pin::new(connection).poll(cx).is_ready()
        {
            // An error also reaches the caller that waits for the response or the body.
            self.0 = None;
        }
    }
}

impl Http1 {
    /// Starts HTTP/1 on a byte stream. `parts` record the positions of heads and bodies in the
    /// streams.
    pub(super) async fn open(
        stream: Box<dyn ByteStream>,
        parts: Option<(PartTracker, PartTracker)>,
    ) -> Result<Self, hyper::Error> {
        let monitor = Http1Monitor::new(parts);
        let next_head = NextHead::default();
        let wire = TokioIo::new(ExactHead::new(
            MergedChunkStream::new(Tap::new(stream, monitor.clone()), monitor.clone()),
            next_head.clone(),
        ));
        let (sender, connection) = Builder::new()
            .max_buf_size(READ_AT_ONCE)
            .max_headers(MAX_FIELD_LINES)
            .handshake(wire)
            .await?;
        Ok(Self {
            sender,
            connection: Http1Driver(Some(connection)),
            monitor,
            next_head,
            response_body: None,
            received: 0,
            expected: None,
        })
    }

    /// Sends a request with this request target and waits for the head of its final response.
    pub(super) async fn send(
        &mut self,
        phases: MessagePhases,
        request: OutgoingRequest,
        target: &str,
        version: http::Version,
    ) -> Result<FinalResponseHead, PhaseFailure> {
        let expected = request
            .body
            .as_ref()
            .and_then(super::request::BodySource::length);
        let inbound = Inbound::new(request.method == http::Method::HEAD);
        let outbound = Outbound::new(request.body.is_some(), expected);
        self.monitor.begin(Http1ExchangeState {
            phases,
            parser: StreamParser::new_http1(),
            outbound,
            inbound,
            fault: None,
        });
        self.next_head.set(encode_head(&request, target, version));
        (self.received, self.expected, self.response_body) = (0, None, None);
        let framed = hyper_request(request, version, &self.monitor);
        let response = {
            let Self {
                sender,
                connection,
                monitor,
                ..
            } = self;
            let answered = async {
                sender.ready().await?;
                sender.send_request(framed).await
            };
            drive_until(connection, monitor, answered).await?
        };
        let response =
            response.map_err(|error| failure::no_response_failure(&self.monitor, &error))?;
        self.expected = hyper::body::Body::size_hint(response.body()).exact();
        self.response_body = Some(response.into_body());
        self.final_head()
            .ok_or_else(|| inbound::malformed_head_failure("it is not complete", &[]))
    }

    fn final_head(&self) -> Option<FinalResponseHead> {
        let expected = self.expected;
        self.monitor
            .with(|exchange| {
                exchange
                    .inbound
                    .head()
                    .map(|head| FinalResponseHead::from_http1(head, expected))
            })
            .flatten()
    }

    /// Returns the next frame of the response's body; `None` at its end.
    pub(super) async fn next_frame(&mut self) -> Result<Option<BodyFrame>, PhaseFailure> {
        let Self {
            response_body: Some(response_body),
            connection,
            monitor,
            ..
        } = self
        else {
            return Ok(None);
        };
        let frame = drive_until(connection, monitor, response_body.frame()).await?;
        let Some(frame) = frame else {
            self.response_body = None;
            return Ok(None);
        };
        let frame =
            frame.map_err(|error| failure::body_failure(&error, self.received, self.expected))?;
        Ok(Some(match frame.into_data() {
            Ok(data) => {
                self.received += data.len() as u64;
                BodyFrame::Data(data)
            }
            Err(frame) => BodyFrame::Trailers(frame.into_trailers().map_or_else(
                |_| Vec::new(),
                |fields| super::response_head::headers_from_map(&fields),
            )),
        }))
    }

    /// Records that the last byte of the response was read.
    pub(super) fn finish(&self) {
        self.monitor
            .with(|exchange| exchange.phases.message_ended());
    }

    /// Returns the current phase.
    pub(super) fn phase(&self) -> Phase {
        self.monitor
            .with(|exchange| exchange.phases.phase())
            .unwrap_or(Phase::Send)
    }

    /// Returns the number of request bytes written so far, and the bytes received of an incomplete
    /// head.
    pub(super) fn progress(&self) -> (u64, Vec<u8>) {
        self.monitor
            .with(|exchange| {
                (
                    exchange.outbound.all_written(),
                    exchange.inbound.partial().to_vec(),
                )
            })
            .unwrap_or_default()
    }

    /// Returns true if nothing of a response was received.
    pub(super) fn has_no_response(&self) -> bool {
        self.monitor
            .with(|exchange| exchange.inbound.has_no_response())
            .unwrap_or(true)
    }

    /// Returns true if another request may be sent on the connection.
    pub(super) async fn is_reusable(&mut self) -> bool {
        let written = self
            .monitor
            .with(|exchange| exchange.outbound.is_done())
            .unwrap_or(false);
        let Self {
            sender, connection, ..
        } = self;
        poll_fn(|cx| {
            connection.poll(cx);
            Poll::Ready(())
        })
        .await;
        written && self.response_body.is_none() && connection.0.is_some() && sender.is_ready()
    }

    /// Closes the connection gracefully: TLS's `close_notify`, then the end of the stream.
    pub(super) async fn close(self) {
        let Self {
            sender,
            mut connection,
            response_body,
            ..
        } = self;
        drop((sender, response_body));
        poll_fn(|cx| {
            connection.poll(cx);
            if connection.0.is_some() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}

/// Drives the connection until `wanted` is ready or the monitor has found a fault in what was read.
async fn drive_until<T>(
    connection: &mut Http1Driver,
    monitor: &Http1Monitor,
    wanted: impl Future<Output = T>,
) -> Result<T, PhaseFailure> {
    let mut wanted = pin!(wanted);
    poll_fn(|cx| {
        if let Poll::Ready(value) = wanted.as_mut().poll(cx) {
            return Poll::Ready(Ok(value));
        }
        connection.poll(cx);
        if let Some(failed) = monitor.take_fault() {
            return Poll::Ready(Err(failed));
        }
        wanted.as_mut().poll(cx).map(Ok)
    })
    .await
}

/// Encodes the request's head exactly as it is written.
fn encode_head(request: &OutgoingRequest, target: &str, version: http::Version) -> Vec<u8> {
    let mut head = format!("{} {target} {version:?}\r\n", request.method).into_bytes();
    for field in &request.fields {
        head.extend_from_slice(field.name.as_bytes());
        // curl writes an empty value as `Name:`, without the space.
        head.extend_from_slice(if field.value.is_empty() { b":" } else { b": " });
        head.extend_from_slice(&field.value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Builds the request for hyper, which needs to know only the framing and whether the connection
/// stays open: the head it writes is replaced.
fn hyper_request(
    request: OutgoingRequest,
    version: http::Version,
    monitor: &Http1Monitor,
) -> http::Request<HyperRequestBody> {
    let connection = request
        .field("connection")
        .and_then(|value| http::HeaderValue::from_str(value).ok());
    let mut framed = http::Request::new(HyperRequestBody::new(
        request.body,
        request.framing,
        monitor.clone(),
    ));
    *framed.method_mut() = request.method;
    *framed.version_mut() = version;
    let fields = framed.headers_mut();
    match request.framing {
        RequestFraming::None => {}
        RequestFraming::Length(length) => {
            fields.insert(CONTENT_LENGTH, length.into());
        }
        RequestFraming::Chunked => {
            fields.insert(TRANSFER_ENCODING, http::HeaderValue::from_static("chunked"));
        }
    }
    if let Some(value) = connection {
        fields.insert(CONNECTION, value);
    }
    framed
}
