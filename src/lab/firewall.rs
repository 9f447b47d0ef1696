//! Addresses of the lab's hosts and the firewall rules in front of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::hosts::{CLIENT_NUMBER, HOSTS, Host, lab_ipv4, lab_ipv6};

/// IPv4 address of the client in the private network.
pub const CLIENT_V4: Ipv4Addr = lab_ipv4(CLIENT_NUMBER);

/// IPv6 address of the client in the private network.
pub const CLIENT_V6: Ipv6Addr = lab_ipv6(CLIENT_NUMBER);

/// DNS servers of the private network, on port 53.
pub const NAME_SERVERS: [IpAddr; 1] = [IpAddr::V4(lab_ipv4(53))];

/// Which packets reach a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirewallRule {
    /// All packets.
    AllowAll,
    /// No packets in either direction: a client's SYN is never answered.
    DropAll,
    /// Only segments without payload, such as the TCP handshake: a connection is established, and
    /// no data gets through.
    DropAfterHandshake,
}

/// Addresses of a host in the private network, with the firewall rule of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddresses {
    /// Host name, such as `api.lab.test`.
    pub name: &'static str,
    /// IPv4 address.
    pub v4: Option<Ipv4Addr>,
    /// IPv6 address.
    pub v6: Option<Ipv6Addr>,
    /// Firewall rule of the IPv4 address.
    pub firewall_v4: FirewallRule,
    /// Firewall rule of the IPv6 address.
    pub firewall_v6: FirewallRule,
}

/// Addresses of every host in the private network, except the client.
pub fn host_addresses() -> Vec<HostAddresses> {
    HOSTS.iter().map(HostAddresses::from).collect()
}

/// IPv4 and IPv6 addresses of the client in the private network.
pub fn client_addresses() -> (Ipv4Addr, Ipv6Addr) {
    (lab_ipv4(CLIENT_NUMBER), lab_ipv6(CLIENT_NUMBER))
}

impl From<&Host> for HostAddresses {
    fn from(host: &Host) -> Self {
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
            "0, 1 and the last are reserved"
        );
        assert!(
            hosts
                .iter()
                .all(|host| host.v4.is_some() || host.v6.is_some())
        );
    }

    #[test]
    fn an_address_ends_in_the_host_number() {
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
