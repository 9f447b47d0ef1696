//! Checks a chain and tells what came of it.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};

use super::certificate::{self, MOST_CERTIFICATES};
use super::verdict::{self, Case};
use super::{Purpose, Trust};
use crate::probe::step::Step;
use crate::probe::{Failed, Recorder};
use crate::trace::{ConnectionId, Phase, Verification, What};

/// The certificates a server presented, and for what.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) rest: &'a [CertificateDer<'a>],
    pub(super) name: &'a ServerName<'a>,
    pub(super) ocsp: &'a [u8],
    pub(super) now: UnixTime,
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

/// Checks chains for one handshake.
#[derive(Clone)]
pub(super) struct Checker {
    recorder: Recorder,
    pub(super) connection: ConnectionId,
    phase: Phase,
    /// What is found does not matter, but is told.
    pub(super) insecure: bool,
}

impl Checker {
    pub(super) fn new(step: &Step<'_>, purpose: &Purpose<'_>) -> Self {
        let insecure = step.spec.tls.insecure;
        Self {
            recorder: step.recorder.clone(),
            connection: purpose.connection,
            phase: purpose.phase,
            insecure,
        }
    }

    /// Says which certificates came.
    pub(super) fn present(&self, leaf: &CertificateDer<'_>, rest: &[CertificateDer<'_>]) {
        let certificates = certificate::describe(std::iter::once(leaf).chain(rest));
        self.recorder.emit(What::TlsCertificates {
            connection: self.connection,
            certificates,
        });
    }

    /// Checks the chain and says what came of it.
    pub(super) fn check(
        &self,
        trust: &Trust,
        chain: &Chain<'_>,
    ) -> Result<(), Box<(Failed, Error)>> {
        let began = self.recorder.now();
        let result = verify(trust, chain);
        let took = self.recorder.now().since(began);
        let result = result.map_err(|fault| {
            Box::new((
                verdict::failure(self.phase, &fault, &case(chain)),
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
        self.recorder.emit(What::TlsVerified {
            connection: self.connection,
            verification,
            took,
        });
        result
    }
}

fn verify(trust: &Trust, chain: &Chain<'_>) -> Result<(), Fault> {
    let verifier = trust
        .verifier
        .as_ref()
        .map_err(|reason| Fault::NoStore(reason.clone()))?;
    let Chain {
        leaf,
        rest,
        name,
        ocsp,
        now,
    } = *chain;
    let is_named = || {
        trust
            .named
            .iter()
            .any(|named| named.as_ref() == leaf.as_ref())
    };
    match verifier.verify_server_cert(leaf, rest, name, ocsp, now) {
        Ok(_) => Ok(()),
        Err(Error::InvalidCertificate(error)) if is_named() => verify_named(chain, error),
        Err(error) => Err(Fault::Refused(error)),
    }
}

/// A certificate the user named need not have an issuer; its dates and names still have to fit.
/// Test certificates are often their own issuer, which a verifier of chains refuses.
fn verify_named(chain: &Chain<'_>, error: CertificateError) -> Result<(), Fault> {
    let about_its_issuer = matches!(
        error,
        CertificateError::UnknownIssuer | CertificateError::Other(_)
    );
    if !about_its_issuer || !certificate::is_valid_at(chain.leaf, chain.now.as_secs()) {
        return Err(Fault::Refused(error.into()));
    }
    let parsed = ParsedCertificate::try_from(chain.leaf).map_err(Fault::Refused)?;
    verify_server_name(&parsed, chain.name).map_err(Fault::Refused)
}

fn case(chain: &Chain<'_>) -> Case {
    Case {
        certificates: certificate::describe(std::iter::once(chain.leaf).chain(chain.rest)),
        host: chain.name.to_str().into_owned(),
        self_issued: certificate::is_self_issued(chain.leaf),
        issuer_sent: chain
            .rest
            .iter()
            .take(MOST_CERTIFICATES)
            .any(|other| certificate::is_issued_by(chain.leaf, other)),
    }
}
