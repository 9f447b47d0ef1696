//! The kernel's filter as a program of the classic packet filter (linux/filter.h).
//!
//! Generated and not compiled from text: a run learns its addresses right before it sends to them,
//! and libpcap's compiler takes a millisecond for a dozen of them where this takes microseconds.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::packet_filter::RemoteAddress;
use crate::sys::FilterInstruction;

/// Where the socket's view of a packet begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilterStart {
    /// At an Ethernet header.
    Ethernet,
    /// At the IP header.
    Ip,
}

/// Lets nothing through.
pub(super) fn block_everything() -> Vec<FilterInstruction> {
    vec![ret(0)]
}

/// Lets TCP and UDP between anybody and these through, up to `snap_length` bytes each. Fragments
/// but the first, which have no ports, and IPv6 packets with extension headers are left out.
pub(super) fn allow_only(
    start: FilterStart,
    remotes: &BTreeSet<RemoteAddress>,
    snap_length: u32,
) -> Vec<FilterInstruction> {
    let base = start.ip();
    let (mut over_v4, mut over_v6) = (Vec::new(), Vec::new());
    for &(address, port) in remotes {
        match address {
            IpAddr::V4(address) => over_v4.extend(match_ipv4(base, address, port, snap_length)),
            IpAddr::V6(address) => over_v6.extend(match_ipv6(base, address, port, snap_length)),
        }
    }
    branch_on_ip_version(start, over_v4, over_v6)
}

/// Lets all TCP and UDP through.
pub(super) fn allow_tcp_and_udp(start: FilterStart, snap_length: u32) -> Vec<FilterInstruction> {
    branch_on_ip_version(start, vec![ret(snap_length)], vec![ret(snap_length)])
}

/// The same of frames longer than `bytes`.
pub(super) fn longer_than(bytes: u32, program: Vec<FilterInstruction>) -> Vec<FilterInstruction> {
    [ld_len(), jgt(bytes, 1, 0), ret(0)]
        .into_iter()
        .chain(program)
        .collect()
}

impl FilterStart {
    /// Where the IP header is.
    const fn ip(self) -> u32 {
        match self {
            Self::Ethernet => 14,
            Self::Ip => 0,
        }
    }
}

const TCP: u32 = 6;
const UDP: u32 = 17;

/// The program that does the one for IPv4 packets with ports (the length of their header in X) and
/// the other for IPv6 ones, and lets through nothing else.
fn branch_on_ip_version(
    start: FilterStart,
    over_v4: Vec<FilterInstruction>,
    over_v6: Vec<FilterInstruction>,
) -> Vec<FilterInstruction> {
    let base = start.ip();
    let (v4, v6) = match start {
        FilterStart::Ethernet => (0x0800, 0x86dd),
        FilterStart::Ip => (0x40, 0x60),
    };
    let mut program = match start {
        FilterStart::Ethernet => vec![ldh(12)],
        FilterStart::Ip => vec![ldb(0), and(0xf0)],
    };
    let mut first = require_tcp_or_udp(base + 9);
    first.extend([
        ldh(base + 6),
        jset(0x1fff, 0, 1),
        ret(0),
        ldx_ip_header_length(base),
    ]);
    first.extend(over_v4);
    first.push(ret(0));
    let past_first = u32::try_from(first.len())
        .unwrap_or(u32::MAX)
        .saturating_add(2);
    program.extend([jeq(v6, 0, 1), ja(past_first), jeq(v4, 1, 0), ret(0)]);
    program.extend(first);
    program.extend(require_tcp_or_udp(base + 6));
    program.extend(over_v6);
    program.push(ret(0));
    program
}

/// Goes on with TCP and UDP only, by the protocol field at an offset.
fn require_tcp_or_udp(protocol: u32) -> Vec<FilterInstruction> {
    vec![ldb(protocol), jeq(TCP, 2, 0), jeq(UDP, 1, 0), ret(0)]
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
                ld(base + address_at),
                jeq(address.into(), 0, 3),
                ldh_indexed(base + port_at),
                jeq(port.into(), 0, 1),
                ret(snap_length),
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
                [ld(base + address_at + at), jeq(word, 0, past)]
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
                ldh(base + port_at),
                jeq(port.into(), 0, 1),
                ret(snap_length),
            ])
        })
}

