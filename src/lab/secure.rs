//! TLS: the client names a host, the host's certificate is shown, and ALPN chooses the version of HTTP (RFC 7301).

use std::time::Duration;

use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::identity::Identities;
use super::service::{Service, Visit};
use super::{http1, http2};

const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);

/// The first bytes of an HTTP/2 connection (RFC 9113 §3.4) that no HTTP/1 method has.
const PREFACE: &[u8] = b"PRI";

/// HTTP over TLS.
pub(super) const HTTPS: Service = Service::connections("https", "https", 443, |visit| Box::pin(serve(visit)));

/// HTTP in clear.
pub(super) const HTTP: Service = Service::connections("http", "http", 80, |visit| Box::pin(serve_plain(visit)));

/// HTTP in clear where TLS is expected.
pub(super) const PLAIN: Service = Service::connections("plain", "https", 443, |visit| Box::pin(serve_plain(visit)));

/// Serves HTTP over TLS on one connection.
async fn serve(Visit { stream, site }: Visit) {
    let Ok(Some(stream)) = timeout(LONGEST_HANDSHAKE, handshake(stream, &site.identities)).await else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2::serve(stream, site).await;
    } else {
        http1::serve(stream, site).await;
    }
}

/// Serves HTTP in clear on one connection; HTTP/2 to a client that begins with it.
async fn serve_plain(Visit { stream, site }: Visit) {
    let mut first = [0; PREFACE.len()];
    match timeout(LONGEST_HANDSHAKE, stream.peek(&mut first)).await {
        Ok(Ok(_)) if first == PREFACE => http2::serve(stream, site).await,
        Ok(Ok(_)) => http1::serve(stream, site).await,
        _ => {}
    }
}

/// What goes wrong here the client is told by a TLS alert; there is nobody else to tell.
async fn handshake(stream: TcpStream, identities: &Identities) -> Option<TlsStream<TcpStream>> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
    let config = identities.of(start.client_hello().server_name()).ok()?;
    start.into_stream(config).await.ok()
}
