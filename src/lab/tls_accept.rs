//! TLS: the client names a host, and the host's certificate is shown.

use std::time::Duration;

use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::identity::TlsIdentities;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What goes wrong here the client is told by a TLS alert; there is nobody else to tell.
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
