//! BPF filter programs (classic BPF, `linux/filter.h`), generated for a set of addresses.
//!
//! They are not compiled from filter expressions: a run learns its addresses right before it sends
//! to them, and libpcap's compiler takes a millisecond for a dozen of them, which takes
//! microseconds here.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::packet_filter::RemoteAddress;
use crate::sys::FilterInstruction;

/// Header with which the packets of a socket begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilterStart {
    /// At the Ethernet header.
    Ethernet,
    /// At the IP header.
    Ip,
}

/// Rejects every packet.
pub(super) fn block_everything() -> Vec<FilterInstruction> {
    vec![Bpf::ret(0)]
}

/// Accepts TCP and UDP to or from these addresses, up to `snap_length` bytes each. Fragments other
/// than the first, which have no ports, and IPv6 packets with extension headers are rejected.
pub(super) fn allow_only(
    start: FilterStart,
    remotes: &BTreeSet<RemoteAddress>,
    snap_length: u32,
) -> Vec<FilterInstruction> {
    let base = start.ip();
    let mut match_v4 = Vec::new();
    let mut match_v6 = Vec::new();
    for &(address, port) in remotes {
        match address {
            IpAddr::V4(address) => match_v4.extend(match_ipv4(base, address, port, snap_length)),
            IpAddr::V6(address) => match_v6.extend(match_ipv6(base, address, port, snap_length)),
        }
    }
    branch_on_ip_version(start, match_v4, match_v6)
}

/// Accepts all TCP and UDP packets.
pub(super) fn allow_tcp_and_udp(start: FilterStart, snap_length: u32) -> Vec<FilterInstruction> {
    branch_on_ip_version(
        start,
        vec![Bpf::ret(snap_length)],
        vec![Bpf::ret(snap_length)],
    )
}

/// Restricts a program to frames longer than `bytes`.
pub(super) fn longer_than(bytes: u32, program: Vec<FilterInstruction>) -> Vec<FilterInstruction> {
    [Bpf::ld_len(), Bpf::jgt(bytes, 1, 0), Bpf::ret(0)]
        .into_iter()
        .chain(program)
        .collect()
}

impl FilterStart {
    /// Offset of the IP header.
    const fn ip(self) -> u32 {
        match self {
            Self::Ethernet => 14,
            Self::Ip => 0,
        }
    }
}

const TCP: u32 = 6;
const UDP: u32 = 17;

/// A program that runs `match_v4` for IPv4 packets with ports, with their header length in X, runs
/// `match_v6` for IPv6 ones, and rejects everything else.
fn branch_on_ip_version(
    start: FilterStart,
    match_v4: Vec<FilterInstruction>,
    match_v6: Vec<FilterInstruction>,
) -> Vec<FilterInstruction> {
    let base = start.ip();
    let (v4, v6) = match start {
        FilterStart::Ethernet => (0x0800, 0x86dd),
        FilterStart::Ip => (0x40, 0x60),
    };
    let mut program = match start {
        FilterStart::Ethernet => vec![Bpf::ldh(12)],
        FilterStart::Ip => vec![Bpf::ldb(0), Bpf::and(0xf0)],
    };
    // Fragments other than the first have no ports, only a continuation of the payload.
    let mut ipv4 = require_tcp_or_udp(base + 9);
    ipv4.extend([
        Bpf::ldh(base + 6),
        Bpf::jset(0x1fff, 0, 1),
        Bpf::ret(0),
        Bpf::ldx_ip_header_length(base),
    ]);
    ipv4.extend(match_v4);
    ipv4.push(Bpf::ret(0));
    // Conditional jumps skip 255 instructions at most, which the IPv4 part may exceed: the IPv6
    // part is reached by `ja`, whose offset has 32 bits.
    let past_ipv4 = u32::try_from(ipv4.len())
        .unwrap_or(u32::MAX)
        .saturating_add(2);
    program.extend([
        Bpf::jeq(v6, 0, 1),
        Bpf::ja(past_ipv4),
        Bpf::jeq(v4, 1, 0),
        Bpf::ret(0),
    ]);
    program.extend(ipv4);
    program.extend(require_tcp_or_udp(base + 6));
    program.extend(match_v6);
    program.push(Bpf::ret(0));
    program
}

