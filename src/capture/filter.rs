//! What the kernel lets through to a capture.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

use pcap::{Capture, Linktype};

use crate::sys;

/// An address and port as packets show it: no scope, no flow label, IPv4 as IPv4.
pub(super) type Remote = (IpAddr, u16);

pub(super) fn remote_of(address: SocketAddr) -> Remote {
    (address.ip().to_canonical(), address.port())
}

/// A capture's socket, through which its filter is replaced without the capturing thread's help.
#[derive(Debug)]
pub(super) struct Gate {
    socket: OwnedFd,
    link: Linktype,
    snap_length: u32,
}

impl Gate {
    /// A gate in front of a capture whose frames begin as `link` says.
    pub(super) const fn new(socket: OwnedFd, link: Linktype, snap_length: u32) -> Self {
        Self { socket, link, snap_length }
    }

    /// Lets nothing through. False where the kernel would not have it, and what was let through still is.
    pub(super) fn shut(&self) -> bool {
        // No frame is that short.
        self.attach("less 1")
    }

    /// Lets the packets to and from these through, and as little else as the kernel can be told. False where it could be told
    /// nothing.
    pub(super) fn open_for(&self, remotes: &BTreeSet<Remote>) -> bool {
        expressions(remotes).iter().any(|expression| self.attach(expression))
    }

    fn attach(&self, expression: &str) -> bool {
        let compiled = Capture::dead(filtered_as(self.link)).and_then(|capture| capture.compile(expression, true));
        compiled.is_ok_and(|program| sys::attach_filter(self.socket.as_fd(), &program, self.snap_length).is_ok())
    }
}

/// The link type a filter is compiled for. A capture with Linux's cooked headers has a socket without link headers: the kernel
/// filters IP packets, and libpcap makes up the header later.
fn filtered_as(link: Linktype) -> Linktype {
    if link == Linktype::LINUX_SLL || link == Linktype::LINUX_SLL2 { Linktype(12) } else { link }
}

/// Filter expressions from the narrowest to the widest: a program may be too long for the kernel.
fn expressions(remotes: &BTreeSet<Remote>) -> Vec<String> {
    /// Beyond this an exact filter costs more per packet than it saves.
    const MOST_EXACT: usize = 32;
    if remotes.is_empty() {
        return vec!["less 1".to_owned()];
    }
    let mut tried = Vec::new();
    if remotes.len() <= MOST_EXACT {
        tried.push(any_of(remotes.iter().map(|(address, port)| format!("(host {address} and (tcp port {port} or udp port {port}))"))));
    }
    let ports: BTreeSet<u16> = remotes.iter().map(|(_, port)| *port).collect();
    if ports.len() <= MOST_EXACT {
        tried.push(any_of(ports.iter().map(|port| format!("(tcp port {port} or udp port {port})"))));
    }
    tried.push("tcp or udp".to_owned());
    tried
}

fn any_of(terms: impl Iterator<Item = String>) -> String {
    terms.enumerate().fold(String::new(), |mut text, (i, term)| {
        let _ = write!(text, "{}{term}", if i > 0 { " or " } else { "" });
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::PacketBuilder;

    use super::*;

    fn program(expression: &str) -> pcap::BpfProgram {
        Capture::dead(Linktype::ETHERNET).unwrap().compile(expression, true).unwrap()
    }

    fn frame(source: [u8; 4], source_port: u16, destination: [u8; 4], destination_port: u16) -> Vec<u8> {
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(source, destination, 64).tcp(source_port, destination_port, 1, 1);
        let mut bytes = Vec::new();
        builder.write(&mut bytes, &[]).unwrap();
        bytes
    }

    fn set(remotes: &[([u8; 4], u16)]) -> BTreeSet<Remote> {
        remotes.iter().map(|(address, port)| ((*address).into(), *port)).collect()
    }

    #[test]
    fn the_narrowest_lets_exactly_the_expected_through_both_ways() {
        let (me, server, other) = ([10, 0, 0, 2], [10, 0, 0, 10], [10, 0, 0, 11]);
        let narrow = program(&expressions(&set(&[(server, 443), (other, 53)]))[0]);
        assert!(narrow.filter(&frame(me, 5_000, server, 443)));
        assert!(narrow.filter(&frame(server, 443, me, 5_000)));
        assert!(narrow.filter(&frame(me, 5_000, other, 53)));
        assert!(!narrow.filter(&frame(me, 5_000, other, 443)));
        assert!(!narrow.filter(&frame(me, 5_000, server, 53)));
    }

    #[test]
    fn ipv6_addresses_compile_for_every_link() {
        let remotes = BTreeSet::from([remote_of("[fe80::1%3]:443".parse().unwrap()), remote_of("[::ffff:192.0.2.1]:80".parse().unwrap())]);
        for link in [Linktype::ETHERNET, Linktype::LINUX_SLL, Linktype::LINUX_SLL2, Linktype(12), Linktype::NULL] {
            for expression in expressions(&remotes) {
                let capture = Capture::dead(filtered_as(link)).unwrap();
                assert!(capture.compile(&expression, true).is_ok(), "{expression} for {link:?}");
            }
        }
        assert!(expressions(&remotes)[0].contains("host 192.0.2.1 and"), "IPv4 in IPv6's clothes is IPv4 on the wire");
    }

    #[test]
    fn nothing_expected_lets_nothing_through_and_many_widen_step_by_step() {
        assert!(!program(&expressions(&BTreeSet::new())[0]).filter(&frame([1; 4], 1, [2; 4], 2)));
        let many: BTreeSet<Remote> = (0..200_u8).map(|i| (IpAddr::from([10, 0, 0, i]), 443)).collect();
        assert_eq!(expressions(&many), ["(tcp port 443 or udp port 443)", "tcp or udp"]);
        let everywhere: BTreeSet<Remote> = (1..200).map(|port| (IpAddr::from([10, 0, 0, 1]), port)).collect();
        assert_eq!(expressions(&everywhere), ["tcp or udp"]);
    }
}
