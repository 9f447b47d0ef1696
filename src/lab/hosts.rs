//! The registry of hosts: name, addresses, services and TLS profile of each.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::catalogue::{API_PATHS, group};
use super::dns_faults::{SLOW_NAME, TRUNCATED_NAME};
use super::echo::{ECHO, ECHO_DATAGRAMS};
use super::faulty_services::{BROKEN, BROKEN_PATHS, REFUSED, RESET};
use super::firewall::FirewallRule;
use super::http_service::{H2C, HTTP, HTTP_CLOSING, HTTP_ON_TLS_PORT, HTTP10, HTTPS};
use super::key_value_store::KEY_VALUE;
use super::load_balancer::{BACKEND_HOSTS, BACKENDS, BALANCED, BALANCED_IN_CLEAR};
use super::proxy::{FORWARD, SOCKS};
use super::service::Service;
use super::tls_profile::{AlpnProtocols, CertificateKind, TlsProfile, TlsVersions};
use super::web_page::{PAGE, PAGE_IN_CLEAR};
use super::workers::{ASYNC, ASYNC_IN_CLEAR, WORKERS, WORKERS_IN_CLEAR};

/// DNS zone of all names.
pub(super) const ZONE: &str = "lab.test";

/// The host that works correctly.
pub(super) const API: &str = "api.lab.test";

/// The DNS server of the private network.
pub(super) const NAME_SERVER: &str = "ns.lab.test";

/// Host number of the client in the private network.
pub(super) const CLIENT_NUMBER: u8 = 1;

/// The host of the echo services.
pub(super) const ECHO_HOST: &str = "echo.lab.test";

/// The host of the forward proxies.
pub(super) const PROXY: &str = "proxy.lab.test";

const V4: &str = "v4.lab.test";
const V6: &str = "v6.lab.test";

/// CNAME aliases and their targets; a chain of two ends at [`API`].
pub(super) const ALIASES: [(&str, &str); 2] =
    [("www.lab.test", API), ("alias.lab.test", "www.lab.test")];

/// Names in the certificate of [`API`]: its own, its aliases, and what a client may type instead.
pub(super) fn api_certificate_names() -> Vec<String> {
    let names = [API, ZONE, V4, V6, "localhost", "127.0.0.1", "::1"];
    names
        .into_iter()
        .chain(ALIASES.iter().map(|(alias, _)| *alias))
        .map(str::to_owned)
        .collect()
}

/// HTTP with and without TLS.
const HTTPS_AND_HTTP: &[Service] = &[HTTPS, HTTP];

