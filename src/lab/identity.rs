//! TLS server configurations by host name, and handshakes: the server name (SNI) selects the
//! certificate. The first host's configuration is created at startup, the others when they are
//! first requested.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{Acceptor, WantsServerCert, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::LabError;
use super::certificate_authority::CertificateAuthority;
use super::hosts::{HOSTS, Host, api_certificate_names};
use super::tls_profile::{TlsProfile, TlsVersions};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// TLS server configurations of the lab's hosts.
pub(super) struct TlsIdentities {
    authority: CertificateAuthority,
    provider: Arc<CryptoProvider>,
    /// One per host; empty for hosts without TLS settings of their own.
    configs: Vec<OnceLock<Arc<ServerConfig>>>,
}

impl TlsIdentities {
    /// Creates the certificate authority and the first host's configuration, so that errors surface
    /// at startup.
    pub(super) fn new() -> Result<Self, LabError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let identities = Self {
            authority: CertificateAuthority::new()?,
            provider,
            configs: HOSTS.iter().map(|_| OnceLock::new()).collect(),
        };
        identities.config_at(0)?;
        Ok(identities)
    }

    /// Root certificate to trust, as PEM.
    pub(super) fn root_pem(&self) -> String {
        self.authority.root_pem()
    }

    /// Configuration for a server name (SNI); the first host's for an unknown or absent name.
    pub(super) fn config_for(&self, name: Option<&str>) -> Result<Arc<ServerConfig>, LabError> {
        let place = HOSTS.iter().position(|host| {
            host.tls.is_some() && name.is_some_and(|name| name.eq_ignore_ascii_case(host.name))
        });
        self.config_at(place.unwrap_or(0))
    }

    /// A client certificate of this run with its chain and private key, as PEM.
    pub(super) fn client_pem(&self) -> Result<String, LabError> {
        self.authority.client_pem()
    }

    fn config_at(&self, index: usize) -> Result<Arc<ServerConfig>, LabError> {
        let slot = &self.configs[index];
        if let Some(config) = slot.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.make_config(&HOSTS[index])?);
        Ok(Arc::clone(slot.get_or_init(|| config)))
    }

    fn make_config(&self, host: &Host) -> Result<ServerConfig, LabError> {
        let names = if host.name == HOSTS[0].name {
            api_certificate_names()
        } else {
            vec![host.name.to_owned()]
        };
        let TlsProfile {
            certificate: paper,
            versions,
            alpn,
            requires_client_certificate: wants_client,
        } = host.tls.unwrap_or(TlsProfile::DEFAULT);
        let credentials = self.authority.issue(&names, paper)?;
        let versions: &[_] = match versions {
            TlsVersions::Both => &[&TLS13, &TLS12],
            TlsVersions::Only12 => &[&TLS12],
            TlsVersions::Only13 => &[&TLS13],
        };
        let failed = |source| LabError::Tls {
            name: host.name.to_owned(),
            source,
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions)
            .map_err(failed)?;
        let mut config = self
            .with_client_verification(builder, wants_client)
            .map_err(failed)?
            .with_single_cert(credentials.chain, credentials.key)
            .map_err(failed)?;
        config.alpn_protocols = alpn.identifiers();
        Ok(config)
    }

    /// Requires a client certificate, or not.
    fn with_client_verification(
        &self,
        builder: ConfigBuilder<ServerConfig, WantsVerifier>,
        wants_client: bool,
    ) -> Result<ConfigBuilder<ServerConfig, WantsServerCert>, rustls::Error> {
        if !wants_client {
            return Ok(builder.with_no_client_auth());
        }
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.root_certificate().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&self.provider),
        )
        .build();
        Ok(builder.with_client_cert_verifier(
            verifier.map_err(|error| rustls::Error::General(error.to_string()))?,
        ))
    }
}

/// Accepts a TLS connection. A failure is reported to the client by a TLS alert, and to nobody
/// else.
pub(super) async fn accept_tls(
    stream: TcpStream,
    identities: &TlsIdentities,
) -> Option<TlsStream<TcpStream>> {
    let handshake = async {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream)
            .await
            .ok()?;
        let config = identities
            .config_for(start.client_hello().server_name())
            .ok()?;
        start.into_stream(config).await.ok()
    };
    timeout(HANDSHAKE_TIMEOUT, handshake).await.ok().flatten()
}
