//! TLS by rustls (RFC 8446, RFC 5246), watched from below and from within.
//!
//! ```text
//! trust (loaded while DNS and TCP are under way) ─► config ─► handshake ─┬─ records seen below: messages and their offsets
//!                                                                        ├─ verifier: chain, verdict, time it took
//!                                                                        └─ what was agreed on
//! ```

mod agreed;
mod by_record;
mod certificate;
mod check;
mod config;
mod failure;
mod identity;
mod key_log;
mod one_record;
mod ordinary;
mod records;
mod trust;
mod verdict;
mod verifier;

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::by_record::{ByRecord, Outgoing};
use self::check::Checker;
use self::one_record::OneRecord;
use self::records::RecordWatch;
use self::verifier::{Findings, Recording};
use super::Failed;
use super::layering::Plaintext;
use super::step::Step;
use super::tap::{Io, Meter, Tap};
use crate::trace::{ConnectionId, Phase, What};

pub(super) use failure::{alert_in, record_flood_in};
pub(super) use ordinary::ordinary;
pub use trust::side_traffic_tls;
pub(super) use trust::{Tools, Trust};
pub(super) use verifier::Unchecked;

/// A byte stream with TLS over it.
pub(super) type Secured<S> =
    Tap<OneRecord<TlsStream<ByRecord<Tap<S, (RecordWatch, Outgoing)>>>>, Plaintext>;

/// What a handshake is for.
pub(super) struct Purpose<'a> {
    /// The connection whose streams carry it.
    pub(super) connection: ConnectionId,
    /// Counts what passes on it.
    pub(super) meter: &'a Arc<Meter>,
    /// The host whose certificate is wanted.
    pub(super) host: &'a str,
    /// Application protocols to offer, in order.
    pub(super) alpn: Vec<Vec<u8>>,
    /// Whether the client's certificate may be shown: the peer is the user's own origin, or every
    /// location is trusted.
    pub(super) shows_identity: bool,
    /// The phase it happens in: TLS with the server, or the talk with a proxy.
    pub(super) phase: Phase,
}

/// What a handshake works with.
pub(super) struct Means {
    pub(super) tools: Arc<Tools>,
    /// Whom to trust; `None` to check the chain once the exchange is over.
    pub(super) trust: Option<Arc<Trust>>,
}

/// Does the handshake. The caller begins and ends the phase.
pub(super) async fn secure<S: Io>(
    step: &Step<'_>,
    stream: S,
    means: &Means,
    purpose: &Purpose<'_>,
) -> Result<(Secured<S>, Option<Unchecked>), Failed> {
    let host = purpose.host.trim_matches(['[', ']']).trim_end_matches('.');
    let name = ServerName::try_from(host.to_owned()).map_err(|_| failure::bad_name(purpose))?;
    let findings = Findings::default();
    let verifier = Recording::new(means, Checker::new(step, purpose), findings.clone());
    let config = config::client(&means.tools, &step.spec.tls, verifier, purpose)?;
    let watch = RecordWatch::begin(step.recorder.clone(), purpose);
    let lowest = purpose
        .meter
        .layering()
        .begins_tls()
        .then_some(purpose.meter);
    let stream = ByRecord::new(
        Tap::new(stream, (watch.clone(), Outgoing::new(lowest))),
        lowest,
    );
    let idle = stream.idle_records();
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let secured = match timeout_at(step.connect_by, handshake).await {
        Ok(Ok(secured)) => secured,
        // The certificate's fault where it is one; else what the connection says.
        Ok(Err(error)) => {
            return Err(findings
                .failed()
                .unwrap_or_else(|| failure::of_handshake(purpose, &error, &watch)));
        }
        Err(_) => return Err(failure::timed_out(purpose, &step.connect_limit(), &watch)),
    };
    watch.end();
    idle.reset();
    let session = secured.get_ref().1;
    let handshake = agreed::handshake(session);
    step.recorder.emit(What::TlsEstablished {
        connection: purpose.connection,
        handshake,
    });
    let layering = lowest.map(|meter| Arc::clone(meter.layering()));
    if let Some((layering, seal)) = layering.as_ref().zip(agreed::seal(session)) {
        layering.sealed_with(seal);
    }
    Ok((
        Tap::new(OneRecord::new(secured, idle), Plaintext::over(layering)),
        findings.unchecked(),
    ))
}
