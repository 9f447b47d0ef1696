//! The order in which addresses are tried (RFC 8305 §4).

use std::net::{IpAddr, UdpSocket};

use crate::probe::spec::Family;

/// Addresses of the wanted family, the families taking turns. IPv6 begins where this machine has a route for it.
pub(super) fn preferred(addresses: &[IpAddr], family: Family) -> Vec<IpAddr> {
    interleaved(addresses, family, has_route)
}

/// Whether the family that the user wants allows the address.
pub(super) const fn allowed(ip: IpAddr, family: Family) -> bool {
    match family {
        Family::Any => true,
        Family::V4 => ip.is_ipv4(),
        Family::V6 => ip.is_ipv6(),
    }
}

fn interleaved(addresses: &[IpAddr], family: Family, has_route: impl Fn(IpAddr) -> bool) -> Vec<IpAddr> {
    let mut seen = std::collections::HashSet::new();
    let (v6, v4): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().copied().filter(|ip| allowed(*ip, family) && seen.insert(*ip)).partition(IpAddr::is_ipv6);
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

/// Connecting a UDP socket makes the kernel choose a route and sends nothing.
pub(super) fn has_route(ip: IpAddr) -> bool {
    let any: IpAddr = if ip.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
    UdpSocket::bind((any, 0)).and_then(|socket| socket.connect((ip, 9))).is_ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn order(addresses: &[&str], family: Family, route: bool) -> Vec<String> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        interleaved(&addresses, family, |_| route).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn families_take_turns_and_ipv6_begins() {
        let mixed = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"];
        assert_eq!(order(&mixed, Family::Any, true), ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"]);
        assert_eq!(order(&mixed, Family::Any, false), ["192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2", "192.0.2.3"]);
    }

    #[test]
    fn only_the_wanted_family_is_tried() {
        let mixed = ["192.0.2.1", "2001:db8::1", "192.0.2.1"];
        assert_eq!(order(&mixed, Family::V4, true), ["192.0.2.1"]);
        assert_eq!(order(&mixed, Family::V6, false), ["2001:db8::1"]);
    }

    #[test]
    fn loopback_has_a_route() {
        assert!(has_route([127, 0, 0, 1].into()));
    }
}
