//! Client certificate (`-E`, `--key`).

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::probe::spec::TlsOptions;

/// A certificate chain and its private key.
pub(super) type ClientIdentity = Arc<CertifiedKey>;

/// Loads the client certificate, if one was given. The key may be in the certificate's file.
pub(super) fn load_identity(
    options: &TlsOptions,
    provider: &CryptoProvider,
) -> Result<Option<ClientIdentity>, String> {
    let Some(path) = &options.cert else {
        return Ok(None);
    };
    let pem = read_file(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| format!("{} is not PEM: {error}", path.display()))?;
    if chain.is_empty() {
        return Err(format!("{} contains no certificate", path.display()));
    }
    let key_path = options.key.as_ref().unwrap_or(path);
    let key = PrivateKeyDer::from_pem_slice(&read_file(key_path)?).map_err(|error| {
        let encrypted = "an encrypted key must be decrypted first, for example with `openssl pkey`";
        format!(
            "{} contains no usable private key ({error}); {encrypted}",
            key_path.display()
        )
    })?;
    CertifiedKey::from_der(chain, key, provider)
        .map(|identity| Some(Arc::new(identity)))
        .map_err(|error| {
            format!(
                "the certificate in {} and the key in {} do not match: {error}",
                path.display(),
                key_path.display()
            )
        })
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}
