//! HTTP services: over TLS or plaintext, HTTP/1.0 to HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::handler::{ClientInfo, HandlerContext, HttpHandler};
use super::identity::accept_tls;
use super::service::{AcceptedConnection, Service};
use super::{api, http1, http2};

/// HTTP over TLS; ALPN selects the version.
pub(super) const HTTPS: Service = Service::https("https", api::API_HANDLER);

/// Plaintext HTTP/1.1, and HTTP/2 for clients with prior knowledge.
pub(super) const HTTP: Service = Service::http("http", HttpMode::Any, api::API_HANDLER);

/// Plaintext HTTP on the port of HTTPS.
pub(super) const HTTP_ON_TLS_PORT: Service = Service {
    scheme: "https",
    port: 443,
    ..Service::http("plain", HttpMode::Any, api::API_HANDLER)
};

/// Plaintext HTTP/1.0; the connection closes after each response.
pub(super) const HTTP10: Service = Service::http("http/1.0", HttpMode::Http10, api::API_HANDLER);

/// Plaintext HTTP/1.1 that closes the connection after each response.
pub(super) const HTTP_CLOSING: Service =
    Service::http("closing", HttpMode::Closing, api::API_HANDLER);

/// Plaintext HTTP/2 with prior knowledge only (RFC 9113 §3.3).
pub(super) const H2C: Service = Service::http("h2c", HttpMode::PriorKnowledge, api::API_HANDLER);

/// Time within which a client has to send its first bytes.
const FIRST_BYTES_TIMEOUT: Duration = Duration::from_secs(10);

/// Start of the HTTP/2 connection preface (RFC 9113 §3.4); no HTTP/1 method begins like this.
const HTTP2_PREFACE: &[u8] = b"PRI";

/// An HTTP service.
#[derive(Clone, Copy)]
pub(super) struct HttpService {
    pub(super) is_secure: bool,
    pub(super) mode: HttpMode,
    pub(super) handler: HttpHandler,
}

/// HTTP version and connection handling of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpMode {
    /// The version that the client starts with or ALPN selected; HTTP/1.1 connections are
    /// persistent.
    Any,
    /// HTTP/1.1 with `Connection: close` (RFC 9112 §9.6).
    Closing,
    /// HTTP/1.0 (RFC 1945): no chunked coding, no persistent connections.
    Http10,
    /// HTTP/2 with prior knowledge only.
    PriorKnowledge,
}

impl HttpService {
    /// Serves one connection until it closes.
    pub(super) async fn serve(self, AcceptedConnection { stream, state }: AcceptedConnection) {
        let Ok(address) = stream.peer_addr() else {
            return;
        };
        let client = ClientInfo {
            address,
            scheme: if self.is_secure { "https" } else { "http" },
        };
        let context = HandlerContext {
            handler: self.handler,
            state: Arc::clone(&state),
            client,
        };
        if !self.is_secure {
            return self.serve_plain(stream, context).await;
        }
        let Some(stream) = accept_tls(stream, &state.identities).await else {
            return;
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            http2::serve_http2(stream, context).await;
        } else {
            http1::serve_http1(stream, context, self.mode).await;
        }
    }

    async fn serve_plain(self, stream: TcpStream, context: HandlerContext) {
        // Peeked, not read: the bytes are left for the parser of the protocol that they select.
        let mut first = [0; HTTP2_PREFACE.len()];
        let Ok(Ok(_)) = timeout(FIRST_BYTES_TIMEOUT, stream.peek(&mut first)).await else {
            return;
        };
        match (self.mode, first == HTTP2_PREFACE) {
            (HttpMode::Any | HttpMode::PriorKnowledge, true) => {
                http2::serve_http2(stream, context).await;
            }
            (HttpMode::PriorKnowledge, false) => {}
            (mode, _) => http1::serve_http1(stream, context, mode).await,
        }
    }
}
