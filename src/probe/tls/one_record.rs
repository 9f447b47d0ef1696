//! Reader that returns the plaintext of one TLS record at a time.
//!
//! tokio-rustls fills a reader's buffer from as many records as are available. To know which record
//! plaintext came in, an observer has to be called in between.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use super::by_record::IdleRecords;

/// A stream of which each read returns at most what is buffered: with rustls, the plaintext of one
/// record.
#[derive(Debug)]
pub(in crate::probe) struct RecordPlaintextStream<S>(S, IdleRecords);

impl<S> RecordPlaintextStream<S> {
    /// Wraps a stream; `idle` is reset when plaintext is received.
    pub(super) const fn new(stream: S, idle: IdleRecords) -> Self {
        Self(stream, idle)
    }

    /// Returns the stream below.
    pub(in crate::probe) const fn inner(&self) -> &S {
        &self.0
    }
}

impl<S: AsyncBufRead + Unpin> AsyncRead for RecordPlaintextStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let Self(stream, idle) = &mut *self;
        let there = ready!(Pin::new(stream).poll_fill_buf(cx))?;
        let count = there.len().min(buf.remaining());
        if count > 0 {
            idle.reset();
        }
        buf.put_slice(there.get(..count).unwrap_or_default());
        Pin::new(&mut self.0).consume(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for RecordPlaintextStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
