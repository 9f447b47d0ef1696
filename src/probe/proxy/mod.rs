//! Proxies: the choice of the proxy for a URL, and the handshake that opens a tunnel through it.
//!
//! ```text
//! HTTP, HTTPS ─► CONNECT host:port (RFC 9110 §9.3.6) ─► 2xx ─► the stream is the tunnel
//! SOCKS5(h)   ─► methods ─► credentials (RFC 1929) ─► CONNECT (RFC 1928 §4) ─► reply ─► likewise
//! ```

mod address;
mod choice;
mod connect_method;
mod socks;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod tunnel;

use std::io;

use tokio::time::timeout_at;

use super::PhaseFailure;
use super::exchange_context::ExchangeContext;
use super::spec::{Proxy, ProxyKind};
use super::tap::{ByteStream, Meter};
use crate::trace::{EventKind, FailureCode, Phase, ProxyStep};
use crate::units::Untrusted;

pub use address::ProxyAddressError;
pub(super) use choice::proxy_for;
pub(super) use tunnel::Tunnel;

/// Runs the proxy phase: requests a tunnel to `host:port` from the proxy at the other end of
/// `stream`.
pub(super) async fn open_tunnel<S: ByteStream>(
    context: &ExchangeContext<'_>,
    stream: S,
    meter: &Meter,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<Tunnel<S>, PhaseFailure> {
    let handshake = ProxyHandshake { context, proxy };
    context
        .recorder
        .begin_phase(context.exchange, Phase::Proxy, Some(meter.position()));
    let way = async {
        match proxy.kind {
            ProxyKind::Http | ProxyKind::Https => {
                connect_method::request_tunnel(&handshake, stream, host, port).await
            }
            ProxyKind::Socks5 | ProxyKind::Socks5h => {
                socks::request_tunnel(&handshake, stream, host, port)
                    .await
                    .map(Tunnel::from)
            }
        }
    };
    let tunnel = timeout_at(context.connect_deadline, way)
        .await
        .unwrap_or_else(|_| Err(handshake.timeout_failure()))?;
    context
        .recorder
        .end_phase(context.exchange, Phase::Proxy, Some(meter.position()));
    // The server's first bytes came in one read with the proxy's response, before a request was
    // sent to the server. Offsets counted above the tunnel then lag behind those of the socket.
    if tunnel.has_read_ahead() {
        meter.layers().mark_offsets_unknown();
    }
    Ok(tunnel)
}

/// Returns `host:port`, with brackets around an IPv6 address.
fn format_authority(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Handshake with a proxy, for both protocols.
struct ProxyHandshake<'a> {
    context: &'a ExchangeContext<'a>,
    proxy: &'a Proxy,
}

impl ProxyHandshake<'_> {
    /// Emits one step of the handshake.
    fn record_step(&self, text: impl Into<Untrusted>) {
        let step = ProxyStep {
            kind: self.proxy.kind.name().to_owned(),
            text: text.into(),
        };
        self.context.recorder.emit(EventKind::ProxyTalked {
            exchange: self.context.exchange,
            step,
        });
    }

    /// Returns the proxy's name for a sentence.
    fn proxy_name(&self) -> String {
        format!(
            "the {} proxy {}",
            self.proxy.kind.name(),
            format_authority(&self.proxy.host, self.proxy.port)
        )
    }

    /// Creates a failure; `what` continues the sentence after the proxy's name.
    fn failure(&self, code: FailureCode, what: &str, hint: &str) -> PhaseFailure {
        PhaseFailure::new(
            Phase::Proxy,
            code,
            format!("{} {what}", self.proxy_name()),
            hint,
        )
    }

    fn timeout_failure(&self) -> PhaseFailure {
        let what = format!(
            "did not answer in time; the limit was {}",
            self.context.connect_limit()
        );
        let hint = "check that this address is a proxy of this kind; it may also be waiting for \
            the server, so try without the proxy";
        self.failure(FailureCode::ProxyTimeout, &what, hint)
    }

    fn closed_failure(&self, error: Option<&io::Error>) -> PhaseFailure {
        let how = match error {
            Some(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                format!("aborted the connection ({error})")
            }
            _ => "closed the connection".to_owned(),
        };
        let hint = "it may require another proxy protocol or credentials, or not allow this \
            client; check its log";
        self.failure(
            FailureCode::ProxyClosed,
            &format!("{how} before the tunnel was open"),
            hint,
        )
    }
}
