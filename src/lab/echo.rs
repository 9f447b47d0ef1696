//! The echo protocol over TCP and UDP (RFC 862).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::sleep;

use super::service::{Service, ServiceKind};

/// Echo over UDP.
pub(super) const ECHO_DATAGRAMS: Service = Service {
    name: "echo over UDP",
    scheme: "udp",
    port: 7,
    kind: ServiceKind::Udp(|socket, _| Box::pin(echo_datagrams(socket))),
};

/// Echo over TCP.
pub(super) const ECHO: Service = Service::tcp("echo over TCP", "tcp", 7, |connection| {
    Box::pin(echo_stream(connection.stream))
});

const BUFFER_BYTES: usize = 16 * 1024;
const MAX_DATAGRAM: usize = 65_535;

/// Pause after an error, so that a persistent one does not cause a busy loop.
const ERROR_PAUSE: Duration = Duration::from_millis(10);

async fn echo_stream(mut stream: TcpStream) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..length) else {
            return;
        };
        if stream.write_all(bytes).await.is_err() {
            return;
        }
    }
}

/// Echoes datagrams. An error concerns one datagram, for instance an ICMP error for a client that
/// is gone, and does not end the service.
async fn echo_datagrams(socket: UdpSocket) {
    let mut datagram = vec![0; MAX_DATAGRAM];
    loop {
        match socket.recv_from(&mut datagram).await {
            Ok((length, from)) => drop(
                socket
                    .send_to(datagram.get(..length).unwrap_or_default(), from)
                    .await,
            ),
            Err(_) => sleep(ERROR_PAUSE).await,
        }
    }
}
