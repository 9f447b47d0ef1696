//! The lab's certificate authority: a root and an intermediate certificate, created at each start
//! and kept in memory only.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::LabError;
use super::tls_profile::CertificateKind;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A root certificate and the intermediate that it signed, which signs the hosts' certificates.
pub(super) struct CertificateAuthority {
    now: Duration,
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate chain and its private key.
pub(super) struct Credentials {
    /// Leaf first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl CertificateAuthority {
    /// Creates the keys and certificates of the root and the intermediate.
    pub(super) fn new() -> Result<Self, LabError> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let root = make_certificate("tapline lab root, of this run only", |name| {
            CertifiedIssuer::self_signed(ca_params(name, 1, now), KeyPair::generate()?)
        })?;
        let intermediate = make_certificate("tapline lab intermediate", |name| {
            CertifiedIssuer::signed_by(ca_params(name, 0, now), KeyPair::generate()?, &root)
        })?;
        Ok(Self {
            now,
            root,
            intermediate,
        })
    }

    /// Root certificate as PEM, for clients that are to trust the lab.
    pub(super) fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// Issues a certificate of the given kind for these names, with its chain.
    pub(super) fn issue(
        &self,
        names: &[String],
        kind: CertificateKind,
    ) -> Result<Credentials, LabError> {
        make_certificate(names.first().map_or("", String::as_str), |name| {
            let key = KeyPair::generate()?;
            let leaf = self.leaf_params(name, names, kind)?;
            let certificate = if kind == CertificateKind::SelfSigned {
                leaf.self_signed(&key)?
            } else {
                leaf.signed_by(&key, &self.intermediate)?
            };
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            Ok(Credentials {
                chain: self.chain(&certificate, kind),
                key,
            })
        })
    }

    /// A client certificate with its chain and private key, as PEM.
    pub(super) fn client_pem(&self) -> Result<String, LabError> {
        make_certificate("a client of the lab", |name| {
            let key = KeyPair::generate()?;
            let mut leaf = self.leaf_params(name, &[], CertificateKind::Valid)?;
            leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            let certificate = leaf.signed_by(&key, &self.intermediate)?;
            Ok([
                certificate.pem(),
                self.intermediate.pem(),
                key.serialize_pem(),
            ]
            .concat())
        })
    }

    /// Root certificate.
    pub(super) fn root_certificate(&self) -> &CertificateDer<'static> {
        self.root.der()
    }

    fn leaf_params(
        &self,
        name: &str,
        names: &[String],
        kind: CertificateKind,
    ) -> Result<CertificateParams, rcgen::Error> {
        let mut leaf = match kind {
            CertificateKind::WrongHost => CertificateParams::new(["another.lab.test".to_owned()])?,
            _ => CertificateParams::new(names)?,
        };
        let (from, to) = match kind {
            CertificateKind::Expired => (
                self.now.saturating_sub(102 * DAY),
                self.now.saturating_sub(12 * DAY),
            ),
            CertificateKind::NotYetValid => (self.now + 7 * DAY, self.now + 97 * DAY),
            _ => (self.now.saturating_sub(HOUR), self.now + 90 * DAY),
        };
        leaf.not_before = date_time_ymd(1970, 1, 1) + from;
        leaf.not_after = date_time_ymd(1970, 1, 1) + to;
        leaf.distinguished_name.push(
            DnType::CommonName,
            if kind == CertificateKind::WrongHost {
                "another.lab.test"
            } else {
                name
            },
        );
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        Ok(leaf)
    }

    fn chain(
        &self,
        certificate: &Certificate,
        kind: CertificateKind,
    ) -> Vec<CertificateDer<'static>> {
        let leaf = certificate.der().clone();
        match kind {
            CertificateKind::SelfSigned | CertificateKind::IncompleteChain => vec![leaf],
            _ => vec![leaf, self.intermediate.der().clone()],
        }
    }
}

fn ca_params(name: &str, path_length: u8, now: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(120 * DAY);
    params.not_after = date_time_ymd(1970, 1, 1) + (now + 120 * DAY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = path_length == 0;
    params
}

/// Creates a certificate; an error names its subject.
fn make_certificate<T>(
    name: &str,
    make: impl FnOnce(&str) -> Result<T, rcgen::Error>,
) -> Result<T, LabError> {
    make(name).map_err(|source| LabError::Certificate {
        name: name.to_owned(),
        source,
    })
}
