//! The byte stream through a proxy.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of which some bytes were read already together with the proxy's answer: they come
/// first.
#[derive(Debug)]
pub(in crate::probe) struct Tunnel<S> {
    read_ahead: Bytes,
    inner: S,
}

impl<S> Tunnel<S> {
    pub(super) const fn new(inner: S, read_already: Bytes) -> Self {
        Self {
            read_ahead: read_already,
            inner,
        }
    }

    /// Whether bytes that come through it were read already.
    pub(in crate::probe) fn has_read_ahead(&self) -> bool {
        !self.read_ahead.is_empty()
    }
}

impl<S> From<S> for Tunnel<S> {
    fn from(inner: S) -> Self {
        Self::new(inner, Bytes::new())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tunnel<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read_ahead.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let part = self.read_ahead.len().min(buf.remaining());
        buf.put_slice(self.read_ahead.get(..part).unwrap_or_default());
        self.read_ahead.advance(part);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tunnel<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
