//! A request's body on its way into hyper.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::watch::Watch;
use crate::probe::request::{Framing, Source};

/// Hands out the body piece by piece and says so to the watch.
pub(super) struct Outgoing {
    source: Option<Source>,
    framing: Framing,
    watch: Watch,
    ended: bool,
}

impl Outgoing {
    pub(super) const fn new(source: Option<Source>, framing: Framing, watch: Watch) -> Self {
        Self {
            source,
            framing,
            watch,
            ended: false,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let piece = this.source.as_mut().map_or(Ok(None), Source::next);
        this.ended = matches!(piece, Ok(None))
            || (matches!(this.framing, Framing::Length(_)) && this.is_end_stream());
        let bytes = piece
            .as_ref()
            .ok()
            .and_then(Option::as_ref)
            .map_or(0, |piece| piece.len() as u64);
        this.watch
            .with(|passing| passing.outbound.handed(bytes, this.ended));
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        match self.framing {
            Framing::None => true,
            Framing::Length(_) => self.source.as_ref().is_none_or(Source::is_finished),
            // The last chunk has to be written even where there is no other.
            Framing::Chunked => self.ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::None => SizeHint::with_exact(0),
            Framing::Length(length) => SizeHint::with_exact(length),
            Framing::Chunked => SizeHint::default(),
        }
    }
}
