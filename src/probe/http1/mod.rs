//! HTTP/1.1 and HTTP/1.0 (RFC 9112) by hyper, watched from below.
//!
//! ```text
//! hyper ─► exact head ─► tap (the watch) ─► TLS or the socket
//! ```

mod body_parts;
mod exact_head;
mod failure;
mod inbound;
mod outbound;
mod outgoing;
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
use self::outbound::Outbound;
use self::outgoing::Outgoing;
use self::watch::{Passing, Watch};
use super::Failed;
use super::answer::{Answer, Piece};
use super::layering::Parts;
use super::request::{Framing, Request};
use super::stage::Stage;
use super::tap::{Io, Tap};
use crate::trace::Phase;
use crate::wire::http1::{MOST_FIELDS, MOST_HEAD};

/// Read at most at a time; a large body flies, and the head's limit is below it.
const READ_AT_ONCE: usize = MOST_HEAD + 128 * 1024;

type Wire = TokioIo<ExactHead<Tap<Box<dyn Io>, Watch>>>;

/// A connection that speaks HTTP/1.
pub(super) struct Http1 {
    sender: SendRequest<Outgoing>,
    connection: Driver,
    watch: Watch,
    next_head: NextHead,
    incoming: Option<Incoming>,
    received: u64,
    expected: Option<u64>,
}

/// hyper's half that moves the bytes. It moves while somebody waits for what it brings, so it needs
/// no task of its own.
struct Driver(Option<Connection<Wire, Outgoing>>);

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.0
            && Pin::new(connection).poll(cx).is_ready()
        {
            // Its error, if any, also reaches whoever waits for the response or the body.
            self.0 = None;
        }
    }
}

impl Http1 {
    /// Speaks HTTP/1 over a byte stream, and tells the parts of what is sent and received.
    pub(super) async fn open(
        stream: Box<dyn Io>,
        parts: Option<(Parts, Parts)>,
    ) -> Result<Self, hyper::Error> {
        let (watch, next_head) = (Watch::new(parts), NextHead::default());
        let wire = TokioIo::new(ExactHead::new(
            Tap::new(stream, watch.clone()),
            next_head.clone(),
        ));
        let (sender, connection) = Builder::new()
            .max_buf_size(READ_AT_ONCE)
            .max_headers(MOST_FIELDS)
            .handshake(wire)
            .await?;
        Ok(Self {
            sender,
            connection: Driver(Some(connection)),
            watch,
            next_head,
            incoming: None,
            received: 0,
            expected: None,
        })
    }

    /// Sends a request with this start-line target and waits for its final response.
    pub(super) async fn send(
        &mut self,
        stage: Stage,
        request: Request,
        target: &str,
        version: http::Version,
    ) -> Result<Answer, Failed> {
        let expected = request
            .body
            .as_ref()
            .and_then(super::request::Source::length);
        let inbound = Inbound::new(request.method == http::Method::HEAD);
        let outbound = Outbound::new(request.body.is_some(), expected, request.framing);
        self.watch.begin(Passing {
            stage,
            outbound,
            inbound,
            fault: None,
        });
        self.next_head.set(head_bytes(&request, target, version));
        (self.received, self.expected, self.incoming) = (0, None, None);
        let framed = framed(request, version, &self.watch);
        let response = {
            let Self {
                sender,
                connection,
                watch,
                ..
            } = self;
            let answered = async {
                sender.ready().await?;
                sender.send_request(framed).await
            };
            along(connection, watch, answered).await?
        };
        let response = response.map_err(|error| failure::no_response(&self.watch, &error))?;
        self.expected = hyper::body::Body::size_hint(response.body()).exact();
        self.incoming = Some(response.into_body());
        self.answer()
            .ok_or_else(|| inbound::malformed("it is not complete", &[]))
    }

    fn answer(&self) -> Option<Answer> {
        let expected = self.expected;
        self.watch
            .with(|passing| {
                passing
                    .inbound
                    .head()
                    .map(|head| Answer::of_http1(head, expected))
            })
            .flatten()
    }