/// Rejects everything but TCP and UDP, by the protocol field at an offset.
fn require_tcp_or_udp(protocol: u32) -> Vec<FilterInstruction> {
    vec![
        Bpf::ldb(protocol),
        Bpf::jeq(TCP, 2, 0),
        Bpf::jeq(UDP, 1, 0),
        Bpf::ret(0),
    ]
}

fn match_ipv4(
    base: u32,
    address: Ipv4Addr,
    port: u16,
    snap_length: u32,
) -> impl Iterator<Item = FilterInstruction> {
    const SOURCE: (u32, u32) = (12, 0);
    const DESTINATION: (u32, u32) = (16, 2);
    [DESTINATION, SOURCE]
        .into_iter()
        .flat_map(move |(address_at, port_at)| {
            [
                Bpf::ld(base + address_at),
                Bpf::jeq(address.into(), 0, 3),
                Bpf::ldh_indexed(base + port_at),
                Bpf::jeq(port.into(), 0, 1),
                Bpf::ret(snap_length),
            ]
        })
}

fn match_ipv6(
    base: u32,
    address: Ipv6Addr,
    port: u16,
    snap_length: u32,
) -> impl Iterator<Item = FilterInstruction> {
    const SOURCE: (u32, u32) = (8, 40);
    const DESTINATION: (u32, u32) = (24, 42);
    let bits = address.to_bits();
    [DESTINATION, SOURCE]
        .into_iter()
        .flat_map(move |(address_at, port_at)| {
            let word = move |shift: u32, at: u32, past: u8| {
                let word = u32::try_from((bits >> shift) & 0xffff_ffff).unwrap_or(0);
                [Bpf::ld(base + address_at + at), Bpf::jeq(word, 0, past)]
            };
            let address = [
                word(96, 0, 9),
                word(64, 4, 7),
                word(32, 8, 5),
                word(0, 12, 3),
            ]
            .into_iter()
            .flatten();
            address.chain([
                Bpf::ldh(base + port_at),
                Bpf::jeq(port.into(), 0, 1),
                Bpf::ret(snap_length),
            ])
        })
}

/// The instructions of classic BPF that are used here, by their mnemonics.
///
/// A is the accumulator, X the index register, and `[k]` the packet's bytes at offset k.
type Bpf = FilterInstruction;

impl FilterInstruction {
    const fn new(code: u16, k: u32, jt: u8, jf: u8) -> Self {
        Self { code, jt, jf, k }
    }

    /// `ld [k]`: loads a word into A.
    const fn ld(at: u32) -> Self {
        Self::new(0x20, at, 0, 0)
    }

    /// `ld #pktlen`: loads the packet's length into A.
    const fn ld_len() -> Self {
        Self::new(0x80, 0, 0, 0)
    }

    /// `ldh [k]`: loads a half word into A.
    const fn ldh(at: u32) -> Self {
        Self::new(0x28, at, 0, 0)
    }

    /// `ldb [k]`: loads a byte into A.
    const fn ldb(at: u32) -> Self {
        Self::new(0x30, at, 0, 0)
    }

    /// `ldh [x + k]`: loads a half word at an offset from X, which holds the IPv4 header length.
    const fn ldh_indexed(at: u32) -> Self {
        Self::new(0x48, at, 0, 0)
    }

    /// `ldx 4*([k] & 0xf)`: loads the length of the IPv4 header at an offset into X.
    const fn ldx_ip_header_length(at: u32) -> Self {
        Self::new(0xb1, at, 0, 0)
    }

    /// `and #k`: masks A.
    const fn and(mask: u32) -> Self {
        Self::new(0x54, mask, 0, 0)
    }

