//! What the kernel lets through to a capture.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

use super::bpf::{self, FilterStart};
use crate::sys::{self, FilterInstruction};
use crate::wire::LinkType;

/// An address and port as packets show it: no scope, no flow label, IPv4 as IPv4.
pub(super) type RemoteAddress = (IpAddr, u16);

pub(super) fn remote_address(address: SocketAddr) -> RemoteAddress {
    (address.ip().to_canonical(), address.port())
}

/// A capture's socket, through which its filter is replaced without the capturing thread's help.
#[derive(Debug)]
pub(super) struct PacketFilter {
    socket: OwnedFd,
    /// `None` where no filter is made for the capture's kind of frames.
    start: Option<FilterStart>,
    snap_length: u32,
    /// The socket that tells of aggregates, which sees of the same packets the large ones.
    aggregate_socket: Option<OwnedFd>,
}

/// A frame of more bytes is no frame of an Ethernet's (IEEE 802.3: 1,518 with a VLAN tag, without
/// the check sequence).
pub(super) const MAX_ETHERNET_FRAME: u32 = 1_518;

impl PacketFilter {
    /// Addresses told to the kernel one by one; a longer program might not be taken, and costs more
    /// per packet than it saves.
    const MAX_EXACT: usize = 64;

    /// A gate in front of a capture whose frames begin as `link` says.
    pub(super) const fn new(
        socket: OwnedFd,
        link: LinkType,
        snap_length: u32,
        beside: Option<OwnedFd>,
    ) -> Self {
        let start = match link {
            LinkType::Ethernet => Some(FilterStart::Ethernet),
            // A capture with Linux's cooked headers has a socket without link headers: the kernel
            // filters IP packets, and libpcap makes up the header later.
            LinkType::LinuxCooked | LinkType::LinuxCooked2 | LinkType::Raw => Some(FilterStart::Ip),
            LinkType::Loopback => None,
        };
        Self {
            socket,
            start,
            snap_length,
            aggregate_socket: beside,
        }
    }

    /// Lets nothing through. False where the kernel would not have it, and what was let through
    /// still is.
    pub(super) fn block_all(&self) -> bool {
        self.start.is_some() && self.attach(&bpf::block_everything())
    }

    /// Lets the packets to and from these through, or where they are too many, all TCP and UDP.
    /// False where the kernel would not have it.
    pub(super) fn allow_remotes(&self, remotes: &BTreeSet<RemoteAddress>) -> bool {
        let Some(start) = self.start else {
            return false;
        };
        let exact = remotes.len() <= Self::MAX_EXACT
            && self.attach(&bpf::allow_only(start, remotes, self.snap_length));
        exact || self.attach(&bpf::allow_tcp_and_udp(start, self.snap_length))
    }

    fn attach(&self, program: &[FilterInstruction]) -> bool {
        if let Some(beside) = &self.aggregate_socket {
            // Without it sizes are missing, and no packet is.
            let _ = sys::attach_filter(
                beside.as_fd(),
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
