//! Whatever comes is sent back: the echo protocol over TCP and UDP (RFC 862).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::sleep;

use super::service::{Kind, Service};

/// Echo over UDP.
pub(super) const ECHO_DATAGRAMS: Service = Service {
    name: "echo over UDP",
    scheme: "udp",
    port: 7,
    kind: Kind::Datagrams(|socket, _| Box::pin(return_datagrams(socket))),
};

/// Echo over TCP.
pub(super) const ECHO: Service = Service::connections("echo over TCP", "tcp", 7, |visit| {
    Box::pin(return_stream(visit.stream))
});

const PIECE: usize = 16 * 1024;
const LARGEST_DATAGRAM: usize = 65_535;

/// After an error, so that one that stays keeps nobody busy.
const PAUSE: Duration = Duration::from_millis(10);

async fn return_stream(mut stream: TcpStream) {
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = stream.read(&mut piece).await {
        let Some(bytes) = piece.get(..length) else {
            return;
        };
        if stream.write_all(bytes).await.is_err() {
            return;
        }
    }
}

/// An error is about one datagram, such as one that nobody waits for any more; the others are
/// served still.
async fn return_datagrams(socket: UdpSocket) {
    let mut datagram = vec![0; LARGEST_DATAGRAM];
    loop {
        match socket.recv_from(&mut datagram).await {
            Ok((length, from)) => drop(
                socket
                    .send_to(datagram.get(..length).unwrap_or_default(), from)
                    .await,
            ),
            Err(_) => sleep(PAUSE).await,
        }
    }
}