    /// The next piece of the response's body; `None` at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Piece>, Failed> {
        let Self {
            incoming: Some(incoming),
            connection,
            watch,
            ..
        } = self
        else {
            return Ok(None);
        };
        let frame = along(connection, watch, incoming.frame()).await?;
        let Some(frame) = frame else {
            self.incoming = None;
            return Ok(None);
        };
        let frame = frame.map_err(|error| failure::body(&error, self.received, self.expected))?;
        Ok(Some(match frame.into_data() {
            Ok(data) => {
                self.received += data.len() as u64;
                Piece::Data(data)
            }
            Err(frame) => Piece::Trailers(
                frame
                    .into_trailers()
                    .map_or_else(|_| Vec::new(), |fields| super::answer::headers(&fields)),
            ),
        }))
    }

    /// The last byte of the message was read.
    pub(super) fn finish(&self) {
        self.watch.with(|passing| passing.stage.finished());
    }

    /// The phase that is under way.
    pub(super) fn phase(&self) -> Phase {
        self.watch
            .with(|passing| passing.stage.phase())
            .unwrap_or(Phase::Send)
    }

    /// Request bytes written so far, and what has come of the response's head.
    pub(super) fn progress(&self) -> (u64, Vec<u8>) {
        self.watch
            .with(|passing| {
                (
                    passing.outbound.all_written(),
                    passing.inbound.partial().to_vec(),
                )
            })
            .unwrap_or_default()
    }

    /// Whether nothing of a response has come.
    pub(super) fn is_untouched(&self) -> bool {
        self.watch
            .with(|passing| passing.inbound.is_untouched())
            .unwrap_or(true)
    }

    /// Whether another request may be sent on it.
    pub(super) async fn is_reusable(&mut self) -> bool {
        let written = self
            .watch
            .with(|passing| passing.outbound.is_done())
            .unwrap_or(false);
        let Self {
            sender, connection, ..
        } = self;
        poll_fn(|cx| {
            connection.poll(cx);
            Poll::Ready(())
        })
        .await;
        written && self.incoming.is_none() && connection.0.is_some() && sender.is_ready()
    }

    /// Says goodbye: TLS's `close_notify`, and the end of the stream.
    pub(super) async fn close(self) {
        let Self {
            sender,
            mut connection,
            incoming,
            ..
        } = self;
        drop((sender, incoming));
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

/// Waits for something the connection brings, and moves the connection meanwhile. A fault the watch
/// finds ends the wait.
async fn along<T>(
    connection: &mut Driver,
    watch: &Watch,
    wanted: impl Future<Output = T>,
) -> Result<T, Failed> {
    let mut wanted = pin!(wanted);
    poll_fn(|cx| {
        if let Poll::Ready(value) = wanted.as_mut().poll(cx) {
            return Poll::Ready(Ok(value));
        }
        connection.poll(cx);
        if let Some(failed) = watch.take_fault() {
            return Poll::Ready(Err(failed));
        }
        wanted.as_mut().poll(cx).map(Ok)
    })
    .await
}

/// The head exactly as it is written.
fn head_bytes(request: &Request, target: &str, version: http::Version) -> Vec<u8> {
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

/// What hyper has to know of the request: its framing and whether the connection stays open.
fn framed(request: Request, version: http::Version, watch: &Watch) -> http::Request<Outgoing> {
    let connection = request
        .field("connection")
        .and_then(|value| http::HeaderValue::from_str(value).ok());
    let mut framed =
        http::Request::new(Outgoing::new(request.body, request.framing, watch.clone()));
    *framed.method_mut() = request.method;
    *framed.version_mut() = version;
    let fields = framed.headers_mut();
    match request.framing {
        Framing::None => {}
        Framing::Length(length) => {
            fields.insert(CONTENT_LENGTH, length.into());
        }
        Framing::Chunked => {
            fields.insert(TRANSFER_ENCODING, http::HeaderValue::from_static("chunked"));
        }
    }
    if let Some(value) = connection {
        fields.insert(CONNECTION, value);
    }
    framed
}
