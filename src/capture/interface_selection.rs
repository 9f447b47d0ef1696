//! Selection of the interfaces to capture on, by the routes to a run's addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::sys::{NetworkInterface, list_interfaces};
use crate::units::is_unsafe_for_terminal;

/// Which interfaces to capture on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterfaceSelection {
    /// The interfaces that packets to these addresses use.
    Toward {
        /// Servers, proxies and DNS servers with known addresses.
        addresses: Vec<SocketAddr>,
        /// Some names are not resolved yet: adds loopback and the interfaces of the default routes.
        names: bool,
    },
    /// The interface with this name.
    Named(String),
    /// All interfaces that are up.
    All,
}

impl InterfaceSelection {
    /// Interfaces opened at most.
    pub(super) const MAX_INTERFACES: usize = 8;

    /// Names of the interfaces, the likeliest first.
    pub(super) fn names(&self) -> Vec<String> {
        let interfaces = up_interfaces();
        let mut names = match self {
            Self::Named(name) => vec![name.clone()],
            Self::All => all_by_preference(&interfaces),
            Self::Toward { addresses, names } => interfaces_toward(&interfaces, addresses, *names),
        };
        names.truncate(Self::MAX_INTERFACES);
        names
    }
}

/// The machine's interfaces that are up. Names with terminal control characters, which only root
/// can set, are left out.
pub(super) fn up_interfaces() -> Vec<NetworkInterface> {
    let mut interfaces = list_interfaces().unwrap_or_default();
    interfaces
        .retain(|interface| interface.up && !interface.name.chars().any(is_unsafe_for_terminal));
    interfaces
}

/// The interface used for packets to an address; `None` without a route.
pub(super) fn interface_toward(
    interfaces: &[NetworkInterface],
    remote: SocketAddr,
) -> Option<String> {
    let with_address = |address: IpAddr| {
        interfaces
            .iter()
            .find(|interface| interface.addresses.contains(&address))
    };
    // Packets to one of the machine's own addresses use loopback, whichever interface has the
    // address.
    let found = if with_address(remote.ip().to_canonical()).is_some() {
        interfaces.iter().find(|interface| interface.loopback)
    } else {
        with_address(local_address_toward(remote)?)
    };
    found.map(|interface| interface.name.clone())
}

/// The local address used towards another. Connecting a UDP socket consults the routing table and
/// sends nothing.
fn local_address_toward(remote: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if remote.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Some systems refuse to connect to port 0.
    socket.connect((remote.ip(), remote.port().max(1))).ok()?;
    Some(socket.local_addr().ok()?.ip().to_canonical())
}

fn interfaces_toward(
    interfaces: &[NetworkInterface],
    addresses: &[SocketAddr],
    names: bool,
) -> Vec<String> {
    // Documentation addresses (RFC 5737, RFC 3849) belong to nobody, so the default route is used
    // for them.
    let documentation: [SocketAddr; 2] = [
        ([192, 0, 2, 1], 9).into(),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
    ];
    let interface_of = |remote: &SocketAddr| interface_toward(interfaces, *remote);
    let defaults: Vec<String> = documentation
        .iter()
        .filter(|_| names)
        .filter_map(interface_of)
        .collect();
    let no_default_route = names && defaults.is_empty();
    let mut found: Vec<String> = addresses
        .iter()
        .filter_map(interface_of)
        .chain(defaults)
        .collect();
    if no_default_route {
        // Without a default route, any interface could be used.
        found.extend(all_by_preference(interfaces));
    } else if names || found.is_empty() {
        found.extend(
            interfaces
                .iter()
                .find(|interface| interface.loopback)
                .map(|interface| interface.name.clone()),
        );
    }
    let mut seen = Vec::new();
    found.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    found
}

/// Interfaces with addresses first, since without one an interface carries no connection of this
/// machine.
fn all_by_preference(interfaces: &[NetworkInterface]) -> Vec<String> {
    let mut order: Vec<&NetworkInterface> = interfaces.iter().collect();
    order.sort_by_key(|interface| (interface.addresses.is_empty(), interface.loopback));
    order
        .into_iter()
        .map(|interface| interface.name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, loopback: bool, addresses: &[IpAddr]) -> NetworkInterface {
        NetworkInterface {
            name: name.into(),
            up: true,
            loopback,
            addresses: addresses.to_vec(),
        }
    }

    #[test]
    fn to_itself_a_machine_talks_over_loopback() {
        let with_address = IpAddr::from([198, 51, 100, 7]);
        let interfaces = [
            interface("eth9", false, &[with_address]),
            interface("lo", true, &[Ipv4Addr::LOCALHOST.into()]),
        ];
        assert_eq!(
            interface_toward(&interfaces, (with_address, 443).into()).as_deref(),
            Some("lo")
        );
        assert_eq!(
            interface_toward(&interfaces, ([127, 0, 0, 1], 443).into()).as_deref(),
            Some("lo")
        );
        assert_eq!(
            interface_toward(&interfaces, ([127, 0, 0, 53], 53).into()).as_deref(),
            Some("lo")
        );
    }

    #[test]
    fn without_any_route_loopback_is_left() {
        let interfaces = [interface("lo", true, &[Ipv4Addr::LOCALHOST.into()])];
        assert_eq!(interfaces_toward(&interfaces, &[], true), ["lo"]);
        assert_eq!(interfaces_toward(&interfaces, &[], false), ["lo"]);
    }

    #[test]
    fn interfaces_with_addresses_come_first() {
        let interfaces = [
            interface("lo", true, &[Ipv4Addr::LOCALHOST.into()]),
            interface("tun0", false, &[]),
            interface("eth0", false, &[[10, 0, 0, 1].into()]),
        ];
        assert_eq!(all_by_preference(&interfaces), ["eth0", "lo", "tun0"]);
    }

    #[test]
    fn a_named_interface_is_taken_at_its_word() {
        assert_eq!(InterfaceSelection::Named("wg7".into()).names(), ["wg7"]);
    }
}
