//! TLS (RFC 8446, RFC 5246), implemented by rustls, observed at the record layer and in its
//! verifier.
//!
//! ```text
//! trust store (loaded during DNS and TCP) ─► config ─► handshake ─┬─ records: messages, offsets
//!                                                                 ├─ verifier: chain, result, time
//!                                                                 └─ negotiated parameters
//! ```

mod by_record;
mod certificate;
mod certificate_failure;
mod chain_check;
mod config;
mod control_config;
mod handshake_failure;
mod handshake_monitor;
mod identity;
mod key_log;
mod negotiated;
mod one_record;
mod trust_store;
mod verifier;

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::by_record::{OutgoingRecords, RecordStream};
use self::chain_check::ChainChecker;
use self::handshake_monitor::HandshakeMonitor;
use self::one_record::RecordPlaintextStream;
use self::verifier::{RecordingVerifier, VerificationFindings};
use super::PhaseFailure;
use super::exchange_context::ExchangeContext;
use super::layering::PlaintextObserver;
use super::tap::{ByteStream, Meter, Tap};
use crate::trace::{ConnectionId, EventKind, Phase};

pub(super) use control_config::control_client_config;
pub(super) use handshake_failure::{alert_failure_in, record_flood_failure_in};
pub use trust_store::auxiliary_tls_config;
pub(super) use trust_store::{CryptoSetup, TrustStore};
pub(super) use verifier::DeferredVerification;

/// A byte stream over TLS.
pub(super) type TlsByteStream<S> = Tap<
    RecordPlaintextStream<TlsStream<RecordStream<Tap<S, (HandshakeMonitor, OutgoingRecords)>>>>,
    PlaintextObserver,
>;

/// Target of a handshake: the peer, and what to offer it.
pub(super) struct HandshakeTarget<'a> {
    /// The connection that carries it.
    pub(super) connection: ConnectionId,
    /// Counter of the connection's bytes.
    pub(super) meter: &'a Arc<Meter>,
    /// Host name that the certificate must have.
    pub(super) host: &'a str,
    /// Application protocols to offer, in order of preference.
    pub(super) alpn: Vec<Vec<u8>>,
    /// Whether the client certificate may be presented: to the user's own origin, or to any if the
    /// user trusts every location.
    pub(super) presents_certificate: bool,
    /// Phase of the handshake: TLS with the server, or the handshake with a proxy.
    pub(super) phase: Phase,
}

/// Inputs of a handshake that are loaded beforehand.
pub(super) struct HandshakeInputs {
    pub(super) crypto: Arc<CryptoSetup>,
    /// Trust anchors; `None` to verify the chain after the exchange.
    pub(super) trust_store: Option<Arc<TrustStore>>,
}

/// Performs the handshake. The caller begins and ends the phase.
pub(super) async fn perform_handshake<S: ByteStream>(
    context: &ExchangeContext<'_>,
    stream: S,
    inputs: &HandshakeInputs,
    target: &HandshakeTarget<'_>,
) -> Result<(TlsByteStream<S>, Option<DeferredVerification>), PhaseFailure> {
    let host = target.host.trim_matches(['[', ']']).trim_end_matches('.');
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| handshake_failure::invalid_name_failure(target))?;
    let findings = VerificationFindings::default();
    let verifier =
        RecordingVerifier::new(inputs, ChainChecker::new(context, target), findings.clone());
    let config = config::client_config(&inputs.crypto, &context.spec.tls, verifier, target)?;
    let monitor = HandshakeMonitor::begin(context.recorder.clone(), target);
    let lowest = target
        .meter
        .layers()
        .begin_tls_layer()
        .then_some(target.meter);
    let stream = RecordStream::new(
        Tap::new(stream, (monitor.clone(), OutgoingRecords::new(lowest))),
        lowest,
    );
    let idle = stream.idle_records();
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let secured = match timeout_at(context.connect_deadline, handshake).await {
        Ok(Ok(secured)) => secured,
        // The verifier's failure takes precedence: rustls's error for it says less.
        Ok(Err(error)) => {
            return Err(findings.take_failure().unwrap_or_else(|| {
                handshake_failure::handshake_failure(target, &error, &monitor)
            }));
        }
        Err(_) => {
            return Err(handshake_failure::timeout_failure(
                target,
                &context.connect_limit(),
                &monitor,
            ));
        }
    };
    monitor.end();
    // Records of the handshake itself carry no plaintext and must not count towards a flood.
    idle.reset();
    let session = secured.get_ref().1;
    let handshake = negotiated::negotiated_handshake(session);
    context.recorder.emit(EventKind::TlsEstablished {
        connection: target.connection,
        handshake,
    });
    let layering = lowest.map(|meter| Arc::clone(meter.layers()));
    if let Some((layering, seal)) = layering.as_ref().zip(negotiated::record_overhead(session)) {
        layering.tls_established(seal);
    }
    Ok((
        Tap::new(
            RecordPlaintextStream::new(secured, idle),
            PlaintextObserver::new(layering),
        ),
        findings.take_deferred(),
    ))
}
