//! The byte stream through a proxy.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};

use crate::probe::read_adapter::{PollRead, ReadAdapter};

/// A stream that first returns the bytes that were read together with the proxy's response.
pub(in crate::probe) type Tunnel<S> = ReadAdapter<S, ReadAhead>;

/// Bytes that were already read from the stream.
#[derive(Debug)]
pub(in crate::probe) struct ReadAhead(Bytes);

impl<S> Tunnel<S> {
    pub(super) const fn new(inner: S, read_ahead: Bytes) -> Self {
        Self::with_reader(inner, ReadAhead(read_ahead))
    }

    /// Returns true if bytes from beyond the proxy were already read.
    pub(in crate::probe) fn has_read_ahead(&self) -> bool {
        !self.reader.0.is_empty()
    }
}

impl<S> From<S> for Tunnel<S> {
    fn from(inner: S) -> Self {
        Self::new(inner, Bytes::new())
    }
}

impl<S: AsyncRead + Unpin> PollRead<S> for ReadAhead {
    fn poll_read(
        &mut self,
        inner: &mut S,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self(read_ahead) = self;
        if read_ahead.is_empty() {
            return Pin::new(inner).poll_read(cx, buf);
        }
        let part = read_ahead.len().min(buf.remaining());
        buf.put_slice(read_ahead.get(..part).unwrap_or_default());
        read_ahead.advance(part);
        Poll::Ready(Ok(()))
    }
}
