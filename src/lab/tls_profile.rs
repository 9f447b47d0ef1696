//! How a host speaks TLS: its certificate and the versions it accepts.

/// How a host's certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateKind {
    /// As it should be.
    Valid,
    /// Past its end.
    Expired,
    /// Before its beginning.
    NotYetValid,
    /// For another name.
    WrongHost,
    /// Its own issuer.
    SelfSigned,
    /// Good, but sent without the intermediate that signed it.
    IncompleteChain,
}

/// The TLS versions a host accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsVersions {
    /// 1.2 and 1.3.
    Both,
    /// 1.2 only.
    Only12,
    /// 1.3 only.
    Only13,
}

/// What a host agrees to speak over TLS (ALPN, RFC 7301).
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
    /// The identifiers, the preferred one first.
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

/// What a host shows in the TLS handshake. Hosts behind one port are told apart by the name the
/// client gives (SNI, RFC 6066 §3).
#[derive(Clone, Copy, Debug)]
pub(super) struct TlsProfile {
    pub(super) certificate: CertificateKind,
    pub(super) versions: TlsVersions,
    pub(super) alpn: AlpnProtocols,
    /// Whether a client has to show a certificate of the lab's.
    pub(super) requires_client_certificate: bool,
}

impl TlsProfile {
    /// As it should be.
    pub(super) const DEFAULT: Self = Self {
        certificate: CertificateKind::Valid,
        versions: TlsVersions::Both,
        alpn: AlpnProtocols::Both,
        requires_client_certificate: false,
    };

    /// Good, and the client has to be known too.
    pub(super) const MUTUAL: Self = Self {
        requires_client_certificate: true,
        ..Self::DEFAULT
    };

    /// Good but for the certificate.
    pub(super) const fn with_certificate(paper: CertificateKind) -> Self {
        Self {
            certificate: paper,
            ..Self::DEFAULT
        }
    }

    /// Good, with fewer protocols above it.
    pub(super) const fn with_alpn(alpn: AlpnProtocols) -> Self {
        Self {
            alpn,
            ..Self::DEFAULT
        }
    }

    /// Good, with fewer versions.
    pub(super) const fn with_versions(versions: TlsVersions) -> Self {
        Self {
            versions,
            ..Self::DEFAULT
        }
    }
}