/// Every host. The first one's certificate is also presented to clients that send no server name,
/// or one without a certificate of its own.
pub(super) const HOSTS: &[Host] = &[
    Host::new(API, 10, HTTPS_AND_HTTP)
        .in_group(group::PAGES)
        .with_tls(TlsProfile::DEFAULT)
        .with_paths(&API_PATHS),
    Host::new(ZONE, 2, HTTPS_AND_HTTP).in_group(group::PAGES),
    Host::new(V4, 4, HTTPS_AND_HTTP)
        .in_group(group::PAGES)
        .only_v4()
        .with_paths(&[("/users", "a name with an IPv4 address only")]),
    Host::new(V6, 6, HTTPS_AND_HTTP)
        .in_group(group::PAGES)
        .only_v6()
        .with_paths(&[("/users", "a name with an IPv6 address only")]),
    Host::new(NAME_SERVER, 53, &[]),
    Host::new("page.lab.test", 45, &[PAGE, PAGE_IN_CLEAR])
        .with_tls(TlsProfile::DEFAULT)
        .with_paths(&[("/", "a page with fifty resources of realistic sizes")]),
    Host::new("balanced.lab.test", 60, &[BALANCED, BALANCED_IN_CLEAR])
        .with_tls(TlsProfile::DEFAULT)
        .with_paths(&[
            (
                "/",
                "a load balancer with three backends in turn: the response says which",
            ),
            (
                "/sticky",
                "the same, with a cookie that binds the client to its backend",
            ),
        ]),
    Host::new(BACKEND_HOSTS[0], 61, &[BACKENDS[0]])
        .with_paths(&[("/", "a backend, without the load balancer")]),
    Host::new(BACKEND_HOSTS[1], 62, &[BACKENDS[1]]),
    Host::new(BACKEND_HOSTS[2], 63, &[BACKENDS[2]]),
    Host::new(PROXY, 80, &[FORWARD, SOCKS])
        .with_paths(&[("/", "a forward proxy: pass this URL to -x")]),
    Host::new("workers.lab.test", 70, &[WORKERS, WORKERS_IN_CLEAR])
        .with_tls(TlsProfile::DEFAULT)
        .with_paths(&[(
            "/work/200",
            "a server with four worker threads that requests block: the fifth request waits",
        )]),
    Host::new("async.lab.test", 71, &[ASYNC, ASYNC_IN_CLEAR])
        .with_tls(TlsProfile::DEFAULT)
        .with_paths(&[(
            "/work/200",
            "the same work on an asynchronous server: no request waits",
        )]),
    Host::new(ECHO_HOST, 7, &[ECHO, ECHO_DATAGRAMS])
        .with_paths(&[("", "echoes whatever you send over TCP")]),
    Host::new("kv.lab.test", 72, &[KEY_VALUE]).with_paths(&[(
        "",
        "a key-value store: GET key, SET key value, DEL key, one per line",
    )]),
    Host::new(SLOW_NAME, 57, HTTPS_AND_HTTP)
        .in_group(group::NAMES)
        .with_tls(TlsProfile::DEFAULT)
        .with_paths(&[("/users", "a name that takes 700 ms to resolve")]),
    Host::new(TRUNCATED_NAME, 56, HTTPS_AND_HTTP)
        .in_group(group::NAMES)
        .with_tls(TlsProfile::DEFAULT)
        .with_paths(&[(
            "/users",
            "a DNS response too large for UDP: the query is repeated over TCP",
        )]),
    Host::new("h10.lab.test", 40, &[HTTP10])
        .in_group(group::VERSIONS)
        .with_paths(&[(
            "/users",
            "HTTP/1.0: the connection closes after the response",
        )]),
    Host::new("close.lab.test", 41, &[HTTP_CLOSING])
        .in_group(group::VERSIONS)
        .with_paths(&[(
            "/users",
            "HTTP/1.1 that closes after each response: redirects need new connections",
        )]),
    Host::new("h1.lab.test", 42, &[HTTPS])
        .in_group(group::VERSIONS)
        .with_tls(TlsProfile::with_alpn(AlpnProtocols::Http1))
        .with_paths(&[("/users", "a server that only speaks HTTP/1.1, over TLS")]),
    Host::new("h2.lab.test", 43, &[HTTPS])
        .in_group(group::VERSIONS)
        .with_tls(TlsProfile::with_alpn(AlpnProtocols::Http2))
        .with_paths(&[("/users", "a server that only speaks HTTP/2; try --http1.1")]),
    Host::new("h2c.lab.test", 44, &[H2C])
        .in_group(group::VERSIONS)
        .with_paths(&[(
            "/users",
            "plaintext HTTP/2, for clients that know it in advance: --http2-prior-knowledge",
        )]),
    Host::new("expired.lab.test", 20, &[HTTPS])
        .in_group(group::CERTIFICATES)
        .with_tls(TlsProfile::with_certificate(CertificateKind::Expired))
        .with_paths(&[("/users", "a certificate that expired 12 days ago")]),
    Host::new("not-yet-valid.lab.test", 21, &[HTTPS])
        .in_group(group::CERTIFICATES)
        .with_tls(TlsProfile::with_certificate(CertificateKind::NotYetValid))
        .with_paths(&[("/users", "a certificate that is not valid for 7 more days")]),
    Host::new("wrong-host.lab.test", 22, &[HTTPS])
        .in_group(group::CERTIFICATES)
        .with_tls(TlsProfile::with_certificate(CertificateKind::WrongHost))
        .with_paths(&[("/users", "a certificate for another name")]),
    Host::new("self-signed.lab.test", 23, &[HTTPS])
        .in_group(group::CERTIFICATES)
        .with_tls(TlsProfile::with_certificate(CertificateKind::SelfSigned))
        .with_paths(&[("/users", "a self-signed certificate")]),
    Host::new("incomplete-chain.lab.test", 24, &[HTTPS])
        .in_group(group::CERTIFICATES)
        .with_tls(TlsProfile::with_certificate(
            CertificateKind::IncompleteChain,
        ))
        .with_paths(&[(
            "/users",
            "a server that does not send the intermediate certificate",
        )]),
    Host::new("client-cert.lab.test", 25, &[HTTPS])
        .in_group(group::CERTIFICATES)
        .with_tls(TlsProfile::MUTUAL)
        .with_paths(&[(
            "/users",
            "the server requires a client certificate: --cert, with the file from /client.pem",
        )]),
    Host::new("tls12.lab.test", 12, &[HTTPS])
        .in_group(group::CERTIFICATES)
        .with_tls(TlsProfile::with_versions(TlsVersions::Only12))
        .with_paths(&[(
            "/users",
            "a server that only speaks TLS 1.2: one more round trip",
        )]),
    Host::new("tls13.lab.test", 13, &[HTTPS])
        .in_group(group::CERTIFICATES)
        .with_tls(TlsProfile::with_versions(TlsVersions::Only13))
        .with_paths(&[(
            "/users",
            "a server that only speaks TLS 1.3; try --tls-max 1.2",
        )]),
    Host::new("refused.lab.test", 32, &[REFUSED])
        .in_group(group::CONNECTION_FAILURES)
        .with_paths(&[("/", "a closed port: the connection is refused")]),
    Host::new("reset.lab.test", 33, &[RESET])
        .in_group(group::CONNECTION_FAILURES)
        .with_paths(&[("/", "the connection is reset during the TLS handshake")]),
    Host::new("plain.lab.test", 30, &[HTTP_ON_TLS_PORT])
        .in_group(group::CONNECTION_FAILURES)
        .with_paths(&[(
            "/users",
            "a server that does not speak TLS on the HTTPS port",
        )]),
    Host::new("dropped.lab.test", 34, HTTPS_AND_HTTP)
        .in_group(group::CONNECTION_FAILURES)
        .with_tls(TlsProfile::DEFAULT)
        .behind_firewall(FirewallRule::DropAll, FirewallRule::DropAll)
        .with_paths(&[(
            "/users",
            "every packet is dropped: the SYN is retransmitted until the timeout",
        )]),
    Host::new("stalled.lab.test", 35, HTTPS_AND_HTTP)
        .in_group(group::CONNECTION_FAILURES)
        .with_tls(TlsProfile::DEFAULT)
        .behind_firewall(
            FirewallRule::DropAfterHandshake,
            FirewallRule::DropAfterHandshake,
        )
        .with_paths(&[(
            "/users",
            "a connection is established, and every packet after that is dropped",
        )]),
    Host::new("v6dead.lab.test", 36, HTTPS_AND_HTTP)
        .in_group(group::CONNECTION_FAILURES)
        .with_tls(TlsProfile::DEFAULT)
        .behind_firewall(FirewallRule::AllowAll, FirewallRule::DropAll)
        .with_paths(&[(
            "/users",
            "an IPv6 address that is in DNS but dead: fallback to IPv4",
        )]),
    Host::new("ns-dead.lab.test", 54, &[])
        .behind_firewall(FirewallRule::DropAll, FirewallRule::DropAll),
    Host::new("broken.lab.test", 31, &[BROKEN])
        .in_group(group::BROKEN_HTTP)
        .with_paths(&BROKEN_PATHS),
];

