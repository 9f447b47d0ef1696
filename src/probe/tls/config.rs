//! rustls's configuration of one handshake.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, SupportedProtocolVersion};

use super::verifier::Recording;
use super::{Purpose, Tools};
use crate::probe::Failed;
use crate::probe::spec::{TlsChoice, TlsVersion};
use crate::trace::Code;

/// Every handshake is a full one: nothing is resumed, so that repeats measure the same thing.
pub(super) fn client(
    tools: &Tools,
    choice: &TlsChoice,
    verifier: Recording,
    purpose: &Purpose<'_>,
) -> Result<ClientConfig, Failed> {
    let unusable = |reason: &String, hint: &str| {
        Failed::new(
            purpose.phase,
            Code::TlsClientCertificate,
            reason.clone(),
            hint,
        )
    };
    let identity = match &tools.identity {
        _ if !purpose.shows_identity => &None,
        loaded => loaded
            .as_ref()
            .map_err(|reason| unusable(reason, "check the paths given with --cert and --key"))?,
    };
    let key_log = tools.key_log.as_ref().map_err(|reason| {
        Failed::new(
            purpose.phase,
            Code::OutputFailed,
            reason.clone(),
            "give another path with --keylog, or none",
        )
    })?;
    let versions = versions(choice);
    let config = ClientConfig::builder_with_provider(Arc::clone(&tools.provider))
        .with_protocol_versions(&versions)
        .map_err(|_| no_version(purpose))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        Some(identity) => {
            config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(identity))))
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols.clone_from(&purpose.alpn);
    config.resumption = Resumption::disabled();
    if let Some(key_log) = key_log {
        config.key_log = Arc::clone(key_log);
    }
    Ok(config)
}

pub(super) fn versions(choice: &TlsChoice) -> Vec<&'static SupportedProtocolVersion> {
    let allowed = |version| {
        choice.min.is_none_or(|min| version >= min) && choice.max.is_none_or(|max| version <= max)
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

fn no_version(purpose: &Purpose<'_>) -> Failed {
    let message =
        "no TLS version is both at least the lowest and at most the highest that were asked for";
    Failed::new(
        purpose.phase,
        Code::TlsVersion,
        message,
        "leave out --tls-max, or raise it",
    )
}
