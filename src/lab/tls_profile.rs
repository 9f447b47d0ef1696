//! TLS profiles of hosts: certificate, versions and ALPN.

/// Kind of a host's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateKind {
    /// Valid.
    Valid,
    /// Expired.
    Expired,
    /// Not valid yet.
    NotYetValid,
    /// Issued for another name.
    WrongHost,
    /// Self-signed.
    SelfSigned,
    /// Valid, but sent without the intermediate certificate.
    IncompleteChain,
}

/// TLS versions that a host accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsVersions {
    /// 1.2 and 1.3.
    Both,
    /// 1.2 only.
    Only12,
    /// 1.3 only.
    Only13,
}

/// ALPN protocols of a host (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AlpnProtocols {
    /// HTTP/2 rather than HTTP/1.1.
    Both,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only.
    Http2,
}

impl AlpnProtocols {
    /// Protocol identifiers, the preferred one first.
    pub(super) fn identifiers(self) -> Vec<Vec<u8>> {
        let identifiers: &[&[u8]] = match self {
            Self::Both => &[b"h2", b"http/1.1"],
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
        };
        identifiers
            .iter()
            .map(|identifier| identifier.to_vec())
            .collect()
    }
}

/// A host's TLS settings. Hosts that share a port are told apart by the server name (SNI, RFC 6066
/// §3).
#[derive(Clone, Copy, Debug)]
pub(super) struct TlsProfile {
    pub(super) certificate: CertificateKind,
    pub(super) versions: TlsVersions,
    pub(super) alpn: AlpnProtocols,
    /// Whether the client has to present a certificate of the lab.
    pub(super) requires_client_certificate: bool,
}

impl TlsProfile {
    /// A valid certificate, all versions and protocols.
    pub(super) const DEFAULT: Self = Self {
        certificate: CertificateKind::Valid,
        versions: TlsVersions::Both,
        alpn: AlpnProtocols::Both,
        requires_client_certificate: false,
    };

    /// Mutual TLS: the client has to present a certificate, too.
    pub(super) const MUTUAL: Self = Self {
        requires_client_certificate: true,
        ..Self::DEFAULT
    };

    /// Default settings with another kind of certificate.
    pub(super) const fn with_certificate(certificate: CertificateKind) -> Self {
        Self {
            certificate,
            ..Self::DEFAULT
        }
    }

    /// Default settings with fewer ALPN protocols.
    pub(super) const fn with_alpn(alpn: AlpnProtocols) -> Self {
        Self {
            alpn,
            ..Self::DEFAULT
        }
    }

    /// Default settings with fewer TLS versions.
    pub(super) const fn with_versions(versions: TlsVersions) -> Self {
        Self {
            versions,
            ..Self::DEFAULT
        }
    }
}