/// A host of the lab.
pub(super) struct Host {
    pub(super) name: &'static str,
    /// Host number, 2 to 250: the last part of its addresses in the private network.
    pub(super) number: u8,
    /// Services; the [paths](Self::with_paths) belong to the first.
    pub(super) services: &'static [Service],
    /// TLS settings; without them, those of the first host apply.
    pub(super) tls: Option<TlsProfile>,
    /// Group heading in the catalogue.
    pub(super) group: &'static str,
    /// Paths in the catalogue, each with a description.
    pub(super) paths: &'static [(&'static str, &'static str)],
    pub(super) firewall_v4: FirewallRule,
    pub(super) firewall_v6: FirewallRule,
    has_v4: bool,
    has_v6: bool,
}

impl Host {
    const fn new(name: &'static str, number: u8, services: &'static [Service]) -> Self {
        let firewall_v4 = FirewallRule::AllowAll;
        let firewall_v6 = FirewallRule::AllowAll;
        Self {
            name,
            number,
            services,
            tls: None,
            group: group::SERVERS,
            paths: &[],
            firewall_v4,
            firewall_v6,
            has_v4: true,
            has_v6: true,
        }
    }

    const fn in_group(self, group: &'static str) -> Self {
        Self { group, ..self }
    }

    const fn with_tls(self, tls: TlsProfile) -> Self {
        Self {
            tls: Some(tls),
            ..self
        }
    }

    const fn with_paths(self, paths: &'static [(&'static str, &'static str)]) -> Self {
        Self { paths, ..self }
    }

    const fn only_v4(self) -> Self {
        Self {
            has_v6: false,
            ..self
        }
    }

    const fn only_v6(self) -> Self {
        Self {
            has_v4: false,
            ..self
        }
    }

    const fn behind_firewall(self, firewall_v4: FirewallRule, firewall_v6: FirewallRule) -> Self {
        Self {
            firewall_v4,
            firewall_v6,
            ..self
        }
    }

    /// IPv4 address in the private network.
    pub(super) fn v4(&self) -> Option<Ipv4Addr> {
        self.has_v4.then(|| lab_ipv4(self.number))
    }

    /// IPv6 address in the private network.
    pub(super) fn v6(&self) -> Option<Ipv6Addr> {
        self.has_v6.then(|| lab_ipv6(self.number))
    }

    /// Returns true if a firewall drops packets to it, which only the private network can emulate.
    pub(super) fn is_firewalled(&self) -> bool {
        (self.firewall_v4, self.firewall_v6) != (FirewallRule::AllowAll, FirewallRule::AllowAll)
    }
}

/// IPv4 address with this host number in the private network.
pub(super) const fn lab_ipv4(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, number)
}

/// IPv6 address with this host number in the private network.
pub(super) const fn lab_ipv6(number: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, number as u16)
}
