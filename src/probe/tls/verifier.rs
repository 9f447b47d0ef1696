//! Checks the server's chain, and tells of it whether or not it holds.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::certificate::{self, MOST_CERTIFICATES};
use super::verdict::{self, Case};
use super::{Purpose, Trust};
use crate::probe::step::Step;
use crate::probe::{Failed, Recorder};
use crate::trace::{Certificate, ConnectionId, Phase, Verification, What};

/// The certificate's fault, once one was found. Every clone is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdict(Arc<Mutex<Option<Failed>>>);

impl Verdict {
    pub(super) fn take(&self) -> Option<Failed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, failed: Failed) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
    }
}

/// A verifier that records what it sees.
pub(super) struct Recording {
    trust: Arc<Trust>,
    recorder: Recorder,
    connection: ConnectionId,
    phase: Phase,
    insecure: bool,
    verdict: Verdict,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl Recording {
    pub(super) fn new(trust: &Arc<Trust>, step: &Step<'_>, purpose: &Purpose<'_>, verdict: Verdict) -> Self {
        Self {
            trust: Arc::clone(trust),
            recorder: step.recorder.clone(),
            connection: purpose.connection,
            phase: purpose.phase,
            insecure: step.spec.tls.insecure,
            verdict,
        }
    }

    fn check(&self, chain: &Chain<'_>) -> Result<(), Fault> {
        let verifier = self.trust.verifier.as_ref().map_err(|reason| Fault::NoStore(reason.clone()))?;
        let Chain { leaf, rest, name, ocsp, now } = *chain;
        match verifier.verify_server_cert(leaf, rest, name, ocsp, now) {
            Ok(_) => Ok(()),
            Err(Error::InvalidCertificate(error)) if self.is_named(chain) => named_anyway(chain, error),
            Err(error) => Err(Fault::Refused(error)),
        }
    }

    /// Whether the user named this very certificate as one to trust.
    fn is_named(&self, chain: &Chain<'_>) -> bool {
        self.trust.named.iter().any(|named| named.as_ref() == chain.leaf.as_ref())
    }

    /// Tells how it ended; why it failed, if it did.
    fn tell(&self, result: Result<(), Fault>, case: &Case<'_>, took: crate::units::Nanos) -> Result<(), Error> {
        let (verification, result) = match result {
            Ok(()) => (Verification::Trusted, Ok(())),
            Err(fault) => {
                let failed = verdict::failure(self.phase, &fault, case);
                let reason = failed.failure.message.clone();
                if self.insecure {
                    (Verification::Ignored(reason), Ok(()))
                } else {
                    self.verdict.set(failed);
                    (Verification::Rejected(reason), Err(fault.into_error()))
                }
            }
        };
        self.recorder.emit(What::TlsVerified { connection: self.connection, verification, took });
        result
    }
}

/// Why a chain does not hold.
pub(super) enum Fault {
    /// There is nothing to check it against.
    NoStore(String),
    /// It was refused.
    Refused(Error),
}

impl Fault {
    fn into_error(self) -> Error {
        match self {
            Self::NoStore(_) => CertificateError::UnknownIssuer.into(),
            Self::Refused(error) => error,
        }
    }
}

/// What is to be checked.
#[derive(Clone, Copy)]
struct Chain<'a> {
    leaf: &'a CertificateDer<'a>,
    rest: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    ocsp: &'a [u8],
    now: UnixTime,
}

/// A certificate the user named need not have an issuer; its dates and names still have to fit. Test certificates are often their
/// own issuer, which a verifier of chains refuses.
fn named_anyway(chain: &Chain<'_>, error: CertificateError) -> Result<(), Fault> {
    let about_its_issuer = matches!(error, CertificateError::UnknownIssuer | CertificateError::Other(_));
    if !about_its_issuer || !certificate::is_valid_at(chain.leaf, chain.now.as_secs()) {
        return Err(Fault::Refused(error.into()));
    }
    let parsed = ParsedCertificate::try_from(chain.leaf).map_err(Fault::Refused)?;
    verify_server_name(&parsed, chain.name).map_err(Fault::Refused)
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificates = certificate::describe(std::iter::once(leaf).chain(rest));
        let told = What::TlsCertificates { connection: self.connection, certificates: certificates.clone() };
        self.recorder.emit(told);
        let began = self.recorder.now();
        let result = self.check(&Chain { leaf, rest, name, ocsp, now });
        let took = self.recorder.now().since(began);
        self.tell(result, &case(&certificates, leaf, rest, name), took)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.trust.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.trust.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn case<'a>(certificates: &'a [Certificate], leaf: &CertificateDer<'_>, rest: &[CertificateDer<'_>], name: &ServerName<'_>) -> Case<'a> {
    Case {
        certificates,
        host: name.to_str().into_owned(),
        self_issued: certificate::is_self_issued(leaf),
        issuer_sent: rest.iter().take(MOST_CERTIFICATES).any(|other| certificate::is_issued_by(leaf, other)),
    }
}