    /// `jeq #k`: skips `then` instructions if A is equal, `otherwise` ones if not.
    const fn jeq(value: u32, then: u8, otherwise: u8) -> Self {
        Self::new(0x15, value, then, otherwise)
    }

    /// `jgt #k`: the same if A is greater.
    const fn jgt(value: u32, then: u8, otherwise: u8) -> Self {
        Self::new(0x25, value, then, otherwise)
    }

    /// `jset #k`: the same if A has any of these bits set.
    const fn jset(bits: u32, then: u8, otherwise: u8) -> Self {
        Self::new(0x45, bits, then, otherwise)
    }

    /// `ja k`: skips `count` instructions.
    const fn ja(count: u32) -> Self {
        Self::new(0x05, count, 0, 0)
    }

    /// `ret #k`: accepts this many bytes of the packet; 0 rejects it.
    const fn ret(bytes: u32) -> Self {
        Self::new(0x06, bytes, 0, 0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::PacketBuilder;
    use pcap::{Capture, Linktype};
    use proptest::prelude::*;

    use super::*;

    /// Interprets a program with the semantics of linux/filter.h. A load beyond the packet rejects
    /// it.
    fn run(program: &[FilterInstruction], packet: &[u8]) -> u32 {
        let mut at = 0;
        let mut a = 0_u32;
        let mut x = 0_u32;
        let load = |from: u32, length: usize| -> Option<u32> {
            let from = usize::try_from(from).unwrap();
            let bytes = packet.get(from..from + length)?;
            Some(
                bytes
                    .iter()
                    .fold(0, |value, byte| value << 8 | u32::from(*byte)),
            )
        };
        loop {
            let FilterInstruction { code, jt, jf, k } = program[at];
            at += 1;
            let loaded = match code {
                0x20 => load(k, 4),
                0x28 => load(k, 2),
                0x30 => load(k, 1),
                0x48 => load(x + k, 2),
                0xb1 => {
                    let Some(byte) = load(k, 1) else { return 0 };
                    x = 4 * (byte & 0xf);
                    continue;
                }
                0x54 => Some(a & k),
                0x80 => u32::try_from(packet.len()).ok(),
                0x15 | 0x25 | 0x45 => {
                    let holds = match code {
                        0x15 => a == k,
                        0x25 => a > k,
                        _ => a & k != 0,
                    };
                    at += usize::from(if holds { jt } else { jf });
                    continue;
                }
                0x05 => {
                    at += usize::try_from(k).unwrap();
                    continue;
                }
                0x06 => return k,
                _ => panic!("instruction {code:#x}"),
            };
            let Some(loaded) = loaded else { return 0 };
            a = loaded;
        }
    }

    fn remotes() -> BTreeSet<RemoteAddress> {
        BTreeSet::from([
            ("10.0.0.1".parse().unwrap(), 443),
            ("10.0.0.2".parse().unwrap(), 53),
            ("2001:db8::1".parse().unwrap(), 443),
            ("2001:db8::2:1".parse().unwrap(), 53),
        ])
    }

    /// The same filter as an expression of libpcap.
    fn by_libpcap() -> pcap::BpfProgram {
        let terms: Vec<String> = remotes()
            .iter()
            .map(|(address, port)| {
                let version = if address.is_ipv4() { "ip" } else { "ip6" };
                let to = format!(
                    "({version} dst host {address} and (tcp dst port {port} or udp \
                    dst port {port}))"
                );
                format!("{to} or {}", to.replace("dst", "src"))
            })
            .collect();
        Capture::dead(Linktype::ETHERNET)
            .unwrap()
            .compile(&terms.join(" or "), true)
            .unwrap()
    }

    fn frame(v6: bool, udp: bool, ends: [(u8, u16); 2], change: Option<(usize, u8)>) -> Vec<u8> {
        let address = |last: u8| {
            if v6 {
                [
                    &[0x20, 1, 0xd, 0xb8][..],
                    &[0; 9],
                    &[if last > 1 { 2 } else { 0 }, 0, 1],
                ]
                .concat()
            } else {
                vec![10, 0, 0, last]
            }
        };
        let source = address(ends[0].0);
        let destination = address(ends[1].0);
        let ip = PacketBuilder::ethernet2([2; 6], [4; 6]);
        let ip = if v6 {
            ip.ipv6(
                source.try_into().unwrap(),
                destination.try_into().unwrap(),
                64,
            )
        } else {
            ip.ipv4(
                source.try_into().unwrap(),
                destination.try_into().unwrap(),
                64,
            )
        };
        let mut bytes = Vec::new();
        if udp {
            ip.udp(ends[0].1, ends[1].1)
                .write(&mut bytes, &[0; 9])
                .unwrap();
        } else {
            ip.tcp(ends[0].1, ends[1].1, 1, 1)
                .write(&mut bytes, &[0; 9])
                .unwrap();
        }
        if let Some((at, value)) = change
            && let Some(byte) = bytes.get_mut(at)
        {
            *byte = value;
        }
        bytes
    }

    #[test]
    fn longer_than_accepts_only_longer_frames() {
        for (bytes, given) in [(100, 0), (1_518, 0), (1_519, 9)] {
            assert_eq!(
                run(&longer_than(1_518, vec![Bpf::ret(9)]), &vec![0; bytes]),
                given
            );
        }
    }

    #[test]
    fn block_everything_and_allow_tcp_and_udp_match_their_names() {
        let packet = frame(false, false, [(9, 1), (1, 443)], None);
        assert_eq!(run(&block_everything(), &packet), 0);
        assert_eq!(
            run(&allow_tcp_and_udp(FilterStart::Ethernet, 256), &packet),
            256
        );
        assert_eq!(
            run(&allow_tcp_and_udp(FilterStart::Ip, 256), &packet[14..]),
            256
        );
        let arp = [&[1; 12][..], &[8, 6], &[0; 28]].concat();
        assert_eq!(run(&allow_tcp_and_udp(FilterStart::Ethernet, 256), &arp), 0);
    }

    #[test]
    fn both_directions_of_the_expected_and_of_nothing_else_pass() {
        let program = allow_only(FilterStart::Ethernet, &remotes(), 256);
        for v6 in [false, true] {
            for udp in [false, true] {
                assert_eq!(
                    run(&program, &frame(v6, udp, [(9, 5_000), (1, 443)], None)),
                    256
                );
                assert_eq!(
                    run(&program, &frame(v6, udp, [(1, 443), (9, 5_000)], None)),
                    256
                );
                assert_eq!(
                    run(&program, &frame(v6, udp, [(9, 443), (1, 5_000)], None)),
                    0
                );
            }
        }
    }

    proptest! {
        #[test]
        fn it_decides_as_libpcap_does(
            v6: bool,
            udp: bool,
            source in 0_u8..4,
            destination in 0_u8..4,
            from in prop::sample::select(vec![53_u16, 443, 5_000]),
            to in prop::sample::select(vec![53_u16, 443, 5_000]),
            change in prop::option::of((12_usize..60, any::<u8>())),
            cut in prop::option::of(0_usize..80),
        ) {
            let mut packet = frame(v6, udp, [(source, from), (destination, to)], change);
            packet.truncate(cut.unwrap_or(packet.len()));
            let ours = run(&allow_only(FilterStart::Ethernet, &remotes(), 256), &packet) > 0;
            prop_assert_eq!(ours, by_libpcap().filter(&packet));
            if packet.len() > 14 && packet.get(12..14) == Some(&[8, 0]) && packet[14] >> 4 == 4 {
                let over_ip = run(&allow_only(FilterStart::Ip, &remotes(), 256), &packet[14..]);
                prop_assert_eq!(over_ip > 0, ours);
            }
        }
    }
}
