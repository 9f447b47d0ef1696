//! What a captured frame begins with.

use etherparse::{EtherType, LaxSlicedPacket};

/// The kind of a frame's first header, as far as they are understood here. Numbers: <https://www.tcpdump.org/linktypes.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Ethernet II, with or without VLAN tags (IEEE 802.3, 802.1Q).
    Ethernet,
    /// Linux's stand-in for link layers of all kinds (`LINUX_SLL`), with the protocol at its end.
    LinuxCooked,
    /// Its successor (`LINUX_SLL2`), with the protocol at its start.
    LinuxCooked2,
    /// No link header: the packet begins with IP.
    Raw,
    /// Four bytes of address family before IP: loopback on BSD and macOS.
    Loopback,
}

impl Link {
    /// From the number that libpcap or a capture file gives; `None` for a kind that is not understood.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Ethernet),
            113 => Some(Self::LinuxCooked),
            276 => Some(Self::LinuxCooked2),
            // DLT_RAW is 12, or 14 on OpenBSD, and 101 in files; 228 and 229 are IPv4 and IPv6 alone.
            12 | 14 | 101 | 228 | 229 => Some(Self::Raw),
            0 | 108 => Some(Self::Loopback),
            _ => None,
        }
    }

    /// The headers in `frame` that can be read; `None` where not even the first can.
    pub(super) fn slice(self, frame: &[u8]) -> Option<LaxSlicedPacket<'_>> {
        match self {
            Self::Ethernet => LaxSlicedPacket::from_ethernet(frame).ok(),
            Self::LinuxCooked => ether_typed(frame, 14, 16),
            Self::LinuxCooked2 => ether_typed(frame, 0, 20),
            Self::Raw => LaxSlicedPacket::from_ip(frame).ok(),
            Self::Loopback => LaxSlicedPacket::from_ip(frame.get(4..)?).ok(),
        }
    }
}

/// A header of `length` bytes that names the next protocol at `at`.
fn ether_typed(frame: &[u8], at: usize, length: usize) -> Option<LaxSlicedPacket<'_>> {
    let protocol = frame.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)?;
    Some(LaxSlicedPacket::from_ether_type(EtherType(protocol), frame.get(length..)?))
}
