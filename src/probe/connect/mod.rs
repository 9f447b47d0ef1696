//! Connecting: TCP with Happy Eyeballs, or a Unix-domain socket.

mod attempt;
mod failure;
mod happy_eyeballs;
mod socket;
mod tcp_info;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod unix;

use std::net::SocketAddr;
use std::sync::Arc;

use self::happy_eyeballs::{HappyEyeballs, WinningAttempt};
use super::PhaseFailure;
use super::exchange_context::ExchangeContext;
use super::tap::{Meter, Tap};
use crate::trace::{ConnectionId, Endpoint, EventKind, Phase};
use crate::units::{Moment, Untrusted};

pub(super) use socket::StreamSocket;
pub(super) use tcp_info::TcpInfoReader;
pub(super) use unix::connect_unix;

/// Maximum number of addresses tried; a name may have any number of them.
const MAX_ADDRESSES: usize = 16;

/// An established connection.
#[derive(Debug)]
pub(super) struct EstablishedConnection {
    /// Its number.
    pub(super) connection: ConnectionId,
    /// The byte stream, counted by `meter`.
    pub(super) stream: Tap<StreamSocket, Arc<Meter>>,
    /// Counter of the bytes in both directions.
    pub(super) meter: Arc<Meter>,
    /// Reader of the kernel's figures; `None` if the system has none.
    pub(super) tcp_info: Option<TcpInfoReader>,
    /// Local address.
    pub(super) local: Endpoint,
    /// Remote address.
    pub(super) remote: Endpoint,
}

/// Runs the connect phase over TCP: tries the addresses in order until one is connected.
pub(super) async fn connect(
    context: &ExchangeContext<'_>,
    addresses: &[SocketAddr],
) -> Result<EstablishedConnection, PhaseFailure> {
    let addresses = addresses.get(..MAX_ADDRESSES).unwrap_or(addresses);
    context.observer.expect_remotes(addresses);
    context
        .recorder
        .begin_phase(context.exchange, Phase::Connect, None);
    let mut race = HappyEyeballs::new(context, addresses);
    let WinningAttempt { stream, remote, at } = race
        .run()
        .await
        .map_err(|(lost, limit_reached)| failure::connect_failure(context, &lost, limit_reached))?;
    let local = stream
        .local_addr()
        .map_or_else(|_| Endpoint::Unix(Untrusted::default()), Endpoint::from);
    let tcp_info = TcpInfoReader::new(&stream);
    Ok(finish_connect(
        context,
        at,
        (StreamSocket::Tcp(stream), tcp_info),
        (local, remote.into()),
    ))
}

/// Assigns the connection's number, ends the phase at the moment the connection was established,
/// and emits the events for both.
fn finish_connect(
    context: &ExchangeContext<'_>,
    at: Moment,
    (socket, tcp_info): (StreamSocket, Option<TcpInfoReader>),
    (local, remote): (Endpoint, Endpoint),
) -> EstablishedConnection {
    let connection = context.recorder.next_connection();
    let meter = Meter::new(connection, context.recorder);
    let exchange = context.exchange;
    let position = Some(meter.position());
    context.recorder.emit_at(
        at,
        EventKind::Connected {
            exchange,
            connection,
            local: local.clone(),
            remote: remote.clone(),
            reused: false,
        },
    );
    context.recorder.emit_at(
        at,
        EventKind::PhaseEnded {
            exchange,
            phase: Phase::Connect,
            position,
        },
    );
    EstablishedConnection {
        connection,
        stream: Tap::new(socket, Arc::clone(&meter)),
        meter,
        tcp_info,
        local,
        remote,
    }
}
