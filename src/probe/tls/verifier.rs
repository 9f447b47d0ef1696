//! Certificate verifier for rustls that records its findings.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use super::chain_check::{ChainChecker, PresentedChain};
use super::{HandshakeInputs, TrustStore};
use crate::probe::PhaseFailure;

/// Results of the verification in a handshake. All clones share the same state.
#[derive(Clone, Default)]
pub(super) struct VerificationFindings(Arc<Mutex<Found>>);

#[derive(Default)]
struct Found {
    failed: Option<PhaseFailure>,
    deferred: Option<DeferredVerification>,
}

impl VerificationFindings {
    /// Takes the certificate's failure, if there is one.
    pub(super) fn take_failure(&self) -> Option<PhaseFailure> {
        self.with(|found| found.failed.take())
    }

    /// Takes the chain whose verification was deferred, if it was.
    pub(super) fn take_deferred(&self) -> Option<DeferredVerification> {
        self.with(|found| found.deferred.take())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Found) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A chain whose verification was deferred: with `--insecure` its result changes nothing, so the
/// handshake does not wait for the store to be loaded.
pub(in crate::probe) struct DeferredVerification {
    end_entity: CertificateDer<'static>,
    intermediates: Vec<CertificateDer<'static>>,
    name: ServerName<'static>,
    now: UnixTime,
    checker: ChainChecker,
}

impl DeferredVerification {
    /// Verifies the chain and emits the result.
    pub(in crate::probe) fn check(&self, store: &TrustStore) {
        let chain = PresentedChain {
            end_entity: &self.end_entity,
            intermediates: &self.intermediates,
            name: &self.name,
            ocsp: &[],
            now: self.now,
        };
        // The user chose to continue regardless of the result.
        let _ = self.checker.check(store, &chain);
    }
}

/// Certificate verifier that records what it finds.
pub(super) struct RecordingVerifier {
    provider: Arc<CryptoProvider>,
    /// The store; `None` to defer verification.
    trust_store: Option<Arc<TrustStore>>,
    checker: ChainChecker,
    findings: VerificationFindings,
}

impl fmt::Debug for RecordingVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingVerifier")
            .field("connection", &self.checker.connection)
            .finish_non_exhaustive()
    }
}

impl RecordingVerifier {
    pub(super) fn new(
        inputs: &HandshakeInputs,
        checker: ChainChecker,
        findings: VerificationFindings,
    ) -> Self {
        Self {
            provider: Arc::clone(&inputs.crypto.provider),
            trust_store: inputs.trust_store.clone(),
            checker,
            findings,
        }
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.checker.emit_certificates(end_entity, intermediates);
        let Some(store) = &self.trust_store else {
            let end_entity = end_entity.clone().into_owned();
            let intermediates = intermediates
                .iter()
                .map(|one| one.clone().into_owned())
                .collect();
            let deferred = DeferredVerification {
                end_entity,
                intermediates,
                name: name.to_owned(),
                now,
                checker: self.checker.clone(),
            };
            self.findings.with(|found| found.deferred = Some(deferred));
            return Ok(ServerCertVerified::assertion());
        };
        match self.checker.check(
            store,
            &PresentedChain {
                end_entity,
                intermediates,
                name,
                ocsp,
                now,
            },
        ) {
            Err(refused) if !self.checker.insecure => {
                let (failed, error) = *refused;
                self.findings.with(|found| found.failed = Some(failed));
                Err(error)
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
