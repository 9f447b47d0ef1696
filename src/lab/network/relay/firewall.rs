//! The firewall of the relay: rules by host address. Pure.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::lab::{FirewallRule, HostAddresses};
use crate::wire::{LinkType, TcpFlags, TransportHeader, parse_ip_addresses, parse_segment};

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
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        let Some((source, destination)) = parse_ip_addresses(LinkType::Ethernet, frame, length)
        else {
            return true;
        };
        let is_handshake = || {
            parse_segment(LinkType::Ethernet, frame, length).is_some_and(|segment| {
                match segment.header {
                    // A client may close a connection through which no data gets: its FIN is
                    // dropped, too.
                    TransportHeader::Tcp(tcp) => {
                        segment.payload_bytes == 0 && !tcp.flags.has(TcpFlags::FIN)
                    }
                    TransportHeader::Udp => false,
                }
            })
        };
        [source, destination]
            .iter()
            .filter_map(|address| self.0.get(address))
            .all(|rule| match rule {
                FirewallRule::AllowAll => true,
                FirewallRule::DropAll => false,
                FirewallRule::DropAfterHandshake => is_handshake(),
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::net::{Ipv4Addr, Ipv6Addr};

    use etherparse::PacketBuilder;

    use super::*;

    const CLIENT: [u8; 4] = [10, 0, 0, 1];
    const HOST: [u8; 4] = [10, 0, 0, 2];
    const HOST_V6: [u8; 16] = [7; 16];

    fn rules(firewall_v4: FirewallRule, firewall_v6: FirewallRule) -> FirewallRules {
        FirewallRules::new(&[HostAddresses {
            name: "host.lab.test",
            v4: Some(Ipv4Addr::from(HOST)),
            v6: Some(Ipv6Addr::from(HOST_V6)),
            firewall_v4,
            firewall_v6,
        }])
    }

    /// A TCP segment towards or from the host.
    fn tcp(flags: u8, payload: usize, from_host: bool) -> Vec<u8> {
        let (source, destination) = if from_host {
            (HOST, CLIENT)
        } else {
            (CLIENT, HOST)
        };
        let mut tcp = etherparse::TcpHeader::new(50_000, 443, 1, 1);
        tcp.syn = flags & TcpFlags::SYN != 0;
        tcp.ack = flags & TcpFlags::ACK != 0;
        tcp.fin = flags & TcpFlags::FIN != 0;
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4(source, destination, 64)
            .tcp_header(tcp)
            .write(&mut frame, &vec![0; payload])
            .unwrap();
        frame
    }

    fn udp_v6(destination: [u8; 16]) -> Vec<u8> {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv6([1; 16], destination, 64)
            .udp(50_000, 443)
            .write(&mut frame, &[0; 9])
            .unwrap();
        frame
    }

    fn ping(destination: [u8; 4]) -> Vec<u8> {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4(CLIENT, destination, 64)
            .icmpv4_echo_request(1, 1)
            .write(&mut frame, &[0; 9])
            .unwrap();
        frame
    }

    #[test]
    fn after_the_handshake_nothing_passes_in_either_direction() {
        let rules = rules(FirewallRule::DropAfterHandshake, FirewallRule::AllowAll);
        for from_host in [false, true] {
            for (flags, payload, passes) in [
                (TcpFlags::SYN, 0, true),
                (TcpFlags::SYN | TcpFlags::ACK, 0, true),
                (TcpFlags::ACK, 0, true),
                (TcpFlags::ACK, 1, false),
                // Ethernet pads what is shorter than its least frame; that is no payload.
                (TcpFlags::ACK | TcpFlags::FIN, 0, false),
            ] {
                let mut frame = tcp(flags, payload, from_host);
                assert_eq!(rules.allows(&frame), passes, "{flags:#x}, {payload} bytes");
                frame.resize(60, 0);
                assert_eq!(rules.allows(&frame), passes, "{flags:#x}, padded");
            }
        }
        assert!(!rules.allows(&ping(HOST)));
        assert!(rules.allows(&udp_v6(HOST_V6)), "its other address");
        let mut fragment = tcp(TcpFlags::ACK, 0, false);
        fragment[20] |= 0x20;
        assert!(!rules.allows(&fragment));
    }

    #[test]
    fn a_host_that_answers_nothing_is_silent_at_that_address_only() {
        let rules = rules(FirewallRule::AllowAll, FirewallRule::DropAll);
        let frames = [tcp(TcpFlags::SYN, 0, false), ping(HOST), udp_v6([9; 16])];
        assert!(frames.iter().all(|frame| rules.allows(frame)));
        assert!(!rules.allows(&udp_v6(HOST_V6)));
        // With a VLAN tag.
        let mut tagged = udp_v6(HOST_V6);
        tagged.splice(12..12, [0x81, 0, 0, 7]);
        assert!(!rules.allows(&tagged));
    }

    #[test]
    fn what_is_no_ip_packet_passes() {
        let rules = rules(FirewallRule::DropAll, FirewallRule::DropAll);
        let arp = [&[2_u8; 12][..], &[8, 6], &[0; 28]].concat();
        assert!(rules.allows(&arp));
        let whole = ping(HOST);
        assert!(!rules.allows(&whole));
        for length in 0..34 {
            assert!(rules.allows(&whole[..length]), "{length} bytes");
        }
    }
}
