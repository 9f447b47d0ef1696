//! Link types of captured frames, and their headers.

/// Link type of a capture, as far as supported. Numbers: <https://www.tcpdump.org/linktypes.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// Ethernet II, with or without VLAN tags (IEEE 802.3, 802.1Q, 802.1ad), and SNAP within IEEE
    /// 802.2.
    Ethernet,
    /// Linux cooked capture (`LINUX_SLL`), a pseudo header for any link layer, with the protocol at
    /// its end.
    LinuxCooked,
    /// Linux cooked capture v2 (`LINUX_SLL2`), with the protocol at its start.
    LinuxCooked2,
    /// No link header: the packet begins with IP.
    Raw,
    /// Four bytes of address family before IP, in either byte order: loopback on BSD and macOS.
    Loopback,
}

/// Network protocol after the link header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NetworkProtocol {
    Ipv4,
    Ipv6,
    Arp,
    Other,
}

impl LinkType {
    /// VLAN tags skipped; no real frame has more.
    const MAX_VLAN_TAGS: usize = 8;

    /// From the number used by libpcap or a capture file; `None` if it is not supported.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Ethernet),
            113 => Some(Self::LinuxCooked),
            276 => Some(Self::LinuxCooked2),
            // DLT_RAW is 12, or 14 on OpenBSD, and 101 in files; 228 and 229 are IPv4 and IPv6
            // only.
            12 | 14 | 101 | 228 | 229 => Some(Self::Raw),
            0 | 108 => Some(Self::Loopback),
            _ => None,
        }
    }

    /// Name in libpcap.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "EN10MB",
            Self::LinuxCooked => "LINUX_SLL",
            Self::LinuxCooked2 => "LINUX_SLL2",
            Self::Raw => "RAW",
            Self::Loopback => "NULL",
        }
    }

    /// The protocol after the link header and its offset; `None` if the frame ends within the
    /// header.
    pub(super) fn network_protocol(self, frame: &[u8]) -> Option<(NetworkProtocol, usize)> {
        match self {
            Self::Ethernet => parse_ethernet(frame),
            Self::LinuxCooked => parse_ether_type(frame, u16_at(frame, 14)?, 16),
            Self::LinuxCooked2 => parse_ether_type(frame, u16_at(frame, 0)?, 20),
            Self::Raw => Some((protocol_by_ip_version(frame)?, 0)),
            Self::Loopback => parse_loopback(frame),
        }
    }
}

fn parse_ethernet(frame: &[u8]) -> Option<(NetworkProtocol, usize)> {
    parse_ether_type(frame, u16_at(frame, 12)?, 14)
}

/// Follows an `EtherType`, whose content begins at `at`, through VLAN tags.
fn parse_ether_type(
    frame: &[u8],
    mut ether_type: u16,
    mut at: usize,
) -> Option<(NetworkProtocol, usize)> {
    for _ in 0..=LinkType::MAX_VLAN_TAGS {
        match ether_type {
            0x0800 => return Some((NetworkProtocol::Ipv4, at)),
            0x86dd => return Some((NetworkProtocol::Ipv6, at)),
            0x0806 => return Some((NetworkProtocol::Arp, at)),
            // 802.1Q, 802.1ad, and types used before 802.1ad.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                ether_type = u16_at(frame, at + 2)?;
                at += 4;
            }
            // A length instead of a type (802.3), followed by SNAP, whose last two bytes are the
            // type.
            0..=1500 if frame.get(at..at + 6) == Some(&[0xaa, 0xaa, 3, 0, 0, 0]) => {
                ether_type = u16_at(frame, at + 6)?;
                at += 8;
            }
            // PPP over Ethernet (RFC 2516 §4), with the number of PPP's protocol.
            0x8864 => {
                ether_type = match u16_at(frame, at + 6)? {
                    0x0021 => 0x0800,
                    0x0057 => 0x86dd,
                    _ => return Some((NetworkProtocol::Other, at)),
                };
                at += 8;
            }
            _ => break,
        }
    }
    Some((NetworkProtocol::Other, at))
}

/// The address family is in the byte order of the capturing machine, or in network order. The
/// numbers for IPv6 are those of Linux, `NetBSD` and `OpenBSD`, `FreeBSD`, macOS.
fn parse_loopback(frame: &[u8]) -> Option<(NetworkProtocol, usize)> {
    let protocol = match frame.get(..4)? {
        [family, 0, 0, 0] | [0, 0, 0, family] => match family {
            2 => NetworkProtocol::Ipv4,
            10 | 24 | 28 | 30 => NetworkProtocol::Ipv6,
            _ => NetworkProtocol::Other,
        },
        _ => NetworkProtocol::Other,
    };
    Some((protocol, 4))
}

fn protocol_by_ip_version(packet: &[u8]) -> Option<NetworkProtocol> {
    match packet.first()? >> 4 {
        4 => Some(NetworkProtocol::Ipv4),
        6 => Some(NetworkProtocol::Ipv6),
        _ => Some(NetworkProtocol::Other),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..at + 2)?
        .try_into()
        .ok()
        .map(u16::from_be_bytes)
}
