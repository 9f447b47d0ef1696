//! Interim responses on HTTP/1.1.
//!
//! hyper's server can only write final responses. This wrapper around the connection queues the
//! bytes of an interim response and writes them when hyper flushes, which it does only between
//! messages, so they never land within one.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{HeaderMap, StatusCode};
use tokio::sync::Notify;

/// A connection that writes interim responses between hyper's messages.
pub(super) struct InterimConnection<S> {
    stream: S,
    interim: InterimSender,
}

/// Handle that sends interim responses on a connection.
#[derive(Clone, Default)]
pub(super) struct InterimSender {
    bytes: Arc<Mutex<Vec<u8>>>,
    written: Arc<Notify>,
}

impl<S> InterimConnection<S> {
    /// Wraps a connection.
    pub(super) fn new(stream: S) -> (Self, InterimSender) {
        let pending = InterimSender::default();
        (
            Self {
                stream,
                interim: pending.clone(),
            },
            pending,
        )
    }
}

impl InterimSender {
    /// Sends an interim response (RFC 9112 §9.2, RFC 9110 §15.2) and waits until it is written.
    pub(super) async fn send(&self, status: StatusCode, headers: &HeaderMap) {
        let written = self.written.notified();
        self.bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(interim_head(status, headers));
        written.await;
    }
}

fn interim_head(status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    )
    .into_bytes();
    for (name, value) in headers {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}

impl<S: Write + Unpin> InterimConnection<S> {
    fn poll_write_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = self
            .interim
            .bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if bytes.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !bytes.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let written = count.min(bytes.len());
            bytes.drain(..written);
        }
        self.interim.written.notify_one();
        Poll::Ready(Ok(()))
    }
}

impl<S: Read + Unpin> Read for InterimConnection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: Write + Unpin> Write for InterimConnection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_interim(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }
}
