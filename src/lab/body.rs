//! Response bodies, complete or generated while they are sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::HeaderMap;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The body of a response.
pub(super) type ResponseBody = UnsyncBoxBody<Bytes, Infallible>;

/// A complete body.
pub(super) fn full_body(bytes: impl Into<Bytes>) -> ResponseBody {
    Full::new(bytes.into()).boxed_unsync()
}

/// A body that repeats a pattern, optionally paced and with trailers.
#[derive(Debug)]
pub(super) struct PatternBody {
    pattern: Bytes,
    /// Bytes left to send.
    remaining: u64,
    /// Whether the length is declared in advance.
    has_known_length: bool,
    pacing: Option<Pacing>,
    trailers: Option<HeaderMap>,
}

/// Pause before each repetition.
#[derive(Debug)]
struct Pacing {
    interval: Duration,
    next: Pin<Box<Sleep>>,
}

impl PatternBody {
    /// `length` bytes of a repeated pattern, the last repetition truncated. The length is declared
    /// in advance.
    pub(super) fn repeating(pattern: Bytes, length: u64) -> Self {
        Self {
            remaining: if pattern.is_empty() { 0 } else { length },
            pattern,
            has_known_length: true,
            pacing: None,
            trailers: None,
        }
    }

    /// Does not declare the length: HTTP/1.1 has to use chunked coding (RFC 9112 §7.1).
    pub(super) fn without_length(self) -> Self {
        Self {
            has_known_length: false,
            ..self
        }
    }

    /// Pauses before each repetition.
    pub(super) fn with_interval(self, interval: Duration) -> Self {
        Self {
            pacing: Some(Pacing {
                interval,
                next: Box::pin(sleep(interval)),
            }),
            ..self
        }
    }

    /// Adds trailer fields (RFC 9110 §6.5).
    pub(super) fn with_trailers(self, trailers: HeaderMap) -> Self {
        Self {
            trailers: Some(trailers),
            ..self.without_length()
        }
    }

    /// Converts it to a response body.
    pub(super) fn boxed(self) -> ResponseBody {
        self.boxed_unsync()
    }
}

impl hyper::body::Body for PatternBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.remaining == 0 {
            return Poll::Ready(
                self.trailers
                    .take()
                    .map(|trailers| Ok(Frame::trailers(trailers))),
            );
        }
        if let Some(rhythm) = &mut self.pacing {
            ready!(rhythm.next.as_mut().poll(cx));
            rhythm.next = Box::pin(sleep(rhythm.interval));
        }
        let length = usize::try_from(self.remaining)
            .unwrap_or(usize::MAX)
            .min(self.pattern.len());
        self.remaining -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(self.pattern.slice(..length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0 && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.has_known_length {
            SizeHint::with_exact(self.remaining)
        } else {
            SizeHint::default()
        }
    }
}
