//! Services whose TCP connections fail.

use std::time::Duration;

use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::service::Service;

/// A closed port.
pub(super) const REFUSED: Service = Service::closed("refused", "https", 443);

/// Connections that are reset before the TLS handshake.
pub(super) const RESET: Service = Service::tcp("reset", "https", 443, |visit| {
    Box::pin(reset_connection(visit.stream))
});

/// Waits for the client's first bytes, then closes so that the kernel sends RST instead of FIN (RFC
/// 9293 §3.10.4).
async fn reset_connection(mut stream: TcpStream) {
    let mut first = [0; 512];
    let _ = timeout(Duration::from_secs(10), stream.read(&mut first)).await;
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
}
