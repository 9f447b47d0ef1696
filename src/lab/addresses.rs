//! The lab's address book: ports, addresses and URLs of its hosts and services.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::hosts::{ALIASES, HOSTS, Host, NAME_SERVER};
use super::placement::{DNS_PORT, Placement};
use super::service::Service;

/// Ports and addresses of the lab's hosts and services.
#[derive(Clone, Debug)]
pub(super) struct AddressBook {
    pub(super) placement: Placement,
    /// Ports by service name, where they differ from the standard ones.
    pub(super) ports: BTreeMap<&'static str, u16>,
    /// Whether the machine has IPv6.
    pub(super) has_v6: bool,
    /// Address of the DNS server.
    pub(super) dns_server: SocketAddr,
}

impl AddressBook {
    /// The address book of the private network, which is the same at every start.
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

    /// Port of a service.
    pub(super) fn port(&self, service: &Service) -> u16 {
        self.ports
            .get(service.name)
            .copied()
            .unwrap_or(service.port)
    }

    /// URL of a path of a service. A scheme's default port is left out (RFC 3986 §3.2.3).
    pub(super) fn url(&self, host: &str, service: &Service, path: &str) -> String {
        let scheme = service.scheme;
        let port = self.port(service);
        match (scheme, port) {
            ("https", 443) | ("http", 80) => format!("{scheme}://{host}{path}"),
            _ => format!("{scheme}://{host}:{port}{path}"),
        }
    }

    /// IPv4 address that the host's name resolves to.
    pub(super) fn v4(&self, host: &Host) -> Option<Ipv4Addr> {
        let host_address = host.v4()?;
        Some(if self.placement == Placement::Network {
            host_address
        } else {
            Ipv4Addr::LOCALHOST
        })
    }

    /// IPv6 address that the host's name resolves to.
    pub(super) fn v6(&self, host: &Host) -> Option<Ipv6Addr> {
        let host_address = host.v6().filter(|_| self.has_v6)?;
        Some(if self.placement == Placement::Network {
            host_address
        } else {
            Ipv6Addr::LOCALHOST
        })
    }

    /// IPv4 socket address of a service of a host.
    pub(super) fn address(&self, name: &str, service: &Service) -> Option<SocketAddr> {
        let host = self.placement.hosts().find(|host| host.name == name)?;
        Some((self.v4(host)?, self.port(service)).into())
    }

    /// Resolves a host name or address of the lab and a port; `None` for anything outside the lab.
    /// On loopback only the ports of the lab's services resolve, since other ports there belong to
    /// other programs.
    pub(super) fn resolve(&self, host: &str, port: u16) -> Option<SocketAddr> {
        if self.placement == Placement::Loopback
            && !self
                .ports
                .values()
                .any(|service_port| *service_port == port)
        {
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
            let v4 = self.v4(host).map(IpAddr::V4);
            let v6 = self.v6(host).map(IpAddr::V6);
            v4.into_iter()
                .chain(v6)
                .map(move |address| (host.name, address))
        });
        let literal = name.parse::<IpAddr>().ok();
        let mut matching = addresses
            .filter(|(host_name, address)| *host_name == name || Some(*address) == literal);
        matching.next().map(|(_, address)| (address, port).into())
    }
}
