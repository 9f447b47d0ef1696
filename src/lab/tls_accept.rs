//! TLS handshakes: the server name (SNI) selects the certificate.

use std::time::Duration;

use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::identity::TlsIdentities;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts a TLS connection. A failure is reported to the client by a TLS alert, and to nobody
/// else.
pub(super) async fn accept_tls(
    stream: TcpStream,
    identities: &TlsIdentities,
) -> Option<TlsStream<TcpStream>> {
    let shaken = async {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream)
            .await
            .ok()?;
        let config = identities
            .config_for(start.client_hello().server_name())
            .ok()?;
        start.into_stream(config).await.ok()
    };
    timeout(HANDSHAKE_TIMEOUT, shaken).await.ok().flatten()
}
