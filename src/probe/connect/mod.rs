//! Connecting: TCP with happy eyeballs, or a Unix-domain socket.

mod attempt;
mod kernel;
mod race;
mod socket;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod unix;
mod verdict;

use std::net::SocketAddr;
use std::sync::Arc;

use self::race::{Race, Won};
use super::Failed;
use super::step::Step;
use super::tap::{Meter, Tap};
use crate::trace::{ConnectionId, Endpoint, Phase, What};
use crate::units::{Moment, Untrusted};

pub(super) use kernel::KernelGauge;
pub(super) use socket::Socket;
pub(super) use unix::connect_unix;

/// Addresses tried at most; a name may have any number of them.
const MOST_ADDRESSES: usize = 16;

/// A connection that stands.
#[derive(Debug)]
pub(super) struct Established {
    /// Its number.
    pub(super) connection: ConnectionId,
    /// The byte stream, counted by `meter`.
    pub(super) stream: Tap<Socket, Arc<Meter>>,
    /// Counts what passes.
    pub(super) meter: Arc<Meter>,
    /// The kernel's figures, where there are any.
    pub(super) kernel: Option<KernelGauge>,
    /// This side.
    pub(super) local: Endpoint,
    /// The other side.
    pub(super) remote: Endpoint,
}

/// The connect phase over TCP: tries the addresses in their order until one is connected.
pub(super) async fn connect(
    step: &Step<'_>,
    addresses: &[SocketAddr],
) -> Result<Established, Failed> {
    let addresses = addresses.get(..MOST_ADDRESSES).unwrap_or(addresses);
    step.watcher.expect(addresses);
    step.recorder.begin(step.exchange, Phase::Connect, None);
    let mut race = Race::new(step, addresses);
    let Won { stream, remote, at } = race
        .run()
        .await
        .map_err(|(lost, limit_reached)| verdict::failure(step, &lost, limit_reached))?;
    let local = stream
        .local_addr()
        .map_or_else(|_| Endpoint::Unix(Untrusted::default()), Endpoint::from);
    let kernel = KernelGauge::of(&stream);
    Ok(established(
        step,
        at,
        (Socket::Tcp(stream), kernel),
        (local, remote.into()),
    ))
}

/// Numbers the connection, ends the phase at the moment it was established, and says what there is.
fn established(
    step: &Step<'_>,
    at: Moment,
    (socket, kernel): (Socket, Option<KernelGauge>),
    (local, remote): (Endpoint, Endpoint),
) -> Established {
    let connection = step.recorder.next_connection();
    let meter = Meter::new(connection, step.recorder);
    let (exchange, position) = (step.exchange, Some(meter.position()));
    step.recorder.emit_at(
        at,
        What::Connected {
            exchange,
            connection,
            local: local.clone(),
            remote: remote.clone(),
            reused: false,
        },
    );
    step.recorder.emit_at(
        at,
        What::PhaseEnded {
            exchange,
            phase: Phase::Connect,
            position,
        },
    );
    Established {
        connection,
        stream: Tap::new(socket, Arc::clone(&meter)),
        meter,
        kernel,
        local,
        remote,
    }
}
