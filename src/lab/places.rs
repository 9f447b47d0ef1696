//! Where everything was put: ports, addresses, URLs.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ground::{DNS_PORT, Ground};
use super::hosts::{HOSTS, Host, NAME_SERVER};
use super::service::Service;

/// Where everything was put.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) ground: Ground,
    /// The port of each service by its name, where it is not the standard one.
    pub(super) ports: BTreeMap<&'static str, u16>,
    /// Whether there is IPv6.
    pub(super) has_v6: bool,
    /// The DNS server.
    pub(super) dns: SocketAddr,
}

impl Places {
    /// In a network of the lab's own, where nothing depends on the start.
    pub(super) fn on_network(has_v6: bool) -> Self {
        let first = HOSTS.iter().find(|host| host.name == NAME_SERVER).and_then(Host::v4).unwrap_or(Ipv4Addr::UNSPECIFIED);
        Self { ground: Ground::Network, ports: BTreeMap::new(), has_v6, dns: (first, DNS_PORT).into() }
    }

    /// The port of a service.
    pub(super) fn port(&self, service: &Service) -> u16 {
        self.ports.get(service.name).copied().unwrap_or(service.port)
    }

    /// The URL of a path of a service of a host. The scheme's own port is left out (RFC 3986 §3.2.3).
    pub(super) fn url(&self, host: &str, service: &Service, path: &str) -> String {
        let (scheme, port) = (service.scheme, self.port(service));
        match (scheme, port) {
            ("https", 443) | ("http", 80) => format!("{scheme}://{host}{path}"),
            _ => format!("{scheme}://{host}:{port}{path}"),
        }
    }

    /// The IPv4 address the host's name leads to.
    pub(super) fn v4(&self, host: &Host) -> Option<Ipv4Addr> {
        let own = host.v4()?;
        Some(if self.ground == Ground::Network { own } else { Ipv4Addr::LOCALHOST })
    }

    /// The IPv6 address the host's name leads to.
    pub(super) fn v6(&self, host: &Host) -> Option<Ipv6Addr> {
        let own = host.v6().filter(|_| self.has_v6)?;
        Some(if self.ground == Ground::Network { own } else { Ipv6Addr::LOCALHOST })
    }
}
