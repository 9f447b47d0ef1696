//! The registry: every host of the lab, what it is called, where it is and what it serves.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::balancer::{BACKEND_HOSTS, BACKENDS, BALANCED, BALANCED_IN_CLEAR};
use super::broken::{self, BROKEN};
use super::catalogue::{PAGES, group};
use super::echo::{ECHO, ECHO_DATAGRAMS};
use super::faults::{REFUSED, RESET};
use super::firewall::Firewall;
use super::kv::KV;
use super::oddities::{SLOW, TRUNCATED};
use super::page::{PAGE, PAGE_IN_CLEAR};
use super::proxy::{FORWARD, SOCKS};
use super::service::Service;
use super::tls::{Alpn, Paper, Tls, Versions};
use super::web::{CLOSING, H2C, HTTP, HTTP10, HTTPS, PLAIN};
use super::work::{ASYNC, ASYNC_IN_CLEAR, WORKERS, WORKERS_IN_CLEAR};

/// The zone all names lie in.
pub(super) const ZONE: &str = "lab.test";

/// The host that does everything right.
pub(super) const API: &str = "api.lab.test";

/// The host that answers DNS questions in the lab's network.
pub(super) const NAME_SERVER: &str = "ns.lab.test";

/// The number in the addresses of the one who looks at the lab's network.
pub(super) const CLIENT_NUMBER: u8 = 1;

/// The host that sends back what it gets.
pub(super) const ECHO_HOST: &str = "echo.lab.test";

/// The host of the proxies.
pub(super) const PROXY: &str = "proxy.lab.test";

const V4: &str = "v4.lab.test";
const V6: &str = "v6.lab.test";

/// Aliases, each with the name it stands for; a chain of two ends at [`API`].
pub(super) const ALIASES: [(&str, &str); 2] =
    [("www.lab.test", API), ("alias.lab.test", "www.lab.test")];

/// The names the certificate of [`API`] is for: its own, its aliases, and what a client may type
/// instead.
pub(super) fn names_of_the_first() -> Vec<String> {
    let names = [API, ZONE, V4, V6, "localhost", "127.0.0.1", "::1"];
    names
        .into_iter()
        .chain(ALIASES.iter().map(|(alias, _)| *alias))
        .map(str::to_owned)
        .collect()
}

/// Both ways to ask for pages.
const WEB: &[Service] = &[HTTPS, HTTP];

