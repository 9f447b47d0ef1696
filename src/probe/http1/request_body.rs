//! Adapter from the request's body to hyper's `Body` trait.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::watch::Http1Monitor;
use crate::probe::request::{BodySource, RequestFraming};

/// Supplies the body in chunks and reports to the monitor how much of it was handed over.
pub(super) struct HyperRequestBody {
    source: Option<BodySource>,
    framing: RequestFraming,
    monitor: Http1Monitor,
    ended: bool,
}

impl HyperRequestBody {
    pub(super) const fn new(
        source: Option<BodySource>,
        framing: RequestFraming,
        monitor: Http1Monitor,
    ) -> Self {
        Self {
            source,
            framing,
            monitor,
            ended: false,
        }
    }
}

impl Body for HyperRequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let chunk = this
            .source
            .as_mut()
            .map_or(Ok(None), BodySource::next_chunk);
        this.ended = matches!(chunk, Ok(None))
            || (matches!(this.framing, RequestFraming::Length(_)) && this.is_end_stream());
        let bytes = chunk
            .as_ref()
            .ok()
            .and_then(Option::as_ref)
            .map_or(0, |chunk| chunk.len() as u64);
        this.monitor
            .with(|exchange| exchange.outbound.body_queued(bytes, this.ended));
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        match self.framing {
            RequestFraming::None => true,
            RequestFraming::Length(_) => self.source.as_ref().is_none_or(BodySource::is_finished),
            // Without a chunk the last, empty one still has to be written.
            RequestFraming::Chunked => self.ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            RequestFraming::None => SizeHint::with_exact(0),
            RequestFraming::Length(length) => SizeHint::with_exact(length),
            RequestFraming::Chunked => SizeHint::default(),
        }
    }
}
