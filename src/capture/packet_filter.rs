//! The kernel's packet filter in front of a capture.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

use super::bpf::{self, FilterStart};
use crate::sys::{self, FilterInstruction};
use crate::wire::LinkType;

/// An address and port as they appear in packets: no scope, no flow label, IPv4-mapped addresses as
/// IPv4.
pub(super) type RemoteAddress = (IpAddr, u16);

pub(super) fn remote_address(address: SocketAddr) -> RemoteAddress {
    (address.ip().to_canonical(), address.port())
}

/// A capture's socket, for replacing its filter from any thread.
#[derive(Debug)]
pub(super) struct PacketFilter {
    socket: OwnedFd,
    /// `None` where no filter can be generated for the capture's link type.
    start: Option<FilterStart>,
    snap_length: u32,
    /// The socket that reports aggregates, which receives the large ones of the same packets.
    aggregate_socket: Option<OwnedFd>,
}

/// Largest Ethernet frame in bytes (IEEE 802.3: 1,518 with a VLAN tag, without the check sequence).
pub(super) const MAX_ETHERNET_FRAME: u32 = 1_518;

impl PacketFilter {
    /// Addresses filtered individually; a longer program might be rejected, and costs more per
    /// packet than it saves.
    const MAX_EXACT: usize = 64;

    /// The filter of a capture with this link type.
    pub(super) const fn new(
        socket: OwnedFd,
        link: LinkType,
        snap_length: u32,
        aggregate_socket: Option<OwnedFd>,
    ) -> Self {
        let start = match link {
            LinkType::Ethernet => Some(FilterStart::Ethernet),
            // A capture with Linux's cooked headers uses a socket without link headers: the kernel
            // filters IP packets, and libpcap synthesizes the header later.
            LinkType::LinuxCooked | LinkType::LinuxCooked2 | LinkType::Raw => Some(FilterStart::Ip),
            LinkType::Loopback => None,
        };
        Self {
            socket,
            start,
            snap_length,
            aggregate_socket,
        }
    }

    /// Blocks all packets. Returns false if the kernel rejected the filter; the previous one then
    /// stays.
    pub(super) fn block_all(&self) -> bool {
        self.start.is_some() && self.attach(&bpf::block_everything())
    }

    /// Passes packets to and from these addresses only, or all TCP and UDP packets if they are too
    /// many. Returns false if the kernel rejected the filter.
    pub(super) fn allow_remotes(&self, remotes: &BTreeSet<RemoteAddress>) -> bool {
        let Some(start) = self.start else {
            return false;
        };
        let exact = remotes.len() <= Self::MAX_EXACT
            && self.attach(&bpf::allow_only(start, remotes, self.snap_length));
        exact || self.attach(&bpf::allow_tcp_and_udp(start, self.snap_length))
    }

    fn attach(&self, program: &[FilterInstruction]) -> bool {
        if let Some(aggregate_socket) = &self.aggregate_socket {
            // If it fails, segment sizes are missing, but no packets.
            let _ = sys::attach_filter(
                aggregate_socket.as_fd(),
                &bpf::longer_than(MAX_ETHERNET_FRAME, program.to_vec()),
            );
        }
        sys::attach_filter(self.socket.as_fd(), program).is_ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_address_is_compared_as_packets_show_it() {
        assert_eq!(
            remote_address("[fe80::1%3]:443".parse().unwrap()),
            remote_address("[fe80::1]:443".parse().unwrap())
        );
        assert_eq!(
            remote_address("[::ffff:192.0.2.1]:80".parse().unwrap()),
            remote_address("192.0.2.1:80".parse().unwrap())
        );
    }
}
