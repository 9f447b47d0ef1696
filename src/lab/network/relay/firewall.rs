//! The firewall of the relay: rules by host address. Pure.

use std::collections::HashMap;
use std::net::IpAddr;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};

use crate::lab::{FirewallRule, HostAddresses};

/// Rules, by the address of the host behind the firewall.
pub(super) struct FirewallRules(HashMap<IpAddr, FirewallRule>);

impl FirewallRules {
    /// The rules of the lab's hosts.
    pub(super) fn new(hosts: &[HostAddresses]) -> Self {
        let mut rules = HashMap::new();
        for host in hosts {
            rules.extend(
                host.v4
                    .map(|address| (IpAddr::V4(address), host.firewall_v4)),
            );
            rules.extend(
                host.v6
                    .map(|address| (IpAddr::V6(address), host.firewall_v6)),
            );
        }
        rules.retain(|_, firewall| *firewall != FirewallRule::AllowAll);
        Self(rules)
    }

    /// Returns true if a frame passes. Unreadable frames pass.
    pub(super) fn allows(&self, frame: &[u8]) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let Ok(packet) = SlicedPacket::from_ethernet(frame) else {
            return true;
        };
        let (source, destination) = match &packet.net {
            Some(NetSlice::Ipv4(ip)) => (
                ip.header().source_addr().into(),
                ip.header().destination_addr().into(),
            ),
            Some(NetSlice::Ipv6(ip)) => (
                ip.header().source_addr().into(),
                ip.header().destination_addr().into(),
            ),
            _ => return true,
        };
        // A client may close a connection through which no data gets: its FIN is dropped, too.
        let is_handshake = match &packet.transport {
            Some(TransportSlice::Tcp(segment)) => segment.payload().is_empty() && !segment.fin(),
            _ => false,
        };
        [source, destination]
            .iter()
            .filter_map(|address| self.0.get(address))
            .all(|rule| match rule {
                FirewallRule::AllowAll => true,
                FirewallRule::DropAll => false,
                FirewallRule::DropAfterHandshake => is_handshake,
            })
    }
}
