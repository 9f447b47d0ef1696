//! HTTP at a port: over TLS or in clear, and in the manner of that port.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::content::{Client, Content, Pages};
use super::service::{Service, Visit};
use super::{http1, http2, pages, secure};

/// HTTP over TLS; the client and the host's ALPN agree on the version.
pub(super) const HTTPS: Service = Service::https("https", pages::CONTENT);

/// HTTP/1.1 in clear, and HTTP/2 to clients that begin with it.
pub(super) const HTTP: Service = Service::http("http", Manner::Any, pages::CONTENT);

/// The same where TLS is expected.
pub(super) const PLAIN: Service = Service {
    scheme: "https",
    port: 443,
    ..Service::http("plain", Manner::Any, pages::CONTENT)
};

/// HTTP/1.0 in clear, which ends each connection with its answer.
pub(super) const HTTP10: Service = Service::http("http/1.0", Manner::Http10, pages::CONTENT);

/// HTTP/1.1 in clear, which ends each connection with its answer.
pub(super) const CLOSING: Service = Service::http("closing", Manner::Closing, pages::CONTENT);

/// HTTP/2 in clear, which clients have to know beforehand (RFC 9113 §3.3).
pub(super) const H2C: Service = Service::http("h2c", Manner::PriorKnowledge, pages::CONTENT);

/// Waits for a client to begin.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

/// The first bytes of an HTTP/2 connection (RFC 9113 §3.4) that no HTTP/1 method has.
const PREFACE: &[u8] = b"PRI";

/// HTTP at a port.
#[derive(Clone, Copy)]
pub(super) struct Web {
    pub(super) is_secure: bool,
    pub(super) manner: Manner,
    pub(super) content: Content,
}

/// Which HTTP is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// What the client begins with, or TLS agreed on; HTTP/1.1 keeps connections.
    Any,
    /// HTTP/1.1 with `Connection: close` (RFC 9112 §9.6).
    Closing,
    /// HTTP/1.0 (RFC 1945): no chunks, no kept connections.
    Http10,
    /// HTTP/2 alone.
    PriorKnowledge,
}

impl Web {
    /// Serves one connection until it ends.
    pub(super) async fn serve(self, Visit { stream, site }: Visit) {
        let Ok(address) = stream.peer_addr() else {
            return;
        };
        let client = Client {
            address,
            scheme: if self.is_secure { "https" } else { "http" },
        };
        let pages = Pages {
            content: self.content,
            site: Arc::clone(&site),
            client,
        };
        if !self.is_secure {
            return self.serve_plain(stream, pages).await;
        }
        let Some(stream) = secure::handshake(stream, &site.identities).await else {
            return;
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            http2::serve(stream, pages).await;
        } else {
            http1::serve(stream, pages, self.manner).await;
        }
    }

    async fn serve_plain(self, stream: TcpStream, pages: Pages) {
        let mut first = [0; PREFACE.len()];
        let Ok(Ok(_)) = timeout(LONGEST_SILENCE, stream.peek(&mut first)).await else {
            return;
        };
        match (self.manner, first == PREFACE) {
            (Manner::Any | Manner::PriorKnowledge, true) => http2::serve(stream, pages).await,
            (Manner::PriorKnowledge, false) => {}
            (manner, _) => http1::serve(stream, pages, manner).await,
        }
    }
}
