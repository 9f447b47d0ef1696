//! How a host speaks TLS: its certificate and the versions it accepts.

/// How a host's certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paper {
    /// As it should be.
    Good,
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
pub(super) enum Versions {
    /// 1.2 and 1.3.
    Both,
    /// 1.2 only.
    Only12,
    /// 1.3 only.
    Only13,
}

/// What a host shows in the TLS handshake. Hosts behind one port are told apart by the name the client gives (SNI, RFC 6066 §3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Tls {
    pub(super) paper: Paper,
    pub(super) versions: Versions,
}

impl Tls {
    /// As it should be.
    pub(super) const GOOD: Self = Self { paper: Paper::Good, versions: Versions::Both };

    /// Good but for the certificate.
    pub(super) const fn with_paper(paper: Paper) -> Self {
        Self { paper, ..Self::GOOD }
    }

    /// Good, with fewer versions.
    pub(super) const fn with_versions(versions: Versions) -> Self {
        Self { versions, ..Self::GOOD }
    }
}
