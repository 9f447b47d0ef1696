//! rustls configuration for one handshake.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, SupportedProtocolVersion};

use super::verifier::RecordingVerifier;
use super::{CryptoSetup, HandshakeTarget};
use crate::probe::PhaseFailure;
use crate::probe::spec::{TlsOptions, TlsVersion};
use crate::trace::FailureCode;

/// Creates the configuration. Session resumption is off: every handshake is a full one, so that
/// repeats measure the same thing.
pub(super) fn client_config(
    crypto: &CryptoSetup,
    options: &TlsOptions,
    verifier: RecordingVerifier,
    target: &HandshakeTarget<'_>,
) -> Result<ClientConfig, PhaseFailure> {
    let unusable = |reason: &String, hint: &str| {
        PhaseFailure::new(
            target.phase,
            FailureCode::TlsClientCertificate,
            reason.clone(),
            hint,
        )
    };
    let identity = match &crypto.identity {
        _ if !target.presents_certificate => &None,
        loaded => loaded
            .as_ref()
            .map_err(|reason| unusable(reason, "check the paths given with --cert and --key"))?,
    };
    let key_log = crypto.key_log.as_ref().map_err(|reason| {
        PhaseFailure::new(
            target.phase,
            FailureCode::OutputFailed,
            reason.clone(),
            "give another path with --keylog, or none",
        )
    })?;
    let versions = allowed_versions(options);
    let config = ClientConfig::builder_with_provider(Arc::clone(&crypto.provider))
        .with_protocol_versions(&versions)
        .map_err(|_| no_version_failure(target))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        Some(identity) => {
            config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(identity))))
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols.clone_from(&target.alpn);
    config.resumption = Resumption::disabled();
    if let Some(key_log) = key_log {
        config.key_log = Arc::clone(key_log);
    }
    Ok(config)
}

pub(super) fn allowed_versions(options: &TlsOptions) -> Vec<&'static SupportedProtocolVersion> {
    let allowed = |version| {
        options.min.is_none_or(|min| version >= min) && options.max.is_none_or(|max| version <= max)
    };
    let known = [
        (TlsVersion::V13, &rustls::version::TLS13),
        (TlsVersion::V12, &rustls::version::TLS12),
    ];
    known
        .into_iter()
        .filter(|(version, _)| allowed(*version))
        .map(|(_, supported)| supported)
        .collect()
}

fn no_version_failure(target: &HandshakeTarget<'_>) -> PhaseFailure {
    let message = "the lowest TLS version requested is above the highest one";
    PhaseFailure::new(
        target.phase,
        FailureCode::TlsVersion,
        message,
        "leave out --tls-max, or raise it",
    )
}
