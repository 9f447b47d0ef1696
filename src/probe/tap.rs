//! Looking at a byte stream without changing it.
//!
//! There are two taps on a connection: one right above the socket, which sees what TCP carries, and
//! one above TLS, which sees what HTTP says. Stream offsets of the lower one are the axis that ties
//! phases to packets.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Recorder;
use super::layering::{LayerTracker, PartTracker};
use crate::trace::{ConnectionId, Side, StreamPosition};

/// A byte stream in both directions.
pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// Counts the bytes of a connection's two streams.
#[derive(Debug)]
pub(super) struct Meter {
    connection: ConnectionId,
    sent: AtomicU64,
    received: AtomicU64,
    /// Where the latest bytes received begin, or the latest TLS record taken from them.
    latest_start: AtomicU64,
    /// Says what lies where in them.
    layers: Arc<LayerTracker>,
}

impl Meter {
    /// Both streams at their start.
    pub(super) fn new(connection: ConnectionId, recorder: &Recorder) -> Arc<Self> {
        Arc::new(Self {
            connection,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            latest_start: AtomicU64::new(0),
            layers: Arc::new(LayerTracker::new(recorder.clone(), connection)),
        })
    }

    /// How far they have come.
    pub(super) fn position(&self) -> StreamPosition {
        StreamPosition {
            connection: self.connection,
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
        }
    }

    /// How far they have come, but for the latest bytes received, or under TLS the latest record.
    /// Asked while bytes are shown to an observer above TLS, it is where the record began that
    /// carried them: session tickets and the like lie before it.
    pub(super) fn position_before_latest(&self) -> StreamPosition {
        StreamPosition {
            received: self.latest_start.load(Ordering::Relaxed),
            ..self.position()
        }
    }

    /// What says what lies where in the streams.
    pub(super) const fn layers(&self) -> &Arc<LayerTracker> {
        &self.layers
    }

    /// For telling the parts of what is said on the connection from now on, sent and received;
    /// `None` where their place is not known.
    pub(super) fn track_parts(&self) -> Option<(PartTracker, PartTracker)> {
        let StreamPosition { sent, received, .. } = self.position();
        self.layers
            .track_parts(Side::Client, sent)
            .zip(self.layers.track_parts(Side::Server, received))
    }

    /// The record that is being taken began at this offset.
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

/// Is shown every byte that passes, in order.
pub(super) trait StreamObserver: Send + Unpin {
    /// Bytes the lower side has accepted.
    fn sent(&mut self, bytes: &[u8]);
    /// Bytes the lower side has given.
    fn received(&mut self, bytes: &[u8]);
    /// A write is over, in which so many bytes were accepted: what was shown since the one before.
    fn write_finished(&mut self, _bytes: usize) {}
    /// All that was accepted has been passed on.
    fn flushed(&mut self) {}
    /// Nothing more can be read, and why.
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
    /// Puts an observer on a stream.
    pub(super) const fn new(inner: S, observer: O) -> Self {
        Self { inner, observer }
    }

    /// The stream below.
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
