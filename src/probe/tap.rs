//! Taps: observers of a byte stream that do not change it.
//!
//! A connection has two: one directly above the socket, which sees what TCP carries, and one above
//! TLS, which sees HTTP. Offsets in the stream of the lower one are the common axis of phases and
//! packets.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Recorder;
use super::layering::{LayerTracker, PartTracker};
use crate::trace::{ConnectionId, StreamPosition};
use crate::wire::Side;

/// A bidirectional byte stream.
pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// Counter of the bytes of a connection's two streams.
#[derive(Debug)]
pub(super) struct Meter {
    connection: ConnectionId,
    sent: AtomicU64,
    received: AtomicU64,
    /// Offset of the latest bytes received, or of the latest TLS record taken from them.
    latest_start: AtomicU64,
    /// Tracker of the layers of the streams.
    layers: Arc<LayerTracker>,
}

impl Meter {
    /// Creates a meter with both streams at their start.
    pub(super) fn new(connection: ConnectionId, recorder: &Recorder) -> Arc<Self> {
        Arc::new(Self {
            connection,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            latest_start: AtomicU64::new(0),
            layers: Arc::new(LayerTracker::new(recorder.clone(), connection)),
        })
    }

    /// Returns the offsets of both streams.
    pub(super) fn position(&self) -> StreamPosition {
        StreamPosition {
            connection: self.connection,
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
        }
    }

    /// Returns the offsets of both streams, without the latest bytes received or, under TLS,
    /// without the latest record. While an observer above TLS is shown bytes, this is the start of
    /// the record that carries them, after session tickets and other records without application
    /// data.
    pub(super) fn position_before_latest(&self) -> StreamPosition {
        StreamPosition {
            received: self.latest_start.load(Ordering::Relaxed),
            ..self.position()
        }
    }

    /// Returns the tracker of the layers.
    pub(super) const fn layers(&self) -> &Arc<LayerTracker> {
        &self.layers
    }

    /// Returns trackers for the parts of HTTP from now on, sent and received; `None` if their
    /// offsets are not known.
    pub(super) fn track_parts(&self) -> Option<(PartTracker, PartTracker)> {
        let StreamPosition { sent, received, .. } = self.position();
        self.layers
            .track_parts(Side::Client, sent)
            .zip(self.layers.track_parts(Side::Server, received))
    }

    /// Sets the offset at which the record that is being read begins.
    pub(super) fn set_latest_start(&self, offset: u64) {
        self.latest_start.store(offset, Ordering::Relaxed);
    }
}

impl StreamObserver for Arc<Meter> {
    fn sent(&mut self, bytes: &[u8]) {
        self.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }

    fn received(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let before = self
                .received
                .fetch_add(bytes.len() as u64, Ordering::Relaxed);
            self.latest_start.store(before, Ordering::Relaxed);
        }
    }
}

/// Observer of the bytes that pass, in order.
pub(super) trait StreamObserver: Send + Unpin {
    /// Called with bytes that the lower side has accepted.
    fn sent(&mut self, bytes: &[u8]);
    /// Called with bytes that the lower side has returned.
    fn received(&mut self, bytes: &[u8]);
    /// Called at the end of a write with the number of bytes accepted: those shown since the
    /// previous write.
    fn write_finished(&mut self, _bytes: usize) {}
    /// Called when everything accepted was passed on.
    fn flushed(&mut self) {}
    /// Called when reading has failed.
    fn read_failed(&mut self, error: &io::Error) {
        let _ = error;
    }
}

impl<A: StreamObserver, B: StreamObserver> StreamObserver for (A, B) {
    fn sent(&mut self, bytes: &[u8]) {
        self.0.sent(bytes);
        self.1.sent(bytes);
    }

    fn received(&mut self, bytes: &[u8]) {
        self.0.received(bytes);
        self.1.received(bytes);
    }

    fn write_finished(&mut self, bytes: usize) {
        self.0.write_finished(bytes);
        self.1.write_finished(bytes);
    }

    fn flushed(&mut self) {
        self.0.flushed();
        self.1.flushed();
    }

    fn read_failed(&mut self, error: &io::Error) {
        self.0.read_failed(error);
        self.1.read_failed(error);
    }
}

/// A stream whose bytes are shown to an observer.
#[derive(Debug)]
pub(super) struct Tap<S, O> {
    inner: S,
    observer: O,
}

impl<S, O> Tap<S, O> {
    /// Attaches an observer to a stream.
    pub(super) const fn new(inner: S, observer: O) -> Self {
        Self { inner, observer }
    }

    /// Returns the stream below.
    pub(super) const fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S: AsyncRead + Unpin, O: StreamObserver> AsyncRead for Tap<S, O> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))
            .inspect_err(|error| this.observer.read_failed(error))?;
        this.observer
            .received(buf.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, O: StreamObserver> AsyncWrite for Tap<S, O> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = ready!(Pin::new(&mut this.inner).poll_write(cx, buf))?;
        this.observer.sent(buf.get(..written).unwrap_or(buf));
        this.observer.write_finished(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = ready!(Pin::new(&mut this.inner).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let part = left.min(buf.len());
            this.observer.sent(buf.get(..part).unwrap_or(buf));
            left -= part;
        }
        this.observer.write_finished(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.observer.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
