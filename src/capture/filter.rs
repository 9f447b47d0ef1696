//! What the kernel lets through to a capture.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

use super::program::{self, Start};
use crate::sys::{self, FilterInstruction};
use crate::wire::Link;

/// An address and port as packets show it: no scope, no flow label, IPv4 as IPv4.
pub(super) type Remote = (IpAddr, u16);

pub(super) fn remote_of(address: SocketAddr) -> Remote {
    (address.ip().to_canonical(), address.port())
}

/// A capture's socket, through which its filter is replaced without the capturing thread's help.
#[derive(Debug)]
pub(super) struct Gate {
    socket: OwnedFd,
    /// `None` where no filter is made for the capture's kind of frames.
    start: Option<Start>,
    snap_length: u32,
    /// The socket that tells of aggregates, which sees of the same packets the large ones.
    beside: Option<OwnedFd>,
}

/// A frame of more bytes is no frame of an Ethernet's (IEEE 802.3: 1,518 with a VLAN tag, without
/// the check sequence).
pub(super) const LONGEST_FRAME: u32 = 1_518;

impl Gate {
    /// Addresses told to the kernel one by one; a longer program might not be taken, and costs more
    /// per packet than it saves.
    const MOST_EXACT: usize = 64;

    /// A gate in front of a capture whose frames begin as `link` says.
    pub(super) const fn new(
        socket: OwnedFd,
        link: Link,
        snap_length: u32,
        beside: Option<OwnedFd>,
    ) -> Self {
        let start = match link {
            Link::Ethernet => Some(Start::Ethernet),
            // A capture with Linux's cooked headers has a socket without link headers: the kernel
            // filters IP packets, and libpcap makes up the header later.
            Link::LinuxCooked | Link::LinuxCooked2 | Link::Raw => Some(Start::Ip),
            Link::Loopback => None,
        };
        Self {
            socket,
            start,
            snap_length,
            beside,
        }
    }

    /// Lets nothing through. False where the kernel would not have it, and what was let through
    /// still is.
    pub(super) fn shut(&self) -> bool {
        self.start.is_some() && self.attach(&program::nothing())
    }

    /// Lets the packets to and from these through, or where they are too many, all TCP and UDP.
    /// False where the kernel would not have it.
    pub(super) fn open_for(&self, remotes: &BTreeSet<Remote>) -> bool {
        let Some(start) = self.start else {
            return false;
        };
        let exact = remotes.len() <= Self::MOST_EXACT
            && self.attach(&program::only(start, remotes, self.snap_length));
        exact || self.attach(&program::all(start, self.snap_length))
    }

    fn attach(&self, program: &[FilterInstruction]) -> bool {
        if let Some(beside) = &self.beside {
            // Without it sizes are missing, and no packet is.
            let _ = sys::attach_filter(
                beside.as_fd(),
                &program::longer_than(LONGEST_FRAME, program.to_vec()),
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
            remote_of("[fe80::1%3]:443".parse().unwrap()),
            remote_of("[fe80::1]:443".parse().unwrap())
        );
        assert_eq!(
            remote_of("[::ffff:192.0.2.1]:80".parse().unwrap()),
            remote_of("192.0.2.1:80".parse().unwrap())
        );
    }
}
