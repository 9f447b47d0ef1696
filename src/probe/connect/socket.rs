//! The socket under a connection: TCP or Unix-domain.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// A connected stream socket.
#[derive(Debug)]
pub(in crate::probe) enum StreamSocket {
    /// TCP.
    Tcp(TcpStream),
    /// Unix-domain.
    Unix(UnixStream),
}

/// Forwards a call to the inner socket, and repeats it after a signal interrupted it (`EINTR`).
macro_rules! on_either {
    ($self:ident, $socket:ident => $call:expr) => {{
        let either = $self.get_mut();
        loop {
            let done = match either {
                StreamSocket::Tcp(inner) => {
                    let $socket = Pin::new(inner);
                    $call
                }
                StreamSocket::Unix(inner) => {
                    let $socket = Pin::new(inner);
                    $call
                }
            };
            match done {
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }};
}

impl AsyncRead for StreamSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_either!(self, socket => socket.poll_read(cx, buf))
    }
}

impl AsyncWrite for StreamSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, socket => socket.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, socket => socket.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, socket => socket.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, socket => socket.poll_shutdown(cx))
    }
}
