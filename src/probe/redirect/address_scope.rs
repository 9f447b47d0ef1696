//! Scope of IP addresses: whether they are public, or can be reached only from one network, link or
//! machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Part of the network from which an address can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::probe) enum AddressScope {
    /// From everywhere.
    Public,
    /// This machine: 127.0.0.0/8 and `::1` (RFC 6890).
    Loopback,
    /// 0.0.0.0/8 and `::`, which systems treat as this machine (RFC 1122 §3.2.1.3).
    Unspecified,
    /// One link: 169.254.0.0/16, `fe80::/10` (RFC 3927, RFC 4291).
    LinkLocal,
    /// One site: RFC 1918, RFC 4193, carrier-grade NAT (RFC 6598), site-local IPv6 (RFC 3879),
    /// local NAT64 (RFC 8215).
    Private,
    /// Metadata services of clouds, which give virtual machines their credentials.
    Metadata,
    /// Multicast and broadcast.
    Multicast,
}

/// Addresses of metadata services: IPv4 of most clouds, Alibaba, Oracle and Microsoft; IPv6 of
/// Amazon and Google.
const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

impl AddressScope {
    /// Returns the adjective for `the … address`.
    pub(in crate::probe) const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Unspecified => "unspecified",
            Self::LinkLocal => "link-local",
            Self::Private => "private",
            Self::Metadata => "metadata",
            Self::Multicast => "multicast",
        }
    }

    pub(in crate::probe) fn is_public(self) -> bool {
        self == Self::Public
    }
}

impl From<IpAddr> for AddressScope {
    /// Networks reserved for documentation (203.0.113.0/24, `2001:db8::/32`) count as public.
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => ip.into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }
}

impl From<Ipv4Addr> for AddressScope {
    fn from(ip: Ipv4Addr) -> Self {
        match ip.octets() {
            _ if METADATA_V4.contains(&ip) => Self::Metadata,
            [127, ..] => Self::Loopback,
            [0, ..] => Self::Unspecified,
            [169, 254, ..] => Self::LinkLocal,
            [10, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [100, 64..=127, ..]
            | [192, 0, 0, _] => Self::Private,
            [224..=239, ..] | [255, 255, 255, 255] => Self::Multicast,
            _ => Self::Public,
        }
    }
}

impl From<Ipv6Addr> for AddressScope {
    fn from(ip: Ipv6Addr) -> Self {
        if let Some(within) = embedded_ipv4(ip) {
            return within.into();
        }
        match ip.segments() {
            _ if METADATA_V6.contains(&ip) => Self::Metadata,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => Self::Private,
            [0xff00..=0xffff, ..] => Self::Multicast,
            _ => Self::Public,
        }
    }
}

/// Returns the IPv4 address to which packets for an IPv6 address are finally sent: mapped and
/// compatible ones (RFC 4291 §2.5.5), NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056 §2), and Teredo, which
/// stores it inverted (RFC 4380 §4).
fn embedded_ipv4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x2002, high, low, ..] => of(high, low),
        [0x2001, 0, _, _, _, _, high, low] => of(!high, !low),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_scope_of_their_network() {
        for (reach, addresses) in [
            (
                AddressScope::Public,
                "203.0.113.1 2001:db8::1 8.8.8.8 1.1.1.1 172.15.0.1 172.32.0.1 100.63.255.255 \
                    100.128.0.1 192.167.0.1 169.253.0.1 \
                 11.0.0.1 128.0.0.1 198.18.0.1 2606:4700::1111 64:ff9b::203.0.113.1 \
                2002:cb00:7101::1 ::ffff:203.0.113.1 ::203.0.113.1 \
                 2001:0:1:2:3:4:34ff:8efe",
            ),
            (
                AddressScope::Loopback,
                "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 \
                    2002:7f00:1::1 2001:0:1:2:3:4:80ff:fffe \
                 ::ffff:0:127.0.0.1",
            ),
            (
                AddressScope::Unspecified,
                "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0 64:ff9b:: 2002::1",
            ),
            (
                AddressScope::LinkLocal,
                "169.254.0.1 fe80::1 febf::1 ::ffff:169.254.1.1",
            ),
            (
                AddressScope::Private,
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 192.0.0.8 fc00::1 \
                    fdff::1 fec0::1 64:ff9b:1::1 ::ffff:10.0.0.1 \
                 64:ff9b::10.0.0.1 2002:0a00:1::",
            ),
            (
                AddressScope::Metadata,
                "169.254.169.254 100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254 \
                    fd20:ce::254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe",
            ),
            (
                AddressScope::Multicast,
                "224.0.0.1 239.1.1.1 255.255.255.255 ff02::1",
            ),
        ] {
            for address in addresses.split_whitespace() {
                assert_eq!(
                    AddressScope::from(address.parse::<IpAddr>().unwrap()),
                    reach,
                    "{address}"
                );
            }
        }
    }
}
