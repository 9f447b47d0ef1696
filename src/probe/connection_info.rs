//! Data about a connection that outlives its byte stream, and the events that are emitted from it.

use std::sync::Arc;

use url::Url;

use super::Spec;
use super::connect::TcpInfoReader;
use super::proxy::proxy_for;
use super::redirect::RedirectSender;
use super::tap::Meter;
use super::tls::DeferredVerification;
use super::tls_loader::TlsLoader;
use crate::trace::{ConnectionId, Endpoint, EventKind};

/// Data about a connection, apart from its byte stream.
pub(super) struct ConnectionInfo {
    pub(super) id: ConnectionId,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
    pub(super) meter: Arc<Meter>,
    pub(super) tcp_info: Option<TcpInfoReader>,
    pub(super) deferred_verifications: Vec<DeferredVerification>,
}

impl ConnectionInfo {
    /// Returns the server at the other end as the sender of a redirect.
    pub(super) fn redirect_sender(&self, spec: &Spec, url: &Url) -> RedirectSender {
        match (proxy_for(spec, url), self.remote.ip()) {
            (Some(_), Some(_)) => RedirectSender::behind_proxy(url.host_str().unwrap_or_default()),
            (None, Some(address)) => RedirectSender::at(address.ip()),
            (_, None) => RedirectSender::NonPublic,
        }
    }

    /// Verifies the certificate chains whose verification was deferred.
    pub(super) async fn verify_deferred_certificates(
        &mut self,
        spec: &Spec,
        tls_loader: &mut TlsLoader,
    ) {
        for deferred in std::mem::take(&mut self.deferred_verifications) {
            deferred.check(&*tls_loader.trust_store(&spec.tls).await);
        }
    }

    /// Emits the layers of its streams as far as they are known.
    pub(super) fn emit_layers(&self) {
        self.meter.layers().emit_pending();
    }

    /// Emits the layers for the last time.
    pub(super) fn finish_layers(&self) {
        self.meter.layers().finish();
    }

    /// Returns the kernel's current figures as an event.
    pub(super) fn tcp_info_event(&self) -> Option<EventKind> {
        let figures = self.tcp_info.as_ref()?.read()?;
        Some(EventKind::KernelMeasured {
            connection: self.id,
            figures: Box::new(figures),
        })
    }
}
