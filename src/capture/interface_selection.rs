//! Which interfaces a run's packets pass.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::sys::{NetworkInterface, list_interfaces};
use crate::units::is_unsafe_for_terminal;

/// Which interfaces to capture on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterfaceSelection {
    /// Those that lead to these addresses.
    Toward {
        /// Servers, proxies and DNS servers whose addresses are known.
        addresses: Vec<SocketAddr>,
        /// There are names whose addresses are not known yet: the default routes' interfaces and
        /// loopback are added.
        names: bool,
    },
    /// The one with this name.
    Named(String),
    /// All that are up.
    All,
}

impl InterfaceSelection {
    /// How many are opened at most.
    pub(super) const MAX_INTERFACES: usize = 8;

    /// Their names, the likeliest first.
    pub(super) fn names(&self) -> Vec<String> {
        let known = up_interfaces();
        let mut names = match self {
            Self::Named(name) => vec![name.clone()],
            Self::All => all_by_preference(&known),
            Self::Toward { addresses, names } => interfaces_toward(&known, addresses, *names),
        };
        names.truncate(Self::MAX_INTERFACES);
        names
    }
}

/// The machine's interfaces that are up. A name that would act on a terminal can only be set by
/// root, and is left out anyway.
pub(super) fn up_interfaces() -> Vec<NetworkInterface> {
    let mut known = list_interfaces().unwrap_or_default();
    known.retain(|interface| interface.up && !interface.name.chars().any(is_unsafe_for_terminal));
    known
}

/// The interface that packets to an address pass; `None` where no route leads there.
pub(super) fn interface_toward(known: &[NetworkInterface], remote: SocketAddr) -> Option<String> {
    let own = |address: IpAddr| {
        known
            .iter()
            .find(|interface| interface.addresses.contains(&address))
    };
    // To an address of its own a machine talks over loopback, whichever interface has the address.
    let found = if own(remote.ip().to_canonical()).is_some() {
        known.iter().find(|interface| interface.loopback)
    } else {
        own(local_address_toward(remote)?)
    };
    found.map(|interface| interface.name.clone())
}

/// The address this machine would use towards another. Connecting a UDP socket asks the routing
/// table and sends nothing.
fn local_address_toward(remote: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if remote.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Port 0 cannot be connected to on every system.
    socket.connect((remote.ip(), remote.port().max(1))).ok()?;
    Some(socket.local_addr().ok()?.ip().to_canonical())
}

fn interfaces_toward(
    known: &[NetworkInterface],
    addresses: &[SocketAddr],
    names: bool,
) -> Vec<String> {
    // Addresses for documentation (RFC 5737, RFC 3849): nobody's, so the default route leads there.
    let nobodys: [SocketAddr; 2] = [
        ([192, 0, 2, 1], 9).into(),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
    ];
    let way = |remote: &SocketAddr| interface_toward(known, *remote);
    let defaults: Vec<String> = nobodys.iter().filter(|_| names).filter_map(way).collect();
    let lost = names && defaults.is_empty();
    let mut found: Vec<String> = addresses.iter().filter_map(way).chain(defaults).collect();
    if lost {
        // Without a default route any interface may be the one.
        found.extend(all_by_preference(known));
    } else if names || found.is_empty() {
        found.extend(
            known
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

/// Those with addresses first, since without one an interface carries no connection of this
/// machine's.
fn all_by_preference(known: &[NetworkInterface]) -> Vec<String> {
    let mut order: Vec<&NetworkInterface> = known.iter().collect();
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
        let own = IpAddr::from([198, 51, 100, 7]);
        let known = [
            interface("eth9", false, &[own]),
            interface("lo", true, &[Ipv4Addr::LOCALHOST.into()]),
        ];
        assert_eq!(
            interface_toward(&known, (own, 443).into()).as_deref(),
            Some("lo")
        );
        assert_eq!(
            interface_toward(&known, ([127, 0, 0, 1], 443).into()).as_deref(),
            Some("lo")
        );
        assert_eq!(
            interface_toward(&known, ([127, 0, 0, 53], 53).into()).as_deref(),
            Some("lo")
        );
    }

    #[test]
    fn without_any_route_loopback_is_left() {
        let known = [interface("lo", true, &[Ipv4Addr::LOCALHOST.into()])];
        assert_eq!(interfaces_toward(&known, &[], true), ["lo"]);
        assert_eq!(interfaces_toward(&known, &[], false), ["lo"]);
    }

    #[test]
    fn of_all_those_with_addresses_come_first() {
        let known = [
            interface("lo", true, &[Ipv4Addr::LOCALHOST.into()]),
            interface("tun0", false, &[]),
            interface("eth0", false, &[[10, 0, 0, 1].into()]),
        ];
        assert_eq!(all_by_preference(&known), ["eth0", "lo", "tun0"]);
    }

    #[test]
    fn a_named_interface_is_taken_at_its_word() {
        assert_eq!(InterfaceSelection::Named("wg7".into()).names(), ["wg7"]);
    }
}