const fn bpf_instruction(code: u16, k: u32, jt: u8, jf: u8) -> FilterInstruction {
    FilterInstruction { code, jt, jf, k }
}

const fn ld(at: u32) -> FilterInstruction {
    bpf_instruction(0x20, at, 0, 0)
}

const fn ld_len() -> FilterInstruction {
    bpf_instruction(0x80, 0, 0, 0)
}

const fn ldh(at: u32) -> FilterInstruction {
    bpf_instruction(0x28, at, 0, 0)
}

const fn ldb(at: u32) -> FilterInstruction {
    bpf_instruction(0x30, at, 0, 0)
}

/// Loads what lies at an offset beyond the IPv4 header, whose length X holds.
const fn ldh_indexed(at: u32) -> FilterInstruction {
    bpf_instruction(0x48, at, 0, 0)
}

/// Sets X to the length of the IPv4 header at an offset.
const fn ldx_ip_header_length(at: u32) -> FilterInstruction {
    bpf_instruction(0xb1, at, 0, 0)
}

const fn and(mask: u32) -> FilterInstruction {
    bpf_instruction(0x54, mask, 0, 0)
}

/// Skips `then` instructions if what was loaded is equal, `otherwise` ones if not.
const fn jeq(value: u32, then: u8, otherwise: u8) -> FilterInstruction {
    bpf_instruction(0x15, value, then, otherwise)
}

const fn jgt(value: u32, then: u8, otherwise: u8) -> FilterInstruction {
    bpf_instruction(0x25, value, then, otherwise)
}

const fn jset(bits: u32, then: u8, otherwise: u8) -> FilterInstruction {
    bpf_instruction(0x45, bits, then, otherwise)
}

const fn ja(count: u32) -> FilterInstruction {
    bpf_instruction(0x05, count, 0, 0)
}

/// Ends: lets so many bytes of the packet through; none is not at all.
const fn ret(bytes: u32) -> FilterInstruction {
    bpf_instruction(0x06, bytes, 0, 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::PacketBuilder;
    use pcap::{Capture, Linktype};
    use proptest::prelude::*;

    use super::*;

    /// Runs a program as linux/filter.h means it. A load beyond the packet lets nothing through.
    fn run(program: &[FilterInstruction], packet: &[u8]) -> u32 {
        let (mut at, mut a, mut x) = (0, 0_u32, 0_u32);
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

    /// The same filter in libpcap's words.
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
        let (source, destination) = (address(ends[0].0), address(ends[1].0));
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
    fn only_what_is_longer_passes() {
        for (bytes, given) in [(100, 0), (1_518, 0), (1_519, 9)] {
            assert_eq!(
                run(&longer_than(1_518, vec![ret(9)]), &vec![0; bytes]),
                given
            );
        }
    }

    #[test]
    fn nothing_and_all_are_what_they_say() {
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
            v6: bool, udp: bool, source in 0_u8..4, destination in 0_u8..4,
            from in prop::sample::select(vec![53_u16, 443, 5_000]), to in prop::sample::select(vec![53_u16, 443, 5_000]),
            change in prop::option::of((12_usize..60, any::<u8>())), cut in prop::option::of(0_usize..80),
        ) {
            let mut packet = frame(v6, udp, [(source, from), (destination, to)], change);
            packet.truncate(cut.unwrap_or(packet.len()));
            let ours = run(&allow_only(FilterStart::Ethernet, &remotes(), 256), &packet) > 0;
            prop_assert_eq!(ours, by_libpcap().filter(&packet));
            if packet.len() > 14 && packet.get(12..14) == Some(&[8, 0]) && packet[14] >> 4 == 4 {
                prop_assert_eq!(run(&allow_only(FilterStart::Ip, &remotes(), 256), &packet[14..]) > 0, ours);
            }
        }
    }
}
