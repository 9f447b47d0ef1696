//! A single connection attempt to one address.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::TcpStream;

use crate::probe::exchange_context::ExchangeContext;
use crate::trace::{AttemptId, AttemptOutcome, Endpoint, EventKind};
use crate::units::Moment;

/// A TCP handshake in progress.
#[derive(Debug)]
pub(super) struct ConnectAttempt {
    id: AttemptId,
    remote: SocketAddr,
    started: Moment,
    /// The connecting socket, or the error of `socket` or `connect`.
    socket: io::Result<TcpStream>,
}

impl ConnectAttempt {
    /// Starts the handshake and emits the event for it.
    pub(super) fn begin(context: &ExchangeContext<'_>, remote: SocketAddr) -> Self {
        let id = context.recorder.next_attempt();
        let started = context.recorder.now();
        let socket = begin_handshake(remote);
        let local = socket
            .as_ref()
            .ok()
            .and_then(|socket| socket.local_addr().ok())
            .filter(|local| !local.ip().is_unspecified());
        let attempt_started = EventKind::AttemptStarted {
            exchange: context.exchange,
            attempt: id,
            remote: remote.into(),
            local: local.map(Endpoint::from),
        };
        context.recorder.emit_at(started, attempt_started);
        Self {
            id,
            remote,
            started,
            socket,
        }
    }

    pub(super) const fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Returns true if `connect` itself failed: either the system did not send a SYN, or the answer
    /// came before the call returned.
    pub(super) const fn failed_immediately(&self) -> bool {
        self.socket.is_err()
    }

    /// Polls for the end of the handshake.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = match &mut self.socket {
            Ok(socket) => socket,
            Err(error) => return Poll::Ready(Err(clone_io_error(error))),
        };
        ready!(socket.poll_write_ready(cx))?;
        Poll::Ready(socket.take_error()?.map_or(Ok(()), Err))
    }

    pub(super) const fn started(&self) -> Moment {
        self.started
    }

    /// Emits the end of the attempt and returns its time.
    pub(super) fn end(&self, context: &ExchangeContext<'_>, outcome: AttemptOutcome) -> Moment {
        let ended = context.recorder.now();
        context.recorder.emit_at(
            ended,
            EventKind::AttemptEnded {
                exchange: context.exchange,
                attempt: self.id,
                outcome,
            },
        );
        ended
    }

    /// Returns the socket of a successful attempt.
    pub(super) fn into_stream(self) -> io::Result<TcpStream> {
        self.socket
    }
}

/// Creates a non-blocking socket and starts the handshake. The kernel chooses the local address
/// within `connect`, so it is known while the handshake is still in progress; `TcpStream::connect`
/// would reveal it only afterwards.
fn begin_handshake(remote: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(
        Domain::for_address(remote),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    let remote = SockAddr::from(remote);
    let mut tried = socket.connect(&remote);
    // `connect` is not restarted after a signal. Calling it again returns the current state.
    while tried
        .as_ref()
        .is_err_and(|error| error.kind() == io::ErrorKind::Interrupted)
    {
        tried = socket.connect(&remote);
    }
    match tried {
        Err(error) if !is_in_progress(&error) => Err(error),
        _ => TcpStream::from_std(socket.into()),
    }
}

/// Returns true if the handshake has begun, by this call or by an earlier one that was interrupted
/// (`EALREADY`, `EISCONN`). `EAGAIN` is not among them: on Linux it means that no local port is
/// left (connect(2)).
fn is_in_progress(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EINPROGRESS | libc::EALREADY | libc::EISCONN)
    )
}

/// Clones an error: `io::Error` is not `Clone`, and the system's error code is all there is to it
/// here.
fn clone_io_error(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
