//! Writes the request's head exactly as it was composed.
//!
//! hyper keeps fields in a map: it groups them by name and writes names in one case. People who
//! debug a server want the case and the order they gave. So hyper frames the body and manages the
//! connection, and each head it writes is replaced by the composed one. Both describe the same
//! message framing.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Slot for the head that [`ExactHead`] writes next.
#[derive(Clone, Debug, Default)]
pub(super) struct NextHead(Arc<Mutex<Option<Vec<u8>>>>);

impl NextHead {
    /// Sets the head that replaces the next one hyper writes.
    pub(super) fn set(&self, head: Vec<u8>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A stream that replaces hyper's request heads with the composed ones.
#[derive(Debug)]
pub(super) struct ExactHead<S> {
    inner: S,
    next: NextHead,
    writing: Option<Writing>,
}

/// The replacement head, and the bytes that follow it in the same write.
#[derive(Debug)]
struct Writing {
    bytes: Vec<u8>,
    written: usize,
    /// Number of hyper's bytes that this replaces.
    stands_for: usize,
}

impl<S> ExactHead<S> {
    pub(super) const fn new(inner: S, next: NextHead) -> Self {
        Self {
            inner,
            next,
            writing: None,
        }
    }

    /// Replaces the head at the start of hyper's buffer, if one is due. hyper never hands over part
    /// of a head.
    fn replace_head(&mut self, buf: &[u8]) {
        let end = buf
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|at| at + 4);
        if self.writing.is_none()
            && let Some(end) = end
            && let Some(mut bytes) = self.next.take()
        {
            bytes.extend_from_slice(buf.get(end..).unwrap_or_default());
            self.writing = Some(Writing {
                bytes,
                written: 0,
                stands_for: buf.len(),
            });
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ExactHead<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.writing.is_none() && this.next.is_set() {
            this.replace_head(buf);
        }
        let Some(writing) = &mut this.writing else {
            return Pin::new(&mut this.inner).poll_write(cx, buf);
        };
        while let Some(rest) = writing
            .bytes
            .get(writing.written..)
            .filter(|rest| !rest.is_empty())
        {
            match ready!(Pin::new(&mut this.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => writing.written += count,
            }
        }
        let stands_for = writing.stands_for;
        this.writing = None;
        Poll::Ready(Ok(stands_for))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl NextHead {
    fn is_set(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ExactHead<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn the_composed_head_goes_out_and_the_body_after_it() {
        // A pipe of three bytes makes every write a partial one.
        let (near, mut far) = tokio::io::duplex(3);
        let next = NextHead::default();
        let mut stream = ExactHead::new(near, next.clone());
        let writer = async move {
            next.set(b"GET / HTTP/1.1\r\nx-Y: Z\r\n\r\n".to_vec());
            stream
                .write_all(b"GET /other HTTP/1.1\r\nX-Y: Z\r\n\r\nbody")
                .await
                .unwrap();
            stream.write_all(b" and\r\n\r\nmore").await.unwrap();
        };
        let mut read = Vec::new();
        let ((), result) = tokio::join!(writer, far.read_to_end(&mut read));
        result.unwrap();
        assert_eq!(
            String::from_utf8(read).unwrap(),
            "GET / HTTP/1.1\r\nx-Y: Z\r\n\r\nbody and\r\n\r\nmore"
        );
    }
}
