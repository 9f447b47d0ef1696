//! Order in which addresses are tried (RFC 8305 §4, and the rules of RFC 6724 §6 that choose
//! between address families).

use std::net::{IpAddr, Ipv6Addr, UdpSocket};

use crate::probe::spec::AddressFamily;

/// Returns the addresses of the wanted family, alternating between families. IPv6 comes first if
/// this machine has a route for it.
pub(super) fn preferred_order(addresses: &[IpAddr], family: AddressFamily) -> Vec<IpAddr> {
    interleave_families(addresses, family, has_route)
}

/// Returns true if the user's choice of family allows the address.
pub(super) const fn family_allows(ip: IpAddr, family: AddressFamily) -> bool {
    match family {
        AddressFamily::Any => true,
        AddressFamily::V4 => ip.is_ipv4(),
        AddressFamily::V6 => ip.is_ipv6(),
    }
}

fn interleave_families(
    addresses: &[IpAddr],
    family: AddressFamily,
    has_route: impl Fn(IpAddr) -> bool,
) -> Vec<IpAddr> {
    let mut seen = std::collections::HashSet::new();
    let (v6, v4): (Vec<IpAddr>, Vec<IpAddr>) = addresses
        .iter()
        .copied()
        .filter(|ip| family_allows(*ip, family) && seen.insert(*ip))
        .partition(IpAddr::is_ipv6);
    let v6_first = v4.is_empty() || v6.first().is_some_and(|ip| has_route(*ip));
    let (first, second) = if v6_first { (v6, v4) } else { (v4, v6) };
    let mut second = second.into_iter();
    let mut order = Vec::with_capacity(first.len() + second.len());
    for ip in first {
        order.push(ip);
        order.extend(second.next());
    }
    order.extend(second);
    order
}

/// Returns true if this machine has a route to an address and a suitable source address: one of a
/// private network or a tunnel rarely leads to the internet (RFC 6724 §5, rules 1 and 5).
/// Connecting a UDP socket makes the kernel choose both and sends no packet.
pub(super) fn has_route(ip: IpAddr) -> bool {
    let any: IpAddr = if ip.is_ipv4() {
        [0; 4].into()
    } else {
        [0_u16; 8].into()
    };
    let chosen = UdpSocket::bind((any, 0))
        .and_then(|socket| socket.connect((ip, 9)).and_then(|()| socket.local_addr()));
    match (chosen.map(|address| address.ip()), ip) {
        (Ok(IpAddr::V6(source)), IpAddr::V6(ip)) => policy_label(source) == policy_label(ip),
        (chosen, _) => chosen.is_ok(),
    }
}

/// Returns the label of an address (RFC 6724 §2.1): source and destination should have the same.
const fn policy_label(ip: Ipv6Addr) -> u8 {
    match ip.segments() {
        _ if ip.is_loopback() => 0,
        [0x2002, ..] => 2,
        [0x2001, 0, ..] => 5,
        _ if ip.is_unique_local() => 13,
        _ => 1,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn order(addresses: &[&str], family: AddressFamily, route: bool) -> Vec<String> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        interleave_families(&addresses, family, |_| route)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn families_take_turns_and_ipv6_begins() {
        let mixed = [
            "192.0.2.1",
            "192.0.2.2",
            "192.0.2.3",
            "2001:db8::1",
            "2001:db8::2",
        ];
        assert_eq!(
            order(&mixed, AddressFamily::Any, true),
            [
                "2001:db8::1",
                "192.0.2.1",
                "2001:db8::2",
                "192.0.2.2",
                "192.0.2.3"
            ]
        );
        assert_eq!(
            order(&mixed, AddressFamily::Any, false),
            [
                "192.0.2.1",
                "2001:db8::1",
                "192.0.2.2",
                "2001:db8::2",
                "192.0.2.3"
            ]
        );
    }

    #[test]
    fn only_the_wanted_family_is_tried() {
        let mixed = ["192.0.2.1", "2001:db8::1", "192.0.2.1"];
        assert_eq!(order(&mixed, AddressFamily::V4, true), ["192.0.2.1"]);
        assert_eq!(order(&mixed, AddressFamily::V6, false), ["2001:db8::1"]);
    }

    #[test]
    fn loopback_has_a_route() {
        assert!(has_route([127, 0, 0, 1].into()));
    }

    #[test]
    fn addresses_have_the_labels_of_the_standard() {
        for (ip, expected) in [
            ("::1", 0),
            ("2001:db8::1", 1),
            ("2002:c000:201::1", 2),
            ("2001:0:1::1", 5),
            ("fd00::1", 13),
        ] {
            assert_eq!(policy_label(ip.parse().unwrap()), expected, "{ip}");
        }
    }
}
