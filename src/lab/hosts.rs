//! The names of the lab and what each host does differently.

/// The zone all names lie in.
pub(super) const ZONE: &str = "lab.test";

/// The host that does everything right.
pub(super) const API: &str = "api.lab.test";

/// Aliases, each with the name it stands for; a chain of two ends at [`API`].
pub(super) const ALIASES: [(&str, &str); 2] = [("www.lab.test", API), ("alias.lab.test", "www.lab.test")];

/// A host with an IPv4 address only.
pub(super) const V4_ONLY: &str = "v4.lab.test";
/// A host with an IPv6 address only.
pub(super) const V6_ONLY: &str = "v6.lab.test";
/// A name that exists and has no address.
pub(super) const NO_ADDRESS: &str = "noaddress.lab.test";
/// A name the DNS server fails to answer for.
pub(super) const SERVER_FAILURE: &str = "servfail.lab.test";
/// A name the DNS server never answers for.
pub(super) const SILENCE: &str = "silent.lab.test";
/// The host whose port is closed.
pub(super) const REFUSED: &str = "refused.lab.test";
/// The host that resets the connection within the handshake.
pub(super) const RESET: &str = "reset.lab.test";

/// The host that speaks no TLS where it is expected.
pub(super) const PLAIN: &str = "plain.lab.test";
/// The host that breaks HTTP.
pub(super) const BROKEN: &str = "broken.lab.test";

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

/// A host that is told from the others by the name in the TLS handshake (SNI, RFC 6066 §3).
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: &'static str,
    pub(super) paper: Paper,
    pub(super) versions: Versions,
}

/// The hosts behind the TLS port. The first is also shown to clients that name no host, or one that is not listed.
pub(super) const HOSTS: [Host; 8] = [
    Host { name: API, paper: Paper::Good, versions: Versions::Both },
    Host { name: "tls12.lab.test", paper: Paper::Good, versions: Versions::Only12 },
    Host { name: "tls13.lab.test", paper: Paper::Good, versions: Versions::Only13 },
    Host { name: "expired.lab.test", paper: Paper::Expired, versions: Versions::Both },
    Host { name: "not-yet-valid.lab.test", paper: Paper::NotYetValid, versions: Versions::Both },
    Host { name: "wrong-host.lab.test", paper: Paper::WrongHost, versions: Versions::Both },
    Host { name: "self-signed.lab.test", paper: Paper::SelfSigned, versions: Versions::Both },
    Host { name: "incomplete-chain.lab.test", paper: Paper::IncompleteChain, versions: Versions::Both },
];

/// Names with addresses of both families.
pub(super) fn addressed() -> impl Iterator<Item = &'static str> {
    HOSTS.iter().map(|host| host.name).chain([ZONE, REFUSED, RESET, PLAIN, BROKEN])
}

/// The names the first host's certificate is for: its own, its aliases, and what a client may type instead.
pub(super) fn names_of_the_first() -> Vec<String> {
    let names = [API, ZONE, V4_ONLY, V6_ONLY, "localhost", "127.0.0.1", "::1"];
    names.into_iter().chain(ALIASES.iter().map(|(alias, _)| *alias)).map(str::to_owned).collect()
}
