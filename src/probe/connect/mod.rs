//! Connecting: TCP with happy eyeballs, or a Unix-domain socket.

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

/// Addresses tried at most; a name may have any number of them.
const MAX_ADDRESSES: usize = 16;

/// A connection that stands.
#[derive(Debug)]
pub(super) struct EstablishedConnection {
    /// Its number.
    pub(super) connection: ConnectionId,
    /// The byte stream, counted by `meter`.
    pub(super) stream: Tap<StreamSocket, Arc<Meter>>,
    /// Counts what passes.
    pub(super) meter: Arc<Meter>,
    /// The kernel's figures, where there are any.
    pub(super) tcp_info: Option<TcpInfoReader>,
    /// This side.
    pub(super) local: Endpoint,
    /// The other side.
    pub(super) remote: Endpoint,
}

/// The connect phase over TCP: tries the addresses in their order until one is connected.
pub(super) async fn connect(
    step: &ExchangeContext<'_>,
    addresses: &[SocketAddr],
) -> Result<EstablishedConnection, PhaseFailure> {
    let addresses = addresses.get(..MAX_ADDRESSES).unwrap_or(addresses);
    step.observer.expect_remotes(addresses);
    step.recorder
        .begin_phase(step.exchange, Phase::Connect, None);
    let mut race = HappyEyeballs::new(step, addresses);
    let WinningAttempt { stream, remote, at } = race
        .run()
        .await
        .map_err(|(lost, limit_reached)| failure::connect_failure(step, &lost, limit_reached))?;
    let local = stream
        .local_addr()
        .map_or_else(|_| Endpoint::Unix(Untrusted::default()), Endpoint::from);
    let kernel = TcpInfoReader::new(&stream);
    Ok(finish_connect(
        step,
        at,
        (StreamSocket::Tcp(stream), kernel),
        (local, remote.into()),
    ))
}

/// Numbers the connection, ends the phase at the moment it was established, and says what there is.
fn finish_connect(
    step: &ExchangeContext<'_>,
    at: Moment,
    (socket, kernel): (StreamSocket, Option<TcpInfoReader>),
    (local, remote): (Endpoint, Endpoint),
) -> EstablishedConnection {
    let connection = step.recorder.next_connection();
    let meter = Meter::new(connection, step.recorder);
    let (exchange, position) = (step.exchange, Some(meter.position()));
    step.recorder.emit_at(
        at,
        EventKind::Connected {
            exchange,
            connection,
            local: local.clone(),
            remote: remote.clone(),
            reused: false,
        },
    );
    step.recorder.emit_at(
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
        tcp_info: kernel,
        local,
        remote,
    }
}
