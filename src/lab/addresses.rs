//! Where everything was put: ports, addresses, URLs.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::hosts::{ALIASES, HOSTS, Host, NAME_SERVER};
use super::placement::{DNS_PORT, Placement};
use super::service::Service;

/// Where everything was put.
#[derive(Clone, Debug)]
pub(super) struct AddressBook {
    pub(super) placement: Placement,
    /// The port of each service by its name, where it is not the standard one.
    pub(super) ports: BTreeMap<&'static str, u16>,
    /// Whether there is IPv6.
    pub(super) has_v6: bool,
    /// The DNS server.
    pub(super) dns_server: SocketAddr,
}

impl AddressBook {
    /// In a network of the lab's own, where nothing depends on the start.
    pub(super) fn on_network(has_v6: bool) -> Self {
        let first = HOSTS
            .iter()
            .find(|host| host.name == NAME_SERVER)
            .and_then(Host::v4)
            .unwrap_or(Ipv4Addr::UNSPECIFIED);
        Self {
            placement: Placement::Network,
            ports: BTreeMap::new(),
            has_v6,
            dns_server: (first, DNS_PORT).into(),
        }
    }

    /// The port of a service.
    pub(super) fn port(&self, service: &Service) -> u16 {
        self.ports
            .get(service.name)
            .copied()
            .unwrap_or(service.port)
    }

    /// The URL of a path of a service of a host. The scheme's own port is left out (RFC 3986
    /// §3.2.3).
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
        Some(if self.placement == Placement::Network {
            own
        } else {
            Ipv4Addr::LOCALHOST
        })
    }

    /// The IPv6 address the host's name leads to.
    pub(super) fn v6(&self, host: &Host) -> Option<Ipv6Addr> {
        let own = host.v6().filter(|_| self.has_v6)?;
        Some(if self.placement == Placement::Network {
            own
        } else {
            Ipv6Addr::LOCALHOST
        })
    }

    /// Where a service of a host is, over IPv4.
    pub(super) fn address(&self, name: &str, service: &Service) -> Option<SocketAddr> {
        let host = self.placement.hosts().find(|host| host.name == name)?;
        Some((self.v4(host)?, self.port(service)).into())
    }

    /// Where a name or an address of the lab, and a port there, lead; nowhere, where they are not
    /// the lab's. On loopback the ports are those of the lab's services only, since other ports
    /// there are not the lab's.
    pub(super) fn resolve(&self, host: &str, port: u16) -> Option<SocketAddr> {
        if self.placement == Placement::Loopback && !self.ports.values().any(|own| *own == port) {
            return None;
        }
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .trim_end_matches('.')
            .to_ascii_lowercase();
        let name = (0..=ALIASES.len()).fold(host.as_str(), |name, _| {
            ALIASES
                .iter()
                .find(|(alias, _)| *alias == name)
                .map_or(name, |(_, stands_for)| *stands_for)
        });
        let addresses = self.placement.hosts().flat_map(|host| {
            let (v4, v6) = (self.v4(host).map(IpAddr::V4), self.v6(host).map(IpAddr::V6));
            v4.into_iter()
                .chain(v6)
                .map(move |address| (host.name, address))
        });
        let literal = name.parse::<IpAddr>().ok();
        let mut fitting =
            addresses.filter(|(own, address)| *own == name || Some(*address) == literal);
        fitting.next().map(|(_, address)| (address, port).into())
    }
}