/// Every host. The first is also shown to clients that name no host in the TLS handshake, or one
/// without a certificate of its own.
pub(super) const HOSTS: &[Host] = &[
    Host::new(API, 10, WEB)
        .in_group(group::ANSWERS)
        .with_tls(Tls::GOOD)
        .showing(&PAGES),
    Host::new(ZONE, 2, WEB).in_group(group::ANSWERS),
    Host::new(V4, 4, WEB)
        .in_group(group::ANSWERS)
        .only_v4()
        .showing(&[("/users", "a name with an IPv4 address only")]),
    Host::new(V6, 6, WEB)
        .in_group(group::ANSWERS)
        .only_v6()
        .showing(&[("/users", "a name with an IPv6 address only")]),
    Host::new(NAME_SERVER, 53, &[]),
    Host::new("page.lab.test", 45, &[PAGE, PAGE_IN_CLEAR])
        .with_tls(Tls::GOOD)
        .showing(&[(
            "/",
            "a page with fifty resources, of the sizes they have on real pages",
        )]),
    Host::new("balanced.lab.test", 60, &[BALANCED, BALANCED_IN_CLEAR])
        .with_tls(Tls::GOOD)
        .showing(&[
            (
                "/",
                "a load balancer before three backends, each in its turn: the answer says which",
            ),
            (
                "/sticky",
                "the same, and a cookie binds the client to its backend",
            ),
        ]),
    Host::new(BACKEND_HOSTS[0], 61, &[BACKENDS[0]]).showing(&[("/", "a backend, asked directly")]),
    Host::new(BACKEND_HOSTS[1], 62, &[BACKENDS[1]]),
    Host::new(BACKEND_HOSTS[2], 63, &[BACKENDS[2]]),
    Host::new(PROXY, 80, &[FORWARD, SOCKS])
        .showing(&[("/", "a forward proxy: give this URL to -x")]),
    Host::new("workers.lab.test", 70, &[WORKERS, WORKERS_IN_CLEAR])
        .with_tls(Tls::GOOD)
        .showing(&[(
            "/work/200",
            "a server with four threads that work blocks: the fifth request waits",
        )]),
    Host::new("async.lab.test", 71, &[ASYNC, ASYNC_IN_CLEAR])
        .with_tls(Tls::GOOD)
        .showing(&[(
            "/work/200",
            "the same work on a server that blocks no thread: none waits",
        )]),
    Host::new(ECHO_HOST, 7, &[ECHO, ECHO_DATAGRAMS])
        .showing(&[("", "whatever you send over TCP comes back")]),
    Host::new("kv.lab.test", 72, &[KV]).showing(&[(
        "",
        "a store of keys and values: GET key, SET key value, DEL key, a line each",
    )]),
    Host::new(SLOW, 57, WEB)
        .in_group(group::NAMES)
        .with_tls(Tls::GOOD)
        .showing(&[("/users", "a name that takes 700 ms to look up")]),
    Host::new(TRUNCATED, 56, WEB)
        .in_group(group::NAMES)
        .with_tls(Tls::GOOD)
        .showing(&[(
            "/users",
            "a DNS answer too large for UDP: it is asked for again over TCP",
        )]),
    Host::new("h10.lab.test", 40, &[HTTP10])
        .in_group(group::VERSIONS)
        .showing(&[("/users", "HTTP/1.0: the connection ends with the answer")]),
    Host::new("close.lab.test", 41, &[CLOSING])
        .in_group(group::VERSIONS)
        .showing(&[(
            "/users",
            "HTTP/1.1 that closes after each answer: redirects connect anew",
        )]),
    Host::new("h1.lab.test", 42, &[HTTPS])
        .in_group(group::VERSIONS)
        .with_tls(Tls::with_alpn(Alpn::Http1))
        .showing(&[("/users", "a server that speaks HTTP/1.1 only, over TLS")]),
    Host::new("h2.lab.test", 43, &[HTTPS])
        .in_group(group::VERSIONS)
        .with_tls(Tls::with_alpn(Alpn::Http2))
        .showing(&[("/users", "a server that speaks HTTP/2 only; try --http1.1")]),
    Host::new("h2c.lab.test", 44, &[H2C])
        .in_group(group::VERSIONS)
        .showing(&[(
            "/users",
            "HTTP/2 in clear, for clients that know it: --http2-prior-knowledge",
        )]),
    Host::new("expired.lab.test", 20, &[HTTPS])
        .in_group(group::TRUST)
        .with_tls(Tls::with_paper(Paper::Expired))
        .showing(&[("/users", "a certificate that ended 12 days ago")]),
    Host::new("not-yet-valid.lab.test", 21, &[HTTPS])
        .in_group(group::TRUST)
        .with_tls(Tls::with_paper(Paper::NotYetValid))
        .showing(&[("/users", "a certificate that begins in 7 days")]),
    Host::new("wrong-host.lab.test", 22, &[HTTPS])
        .in_group(group::TRUST)
        .with_tls(Tls::with_paper(Paper::WrongHost))
        .showing(&[("/users", "a certificate for another name")]),
    Host::new("self-signed.lab.test", 23, &[HTTPS])
        .in_group(group::TRUST)
        .with_tls(Tls::with_paper(Paper::SelfSigned))
        .showing(&[("/users", "a certificate that vouches for itself")]),
    Host::new("incomplete-chain.lab.test", 24, &[HTTPS])
        .in_group(group::TRUST)
        .with_tls(Tls::with_paper(Paper::IncompleteChain))
        .showing(&[(
            "/users",
            "a server that leaves out the intermediate certificate",
        )]),
    Host::new("client-cert.lab.test", 25, &[HTTPS])
        .in_group(group::TRUST)
        .with_tls(Tls::MUTUAL)
        .showing(&[(
            "/users",
            "the server wants a certificate of the client too: --cert, with what /client.pem gave",
        )]),
    Host::new("tls12.lab.test", 12, &[HTTPS])
        .in_group(group::TRUST)
        .with_tls(Tls::with_versions(Versions::Only12))
        .showing(&[(
            "/users",
            "a server that speaks TLS 1.2 only: one more round trip",
        )]),
    Host::new("tls13.lab.test", 13, &[HTTPS])
        .in_group(group::TRUST)
        .with_tls(Tls::with_versions(Versions::Only13))
        .showing(&[(
            "/users",
            "a server that speaks TLS 1.3 only; try --tls-max 1.2",
        )]),
    Host::new("refused.lab.test", 32, &[REFUSED])
        .in_group(group::WAY)
        .showing(&[("/", "a closed port: the connection is refused")]),
    Host::new("reset.lab.test", 33, &[RESET])
        .in_group(group::WAY)
        .showing(&[("/", "the connection is reset within the TLS handshake")]),
    Host::new("plain.lab.test", 30, &[PLAIN])
        .in_group(group::WAY)
        .showing(&[(
            "/users",
            "a server that does not speak TLS where it is expected",
        )]),
    Host::new("dropped.lab.test", 34, WEB)
        .in_group(group::WAY)
        .with_tls(Tls::GOOD)
        .behind(Firewall::Dropped, Firewall::Dropped)
        .showing(&[(
            "/users",
            "every packet is dropped: the handshake is tried again and again",
        )]),
    Host::new("stalled.lab.test", 35, WEB)
        .in_group(group::WAY)
        .with_tls(Tls::GOOD)
        .behind(
            Firewall::DroppedAfterHandshake,
            Firewall::DroppedAfterHandshake,
        )
        .showing(&[(
            "/users",
            "a connection is made, and every packet after it is dropped",
        )]),
    Host::new("v6dead.lab.test", 36, WEB)
        .in_group(group::WAY)
        .with_tls(Tls::GOOD)
        .behind(Firewall::Open, Firewall::Dropped)
        .showing(&[(
            "/users",
            "an IPv6 address that is announced and dead: IPv4 has to step in",
        )]),
    Host::new("ns-dead.lab.test", 54, &[]).behind(Firewall::Dropped, Firewall::Dropped),
    Host::new("broken.lab.test", 31, &[BROKEN])
        .in_group(group::WRONG)
        .showing(&broken::WAYS),
];

