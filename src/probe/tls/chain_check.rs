//! Verification of a certificate chain, with the event for its result.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};

use super::certificate::{self, MAX_CERTIFICATES};
use super::certificate_failure::{self, ChainFacts};
use super::{HandshakeTarget, TrustStore};
use crate::probe::exchange_context::ExchangeContext;
use crate::probe::{PhaseFailure, Recorder};
use crate::trace::{ConnectionId, EventKind, Phase, Verification};

/// The certificates that a server presented, and the name they were presented for.
#[derive(Clone, Copy)]
pub(super) struct PresentedChain<'a> {
    pub(super) end_entity: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) name: &'a ServerName<'a>,
    pub(super) ocsp: &'a [u8],
    pub(super) now: UnixTime,
}

/// Reason why a chain is not accepted.
pub(super) enum ChainFault {
    /// There are no trust anchors to check it against.
    NoStore(String),
    /// The verifier rejected it.
    Rejected(Error),
}

impl ChainFault {
    fn into_error(self) -> Error {
        match self {
            Self::NoStore(_) => CertificateError::UnknownIssuer.into(),
            Self::Rejected(error) => error,
        }
    }
}

/// Verifies the chain of one handshake.
#[derive(Clone)]
pub(super) struct ChainChecker {
    recorder: Recorder,
    pub(super) connection: ConnectionId,
    phase: Phase,
    /// Whether the handshake goes on despite a rejected chain; the result is emitted all the same.
    pub(super) insecure: bool,
}

impl ChainChecker {
    pub(super) fn new(context: &ExchangeContext<'_>, target: &HandshakeTarget<'_>) -> Self {
        let insecure = context.spec.tls.insecure;
        Self {
            recorder: context.recorder.clone(),
            connection: target.connection,
            phase: target.phase,
            insecure,
        }
    }

    /// Emits the certificates that were presented.
    pub(super) fn emit_certificates(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) {
        let certificates =
            certificate::describe_chain(std::iter::once(end_entity).chain(intermediates));
        self.recorder.emit(EventKind::TlsCertificates {
            connection: self.connection,
            certificates,
        });
    }

    /// Verifies the chain and emits the result.
    pub(super) fn check(
        &self,
        store: &TrustStore,
        chain: &PresentedChain<'_>,
    ) -> Result<(), Box<(PhaseFailure, Error)>> {
        let began = self.recorder.now();
        let result = verify_chain(store, chain);
        let took = self.recorder.now().since(began);
        let result = result.map_err(|fault| {
            Box::new((
                certificate_failure::certificate_failure(self.phase, &fault, &chain_facts(chain)),
                fault.into_error(),
            ))
        });
        let verification = match &result {
            Ok(()) => Verification::Trusted,
            Err(refused) if self.insecure => {
                Verification::Ignored(refused.0.failure.message.clone())
            }
            Err(refused) => Verification::Rejected(refused.0.failure.message.clone()),
        };
        self.recorder.emit(EventKind::TlsVerified {
            connection: self.connection,
            verification,
            took,
        });
        result
    }
}

fn verify_chain(store: &TrustStore, chain: &PresentedChain<'_>) -> Result<(), ChainFault> {
    let verifier = store
        .verifier
        .as_ref()
        .map_err(|reason| ChainFault::NoStore(reason.clone()))?;
    let PresentedChain {
        end_entity,
        intermediates,
        name,
        ocsp,
        now,
    } = *chain;
    let is_named = || {
        store
            .user_certificates
            .iter()
            .any(|named| named.as_ref() == end_entity.as_ref())
    };
    match verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
        Ok(_) => Ok(()),
        Err(Error::InvalidCertificate(error)) if is_named() => {
            verify_user_certificate(chain, error)
        }
        Err(error) => Err(ChainFault::Rejected(error)),
    }
}

/// Accepts a certificate that the user named without looking for its issuer; its dates and names
/// still have to fit. Test certificates are often their own issuer, which a chain verifier rejects.
fn verify_user_certificate(
    chain: &PresentedChain<'_>,
    error: CertificateError,
) -> Result<(), ChainFault> {
    let about_its_issuer = matches!(
        error,
        CertificateError::UnknownIssuer | CertificateError::Other(_)
    );
    if !about_its_issuer || !certificate::is_valid_at(chain.end_entity, chain.now.as_secs()) {
        return Err(ChainFault::Rejected(error.into()));
    }
    let parsed = ParsedCertificate::try_from(chain.end_entity).map_err(ChainFault::Rejected)?;
    verify_server_name(&parsed, chain.name).map_err(ChainFault::Rejected)
}

fn chain_facts(chain: &PresentedChain<'_>) -> ChainFacts {
    ChainFacts {
        certificates: certificate::describe_chain(
            std::iter::once(chain.end_entity).chain(chain.intermediates),
        ),
        host: chain.name.to_str().into_owned(),
        self_issued: certificate::is_self_issued(chain.end_entity),
        issuer_sent: chain
            .intermediates
            .iter()
            .take(MAX_CERTIFICATES)
            .any(|other| certificate::is_issued_by(chain.end_entity, other)),
    }
}
