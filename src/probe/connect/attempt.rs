//! One attempt to connect to one address.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::TcpStream;

use crate::probe::exchange_context::ExchangeContext;
use crate::trace::{AttemptId, AttemptOutcome, Endpoint, EventKind};
use crate::units::Moment;

/// A TCP handshake under way.
#[derive(Debug)]
pub(super) struct ConnectAttempt {
    id: AttemptId,
    remote: SocketAddr,
    started: Moment,
    /// Its socket, or why there is none.
    socket: io::Result<TcpStream>,
}

impl ConnectAttempt {
    /// Sends the SYN and says so.
    pub(super) fn begin(step: &ExchangeContext<'_>, remote: SocketAddr) -> Self {
        let id = step.recorder.next_attempt();
        let started = step.recorder.now();
        let socket = begin_handshake(remote);
        let local = socket
            .as_ref()
            .ok()
            .and_then(|socket| socket.local_addr().ok())
            .filter(|local| !local.ip().is_unspecified());
        let attempt_started = EventKind::AttemptStarted {
            exchange: step.exchange,
            attempt: id,
            remote: remote.into(),
            local: local.map(Endpoint::from),
        };
        step.recorder.emit_at(started, attempt_started);
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

    /// Whether the system would not even send the SYN, or had its answer before it returned.
    pub(super) const fn failed_immediately(&self) -> bool {
        self.socket.is_err()
    }

    /// Whether the handshake is done, and how.
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

    /// Says how it ended; gives the moment.
    pub(super) fn end(&self, step: &ExchangeContext<'_>, outcome: AttemptOutcome) -> Moment {
        let ended = step.recorder.now();
        step.recorder.emit_at(
            ended,
            EventKind::AttemptEnded {
                exchange: step.exchange,
                attempt: self.id,
                outcome,
            },
        );
        ended
    }

    /// The socket of an attempt that succeeded.
    pub(super) fn into_stream(self) -> io::Result<TcpStream> {
        self.socket
    }
}

/// The kernel chooses this side's address within `connect`, so it is known while the handshake is
/// still under way.
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

/// Whether the handshake has begun; also by an earlier call, which was interrupted (`EALREADY`,
/// `EISCONN`). On Linux `EAGAIN` means that no local port is left (connect(2)).
fn is_in_progress(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EINPROGRESS | libc::EALREADY | libc::EISCONN)
    )
}

/// `io::Error` cannot be cloned; what the system said is all there is to it here.
fn clone_io_error(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
