//! Trust anchors and client credentials, loaded while DNS and TCP are in progress and not within
//! the TLS phase.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, KeyLog, RootCertStore};

use super::identity::{self, ClientIdentity};
use super::key_log::KeyLogOutputs;
use crate::probe::spec::TlsOptions;

/// Cryptography provider, client certificate and key log, without which a handshake cannot begin.
#[derive(Debug)]
pub(in crate::probe) struct CryptoSetup {
    pub(super) provider: Arc<CryptoProvider>,
    /// The client certificate, or why it cannot be used.
    pub(super) identity: Result<Option<ClientIdentity>, String>,
    /// The key log, or why it cannot be written.
    pub(super) key_log: Result<Option<Arc<dyn KeyLog>>, String>,
}

impl CryptoSetup {
    /// Loads them. This uses the random source for the first time, which can be slow.
    pub(in crate::probe) fn load(options: &TlsOptions) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        warm_up_random_source();
        let identity = identity::load_identity(options, &provider);
        let key_log = KeyLogOutputs::open(
            options.key_log.as_deref(),
            options.key_log_listener.clone(),
            options.key_log_problems.clone(),
        );
        let key_log = key_log.map(|logs| logs.map(|logs| Arc::new(logs) as Arc<dyn KeyLog>));
        Self {
            provider,
            identity,
            key_log,
        }
    }
}

/// A certificate store.
#[derive(Debug)]
pub(in crate::probe) struct TrustStore {
    provider: Arc<CryptoProvider>,
    /// The verifier, or why there is none.
    pub(super) verifier: Result<Arc<dyn ServerCertVerifier>, String>,
    /// Certificates that the user named. One of them is trusted as a server's own certificate,
    /// regardless of its issuer.
    pub(super) user_certificates: Vec<CertificateDer<'static>>,
}

impl TrustStore {
    /// Loads the store. This is slow: the system's has hundreds of certificates.
    pub(in crate::probe) fn load(options: &TlsOptions, crypto: &CryptoSetup) -> Self {
        let provider = Arc::clone(&crypto.provider);
        let (verifier, user_certificates) = match build_verifier(options, &provider) {
            Ok((verifier, certificates)) => (Ok(verifier), certificates),
            Err(reason) => (Err(reason), Vec::new()),
        };
        Self {
            provider,
            verifier,
            user_certificates,
        }
    }

    /// Returns a configuration for connections that are not probed, such as DNS over HTTPS: the
    /// same store, but no client certificate and no key log.
    pub(in crate::probe) fn auxiliary_config(&self) -> Result<ClientConfig, String> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| error.to_string())?.dangerous();
        Ok(builder
            .with_custom_certificate_verifier(Arc::clone(self.verifier.as_ref()?))
            .with_no_client_auth())
    }
}

/// Returns a configuration for connections that are not probed, such as the delivery of a report:
/// with the system's store, or the certificates in a PEM file.
///
/// # Errors
///
/// A message that says why the store cannot be used.
pub fn auxiliary_tls_config(certificates: Option<&Path>) -> Result<ClientConfig, String> {
    let options = TlsOptions {
        ca_file: certificates.map(Path::to_owned),
        ..TlsOptions::default()
    };
    TrustStore::load(&options, &CryptoSetup::load(&options)).auxiliary_config()
}

/// Uses the random source once: its first bytes may take the library tens of milliseconds, which
/// must not count towards the handshake.
fn warm_up_random_source() {
    let mut bytes = [0; 32];
    // If the random source fails, so does the handshake, which reports it.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
}

type VerifierAndCertificates = (Arc<dyn ServerCertVerifier>, Vec<CertificateDer<'static>>);

fn build_verifier(
    options: &TlsOptions,
    provider: &Arc<CryptoProvider>,
) -> Result<VerifierAndCertificates, String> {
    let named = match (&options.ca_file, &options.ca_pem) {
        (Some(path), _) => {
            let pem = std::fs::read(path)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            Some((
                parse_certificates(&pem, &path.display().to_string())?,
                path.display().to_string(),
            ))
        }
        (None, Some(pem)) => Some((
            parse_certificates(pem.as_bytes(), "the given PEM text")?,
            "the given PEM text".to_owned(),
        )),
        (None, None) => None,
    };
    let Some((certificates, name)) = named else {
        return Ok((system_verifier(provider)?, Vec::new()));
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates.iter().cloned());
    if added == 0 {
        return Err(format!(
            "none of the certificates in {name} can be used as a trust anchor"
        ));
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    verifier
        .map(|verifier| (verifier as Arc<dyn ServerCertVerifier>, certificates))
        .map_err(|error| format!("{name}: {error}"))
}

fn parse_certificates(pem: &[u8], name: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| format!("{name} is not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err(format!(
            "{name} contains no certificate; PEM text begins with -----BEGIN CERTIFICATE-----"
        ));
    }
    Ok(certificates)
}

/// Returns the verifier of the operating system's store.
fn system_verifier(provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(provider));
    verifier
        .map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
        .map_err(|error| format!("the system's trust store cannot be used: {error}"))
}
