//! Bodies that are made while they are sent.

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

/// The body of any answer.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A body that is there at once.
pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// A body of equal pieces.
#[derive(Debug)]
pub(super) struct Pieces {
    piece: Bytes,
    /// Bytes still to send.
    left: u64,
    /// Whether the length is told beforehand.
    is_told: bool,
    rhythm: Option<Rhythm>,
    trailers: Option<HeaderMap>,
}

/// A pause before each piece.
#[derive(Debug)]
struct Rhythm {
    every: Duration,
    next: Pin<Box<Sleep>>,
}

impl Pieces {
    /// `length` bytes: the piece, again and again, the last time cut to fit. The length is told
    /// beforehand.
    pub(super) fn of(piece: Bytes, length: u64) -> Self {
        Self {
            left: if piece.is_empty() { 0 } else { length },
            piece,
            is_told: true,
            rhythm: None,
            trailers: None,
        }
    }

    /// The length is not told: HTTP/1.1 has to send it in chunks (RFC 9112 §7.1).
    pub(super) fn untold(self) -> Self {
        Self {
            is_told: false,
            ..self
        }
    }

    /// With a pause before each piece.
    pub(super) fn every(self, every: Duration) -> Self {
        Self {
            rhythm: Some(Rhythm {
                every,
                next: Box::pin(sleep(every)),
            }),
            ..self
        }
    }

    /// With trailer fields after the last piece (RFC 9110 §6.5).
    pub(super) fn trailed_by(self, trailers: HeaderMap) -> Self {
        Self {
            trailers: Some(trailers),
            ..self.untold()
        }
    }

    /// As the body of an answer.
    pub(super) fn boxed(self) -> Body {
        self.boxed_unsync()
    }
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(
                self.trailers
                    .take()
                    .map(|trailers| Ok(Frame::trailers(trailers))),
            );
        }
        if let Some(rhythm) = &mut self.rhythm {
            ready!(rhythm.next.as_mut().poll(cx));
            rhythm.next = Box::pin(sleep(rhythm.every));
        }
        let length = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(self.piece.len());
        self.left -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(self.piece.slice(..length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_told {
            SizeHint::with_exact(self.left)
        } else {
            SizeHint::default()
        }
    }
}
