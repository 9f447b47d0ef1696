//! Hosts that are there and do not answer, by address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::hosts::{CLIENT_NUMBER, HOSTS, Host, lab_ipv4, lab_ipv6};

/// The IPv4 address of the one who looks at the lab's network from within.
pub const CLIENT_V4: Ipv4Addr = lab_ipv4(CLIENT_NUMBER);

/// The IPv6 address of the one who looks at the lab's network from within.
pub const CLIENT_V6: Ipv6Addr = lab_ipv6(CLIENT_NUMBER);

/// Who answers DNS questions in the lab's network, at port 53.
pub const NAME_SERVERS: [IpAddr; 1] = [IpAddr::V4(lab_ipv4(53))];

/// What the way to a host lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirewallRule {
    /// Everything.
    AllowAll,
    /// Nothing, in neither direction: a client's SYN is never answered.
    DropAll,
    /// The TCP handshake alone (SYN, SYN-ACK, and the ACK without payload that completes it): a
    /// connection is made, and then nothing gets through.
    DropAfterHandshake,
}

/// The addresses of a host in the lab's network, and what the way to each of them lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddresses {
    /// Its name, such as `api.lab.test`.
    pub name: &'static str,
    /// Its IPv4 address, if it has one.
    pub v4: Option<Ipv4Addr>,
    /// Its IPv6 address, if it has one.
    pub v6: Option<Ipv6Addr>,
    /// What gets through to its IPv4 address.
    pub firewall_v4: FirewallRule,
    /// What gets through to its IPv6 address.
    pub firewall_v6: FirewallRule,
}

/// The addresses of every host of the lab's network, the client's not among them.
pub fn host_addresses() -> Vec<HostAddresses> {
    HOSTS.iter().map(HostAddresses::from_host).collect()
}

/// The addresses of the one who looks at the lab's network from within.
pub fn client_addresses() -> (Ipv4Addr, Ipv6Addr) {
    (lab_ipv4(CLIENT_NUMBER), lab_ipv6(CLIENT_NUMBER))
}

impl HostAddresses {
    fn from_host(host: &Host) -> Self {
        Self {
            name: host.name,
            v4: host.v4(),
            v6: host.v6(),
            firewall_v4: host.firewall_v4,
            firewall_v6: host.firewall_v6,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_hosts_share_an_address() {
        let hosts = host_addresses();
        let v4: HashSet<Ipv4Addr> = HOSTS.iter().map(|host| lab_ipv4(host.number)).collect();
        assert_eq!(v4.len(), hosts.len());
        assert!(
            HOSTS.iter().all(|host| (2..=250).contains(&host.number)),
            "0, 1 and the last are spoken for"
        );
        assert!(
            hosts
                .iter()
                .all(|host| host.v4.is_some() || host.v6.is_some())
        );
    }

    #[test]
    fn an_address_tells_the_number_of_its_host() {
        let hosts = host_addresses();
        let dns = hosts
            .iter()
            .find(|host| host.name == "ns.lab.test")
            .unwrap();
        assert_eq!(
            (dns.v4, dns.v6),
            ("10.77.0.53".parse().ok(), "fd77::35".parse().ok())
        );
        let dead = hosts
            .iter()
            .find(|host| host.name == "v6dead.lab.test")
            .unwrap();
        assert_eq!(
            (dead.firewall_v4, dead.firewall_v6),
            (FirewallRule::AllowAll, FirewallRule::DropAll)
        );
        assert_eq!(
            client_addresses(),
            ("10.77.0.1".parse().unwrap(), "fd77::1".parse().unwrap())
        );
    }
}
