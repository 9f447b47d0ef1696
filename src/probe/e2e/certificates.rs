//! Certificate authority for tests, and a TLS server with its certificates.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::test_server;

/// A root certificate that issues others.
pub(super) struct TestAuthority(CertifiedIssuer<'static, KeyPair>);

/// A certificate chain and its private key.
pub(super) struct IssuedCertificate {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl TestAuthority {
    pub(super) fn new(name: &str) -> Self {
        Self(CertifiedIssuer::self_signed(ca_params(name), KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Issues a certificate for `names`, modified by `change` before it is signed.
    pub(super) fn issue(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> IssuedCertificate {
        let (params, key) = leaf_params(names, change);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        IssuedCertificate {
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        }
    }

    /// Issues a certificate by way of an intermediate, which is included in the chain if `sent`.
    pub(super) fn issue_through_intermediate(
        &self,
        names: &[&str],
        sent: bool,
    ) -> IssuedCertificate {
        let key = KeyPair::generate().unwrap();
        let intermediate =
            CertifiedIssuer::signed_by(ca_params("intermediate"), key, &self.0).unwrap();
        let (params, key) = leaf_params(names, |_| {});
        let certificate = params.signed_by(&key, &intermediate).unwrap();
        let mut chain = vec![certificate.der().clone()];
        if sent {
            chain.push(intermediate.der().clone());
        }
        IssuedCertificate {
            chain,
            key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        }
    }
}

/// Issues a self-signed certificate and returns it with its PEM text.
pub(super) fn self_signed(names: &[&str], is_ca: bool) -> (IssuedCertificate, String) {
    let (mut params, key) = leaf_params(names, |_| {});
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = params.self_signed(&key).unwrap();
    (
        IssuedCertificate {
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        },
        certificate.pem(),
    )
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn leaf_params(
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new(
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    )
    .unwrap();
    params.distinguished_name.push(DnType::CommonName, "leaf");
    change(&mut params);
    (params, KeyPair::generate().unwrap())
}

/// Returns a server configuration with this certificate.
pub(super) fn server_config(
    issued: IssuedCertificate,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(issued.chain, issued.key)
        .unwrap()
}

/// Starts a server that answers one request per connection over TLS.
pub(super) async fn answer_once_over_tls(config: ServerConfig, answer: &'static str) -> SocketAddr {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    test_server::serve_connections(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            // A client that rejects the certificate ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => return,
                }
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    })
    .await
}