/// A host of the lab.
pub(super) struct Host {
    pub(super) name: &'static str,
    /// The last part of its addresses in the lab's network, 2 to 250.
    pub(super) number: u8,
    /// What it serves; what it [shows](Self::showing) is at the first of them.
    pub(super) services: &'static [Service],
    /// What it shows in the TLS handshake; without, it shows what the first host does.
    pub(super) tls: Option<Tls>,
    /// What it is listed under.
    pub(super) group: &'static str,
    /// Paths worth a look, each with what it shows in one line.
    pub(super) sights: &'static [(&'static str, &'static str)],
    pub(super) firewall_v4: Firewall,
    pub(super) firewall_v6: Firewall,
    has_v4: bool,
    has_v6: bool,
}

impl Host {
    const fn new(name: &'static str, number: u8, services: &'static [Service]) -> Self {
        let (firewall_v4, firewall_v6) = (Firewall::Open, Firewall::Open);
        Self {
            name,
            number,
            services,
            tls: None,
            group: group::SERVERS,
            sights: &[],
            firewall_v4,
            firewall_v6,
            has_v4: true,
            has_v6: true,
        }
    }

    const fn in_group(self, group: &'static str) -> Self {
        Self { group, ..self }
    }

    const fn with_tls(self, tls: Tls) -> Self {
        Self {
            tls: Some(tls),
            ..self
        }
    }

    const fn showing(self, sights: &'static [(&'static str, &'static str)]) -> Self {
        Self { sights, ..self }
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

    const fn behind(self, firewall_v4: Firewall, firewall_v6: Firewall) -> Self {
        Self {
            firewall_v4,
            firewall_v6,
            ..self
        }
    }

    /// Its IPv4 address in the lab's network.
    pub(super) fn v4(&self) -> Option<Ipv4Addr> {
        self.has_v4.then(|| v4_of(self.number))
    }

    /// Its IPv6 address in the lab's network.
    pub(super) fn v6(&self) -> Option<Ipv6Addr> {
        self.has_v6.then(|| v6_of(self.number))
    }

    /// Whether something on the way to it drops packets, which only a network of the lab's own can
    /// do.
    pub(super) fn is_firewalled(&self) -> bool {
        (self.firewall_v4, self.firewall_v6) != (Firewall::Open, Firewall::Open)
    }
}

/// The IPv4 address with this number in the lab's network.
pub(super) const fn v4_of(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, number)
}

/// The IPv6 address with this number in the lab's network.
pub(super) const fn v6_of(number: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, number as u16)
}
