//! Parsing of a captured frame down to its transport header.

use std::net::{IpAddr, SocketAddr};

use super::fragment::Fragment;
use super::icmp::{self, IcmpError};
use super::ip::{self, IpPacket};
use super::link_type::{LinkType, NetworkProtocol};
use super::transport::{self, Transport, TransportHeader};

/// A parsed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParsedFrame<'a> {
    /// A TCP segment or a UDP datagram.
    Segment(TransportSegment),
    /// A fragment of an IP datagram (RFC 791 §2.3, RFC 8200 §4.5).
    Fragment(Fragment<'a>),
    /// ICMP of IPv4 or IPv6, with the error if it reports that a TCP or UDP packet was not
    /// delivered.
    Icmp(Option<IcmpError>),
    /// ARP (RFC 826).
    Arp,
    /// A protocol that is not parsed here.
    Other,
    /// The headers are truncated or contradictory.
    Unreadable,
}

/// A parsed TCP segment or UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportSegment {
    /// Sender.
    pub source: SocketAddr,
    /// Receiver.
    pub destination: SocketAddr,
    /// Payload length according to the headers; fewer bytes may have been captured. If the IP
    /// header states no length (an aggregate above 64 KiB that never was one packet on a wire), the
    /// frame's length decides.
    pub payload_bytes: u32,
    /// Offset of the payload in the frame, possibly beyond the captured bytes; `None` if it was
    /// reassembled from fragments.
    pub payload_at: Option<u32>,
    /// Its header.
    pub header: TransportHeader,
}

/// Parses a frame, which may be truncated. `frame_bytes` is its length on the link.
pub fn parse_frame(link: LinkType, frame: &[u8], frame_bytes: u32) -> ParsedFrame<'_> {
    match parse_network(link, frame, frame_bytes) {
        Ok((datagram, at)) => parse_ip_payload(frame.get(at..).unwrap_or_default(), &datagram, at),
        Err(other) => other,
    }
}

/// Parses the IP packet in a frame, as [`parse_frame`] does, for its source and destination; `None`
/// for anything else and for what cannot be read.
pub fn parse_ip_addresses(
    link: LinkType,
    frame: &[u8],
    frame_bytes: u32,
) -> Option<(IpAddr, IpAddr)> {
    let (datagram, _) = parse_network(link, frame, frame_bytes).ok()?;
    Some((datagram.source, datagram.destination))
}

/// Parses a frame down to its IP packet, and returns it with its offset.
///
/// # Errors
/// What the frame is instead.
fn parse_network(
    link: LinkType,
    frame: &[u8],
    frame_bytes: u32,
) -> Result<(IpPacket<'_>, usize), ParsedFrame<'_>> {
    let (protocol, at) = link
        .network_protocol(frame)
        .ok_or(ParsedFrame::Unreadable)?;
    let bytes = frame.get(at..).ok_or(ParsedFrame::Unreadable)?;
    let reported = frame_bytes.saturating_sub(u32::try_from(at).unwrap_or(u32::MAX));
    let datagram = match protocol {
        NetworkProtocol::Ipv4 => ip::parse_ipv4(bytes, reported),
        NetworkProtocol::Ipv6 => ip::parse_ipv6(bytes, reported),
        NetworkProtocol::Arp => return Err(ParsedFrame::Arp),
        NetworkProtocol::Other => return Err(ParsedFrame::Other),
    };
    Ok((datagram.ok_or(ParsedFrame::Unreadable)?, at))
}

/// Parses a frame as [`parse_frame`] does; `None` for anything but a whole TCP segment or UDP
/// datagram.
pub fn parse_segment(link: LinkType, frame: &[u8], frame_bytes: u32) -> Option<TransportSegment> {
    match parse_frame(link, frame, frame_bytes) {
        ParsedFrame::Segment(segment) => Some(segment),
        _ => None,
    }
}

/// Parses the payload of an IP packet, `bytes`, that begins at `at` in its frame.
fn parse_ip_payload<'a>(bytes: &'a [u8], datagram: &IpPacket<'a>, at: usize) -> ParsedFrame<'a> {
    if let Some(fragment) = datagram.fragment {
        return ParsedFrame::Fragment(Fragment::new(bytes, datagram, fragment));
    }
    match datagram.protocol {
        icmp::ICMP | icmp::ICMP_V6 => ParsedFrame::Icmp(icmp::parse_icmp_error(datagram)),
        number if Transport::from_protocol_number(number).is_some() => {
            let payload_at = u32::try_from(at + datagram.header_bytes).ok();
            transport::parse_transport(datagram, payload_at)
                .map_or(ParsedFrame::Unreadable, ParsedFrame::Segment)
        }
        _ => ParsedFrame::Other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::{PacketBuilder, TcpOptionElement, VlanId};
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{TcpFlags, TcpHeader};

    const LINKS: [LinkType; 5] = [
        LinkType::Ethernet,
        LinkType::LinuxCooked,
        LinkType::LinuxCooked2,
        LinkType::Raw,
        LinkType::Loopback,
    ];
    const MACS: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    const CLIENT: [u8; 4] = [192, 0, 2, 10];
    const SERVER: [u8; 4] = [192, 0, 2, 1];

    /// A SYN-ACK over IPv4 with payload, without a link header.
    fn tcp_over_ip(payload: usize) -> Vec<u8> {
        let builder = PacketBuilder::ipv4(SERVER, CLIENT, 64)
            .tcp(443, 51_312, 7, 500)
            .syn()
            .ack(9);
        let builder = builder
            .options(&[
                TcpOptionElement::WindowScale(7),
                TcpOptionElement::Noop,
                TcpOptionElement::MaximumSegmentSize(1_460),
            ])
            .unwrap();
        let mut bytes = Vec::new();
        builder.write(&mut bytes, &vec![0_u8; payload]).unwrap();
        bytes
    }

    /// The same segment, parsed; `at` is the offset of the IP header.
    fn syn_ack(payload_bytes: u32, at: u32) -> TransportSegment {
        TransportSegment {
            payload_at: Some(at + 48),
            source: (SERVER, 443).into(),
            destination: (CLIENT, 51_312).into(),
            payload_bytes,
            header: TransportHeader::Tcp(TcpHeader {
                seq: 7,
                ack: 9,
                flags: TcpFlags(0x12),
                window: 500,
                mss: Some(1_460),
                window_scale: Some(7),
                timestamp: None,
            }),
        }
    }

    fn parse_whole(link: LinkType, frame: &[u8]) -> Option<TransportSegment> {
        parse_segment(link, frame, u32::try_from(frame.len()).unwrap())
    }

    #[test]
    fn the_same_packet_is_read_after_every_link_header() {
        let ip = tcp_over_ip(100);
        let ethernet = [&[2_u8; 12][..], &[8, 0]].concat();
        let tagged = [&[2_u8; 12][..], &[0x81, 0, 0, 100, 8, 0]].concat();
        let twice = [&[2_u8; 12][..], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 100, 8, 0]].concat();
        let snap = [&[2_u8; 12][..], &[0, 152, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat();
        let over_ppp = [
            &[2_u8; 12][..],
            &[0x88, 0x64, 0x11, 0, 0, 1, 0, 146, 0, 0x21],
        ]
        .concat();
        let cooked = [&[0_u8; 14][..], &[8, 0]].concat();
        let cooked2 = [&[8, 0][..], &[0_u8; 18]].concat();
        for (link, header) in [
            (LinkType::Ethernet, ethernet),
            (LinkType::Ethernet, tagged),
            (LinkType::Ethernet, twice),
            (LinkType::Ethernet, snap),
            (LinkType::Ethernet, over_ppp),
            (LinkType::LinuxCooked, cooked),
            (LinkType::LinuxCooked2, cooked2),
            (LinkType::Raw, Vec::new()),
            (LinkType::Loopback, vec![2, 0, 0, 0]),
            (LinkType::Loopback, vec![0, 0, 0, 2]),
        ] {
            let at = u32::try_from(header.len()).unwrap();
            assert_eq!(
                parse_whole(link, &[header, ip.clone()].concat()),
                Some(syn_ack(100, at)),
                "{link:?}"
            );
        }
    }

    #[test]
    fn the_timestamp_of_any_segment_is_read_and_other_options_only_of_a_syn() {
        for is_syn in [true, false] {
            let builder = PacketBuilder::ipv4(SERVER, CLIENT, 64).tcp(443, 51_312, 7, 500);
            let builder = if is_syn { builder.syn() } else { builder };
            let builder = builder
                .ack(9)
                .options(&[
                    TcpOptionElement::MaximumSegmentSize(1_460),
                    TcpOptionElement::Timestamp(0xffff_fffe, 3),
                ])
                .unwrap();
            let mut bytes = Vec::new();
            builder.write(&mut bytes, &[]).unwrap();
            let segment = parse_whole(LinkType::Raw, &bytes).unwrap();
            let TransportHeader::Tcp(tcp) = segment.header else {
                panic!("{segment:?}")
            };
            assert_eq!(tcp.timestamp, Some(0xffff_fffe));
            assert_eq!(tcp.mss, is_syn.then_some(1_460));
        }
    }

    #[test]
    fn ipv6_and_udp_are_read_too() {
        let builder = PacketBuilder::ethernet2(MACS.0, MACS.1)
            .single_vlan(VlanId::ZERO)
            .ipv6([1; 16], [2; 16], 64)
            .udp(40_000, 53);
        let mut frame = Vec::new();
        builder.write(&mut frame, &[0; 33]).unwrap();
        let parsed = parse_whole(LinkType::Ethernet, &frame).unwrap();
        assert_eq!(
            (parsed.source, parsed.destination),
            (([1_u8; 16], 40_000).into(), ([2_u8; 16], 53).into())
        );
        assert_eq!(
            (parsed.payload_bytes, parsed.header),
            (33, TransportHeader::Udp)
        );
    }

    #[test]
    fn the_length_comes_from_the_ip_header_not_from_the_capture() {
        let ip = tcp_over_ip(1_000);
        let header = ip.len() - 1_000;
        for captured in header..=ip.len() {
            assert_eq!(
                parse_segment(LinkType::Raw, &ip[..captured], 1_234),
                Some(syn_ack(1_000, 0)),
                "{captured} bytes"
            );
        }
        for captured in 40..header {
            let parsed = parse_segment(LinkType::Raw, &ip[..captured], 1_234).unwrap();
            assert_eq!(parsed.payload_bytes, 1_000, "{captured} bytes");
        }
        for captured in 0..40 {
            assert_eq!(
                parse_frame(LinkType::Raw, &ip[..captured], 1_234),
                ParsedFrame::Unreadable,
                "{captured} bytes"
            );
        }
        let padded = [ip, vec![0; 6]].concat();
        assert_eq!(parse_whole(LinkType::Raw, &padded), Some(syn_ack(1_000, 0)));
    }

    #[test]
    fn an_aggregate_without_a_stated_length_is_as_long_as_its_frame() {
        let mut ip = tcp_over_ip(10);
        let header = u32::try_from(ip.len()).unwrap() - 10;
        ip[2..4].fill(0);
        assert_eq!(
            parse_segment(LinkType::Raw, &ip, 150_000)
                .unwrap()
                .payload_bytes,
            150_000 - header
        );
    }

    #[test]
    fn a_stated_length_shorter_than_the_headers_is_no_payload() {
        let mut ip = tcp_over_ip(10);
        ip[2..4].copy_from_slice(&21_u16.to_be_bytes());
        assert_eq!(
            parse_whole(LinkType::Raw, &ip).map_or(0, |parsed| parsed.payload_bytes),
            0
        );
    }

    #[test]
    fn a_fragment_has_no_transport_header() {
        let mut ip = tcp_over_ip(100);
        ip[6..8].copy_from_slice(&5_u16.to_be_bytes());
        assert!(matches!(
            parse_frame(LinkType::Raw, &ip, 148),
            ParsedFrame::Fragment(_)
        ));
    }

    #[test]
    fn extension_headers_are_passed_over() {
        let mut frame = Vec::new();
        PacketBuilder::ipv6([1; 16], [2; 16], 64)
            .udp(40_000, 53)
            .write(&mut frame, &[0; 33])
            .unwrap();
        // Hop-by-hop options of 8 bytes, authentication of 24, and a fragment header of a whole
        // datagram.
        let extensions = [
            &[51, 0, 1, 4, 0, 0, 0, 0][..],
            &[44, 4],
            &[0; 22],
            &[17, 0, 0, 0, 0, 0, 0, 9],
        ]
        .concat();
        frame[6] = 0;
        frame[5] += u8::try_from(extensions.len()).unwrap();
        frame.splice(40..40, extensions);
        let parsed = parse_whole(LinkType::Raw, &frame).unwrap();
        assert_eq!(
            (parsed.payload_bytes, parsed.payload_at, parsed.header),
            (33, Some(88), TransportHeader::Udp)
        );
        frame[75] = 1;
        assert!(matches!(
            parse_frame(LinkType::Raw, &frame, 121),
            ParsedFrame::Fragment(_)
        ));
    }

    #[test]
    fn other_protocols_are_classified() {
        let arp = [&[2_u8; 12][..], &[8, 6], &[0; 28]].concat();
        assert_eq!(parse_frame(LinkType::Ethernet, &arp, 42), ParsedFrame::Arp);
        let spanning_tree = [&[2_u8; 12][..], &[0, 38, 0x42, 0x42, 3], &[0; 43]].concat();
        assert_eq!(
            parse_frame(LinkType::Ethernet, &spanning_tree, 60),
            ParsedFrame::Other
        );
        let mut sctp = tcp_over_ip(10);
        sctp[9] = 132;
        assert_eq!(parse_frame(LinkType::Raw, &sctp, 58), ParsedFrame::Other);
    }

    #[test]
    fn unknown_numbers_are_no_link() {
        assert_eq!(LinkType::from_number(1), Some(LinkType::Ethernet));
        assert_eq!(LinkType::from_number(127), None);
        assert_eq!(LinkType::from_number(-1), None);
    }

    /// Frames of every supported kind, with their link types.
    fn frames_of_every_kind() -> Vec<(LinkType, Vec<u8>)> {
        let ip = tcp_over_ip(80);
        let with = |header: &[u8], rest: &[u8]| [header, rest].concat();
        let mut six = Vec::new();
        PacketBuilder::ipv6([1; 16], [2; 16], 64)
            .udp(40_000, 53)
            .write(&mut six, &[0; 33])
            .unwrap();
        let mut extended = six.clone();
        extended[6] = 0;
        extended.splice(
            40..40,
            [44, 0, 1, 4, 0, 0, 0, 0, 51, 0, 0, 0, 0, 0, 0, 9, 17, 4]
                .into_iter()
                .chain([0; 22]),
        );
        let quoting =
            |header: &[u8], quoted: &[u8]| with(&with(header, &[3, 3, 0, 0, 0, 0, 0, 0]), quoted);
        let mut fragment = ip.clone();
        fragment[6] = 0x20;
        vec![
            (
                LinkType::Ethernet,
                with(
                    &[&[2_u8; 12][..], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 100, 8, 0]].concat(),
                    &ip,
                ),
            ),
            (
                LinkType::Ethernet,
                with(
                    &[&[2_u8; 12][..], &[0, 152, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat(),
                    &ip,
                ),
            ),
            (
                LinkType::Ethernet,
                with(
                    &[
                        &[2_u8; 12][..],
                        &[0x88, 0x64, 0x11, 0, 0, 1, 0, 146, 0, 0x57],
                    ]
                    .concat(),
                    &six,
                ),
            ),
            (
                LinkType::LinuxCooked,
                with(&[&[0_u8; 14][..], &[0x86, 0xdd]].concat(), &extended),
            ),
            (
                LinkType::LinuxCooked2,
                with(&[&[8, 0][..], &[0_u8; 18]].concat(), &fragment),
            ),
            (
                LinkType::Raw,
                quoting(
                    &[
                        0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 192, 0, 2, 9,
                    ],
                    &ip,
                ),
            ),
            (LinkType::Loopback, with(&[30, 0, 0, 0], &extended)),
        ]
    }

    proptest! {
        #[test]
        fn frames_of_every_kind_are_read_changed_and_cut_without_a_panic(
            kind in 0_usize..7,
            changes in prop::collection::vec((0_usize..120, any::<u8>()), 0..6),
            cut in 0_usize..200,
            frame_bytes: u32,
        ) {
            let (link, mut bytes) = frames_of_every_kind().swap_remove(kind);
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            bytes.truncate(cut);
            let mut fragments = crate::wire::Fragments::default();
            match parse_frame(link, &bytes, frame_bytes) {
                ParsedFrame::Segment(segment) => prop_assert!(segment.payload_bytes <= frame_bytes),
                ParsedFrame::Fragment(fragment) => {
                    let whole = fragments.take(&fragment);
                    prop_assert!(whole.is_none_or(|whole| whole.segment.payload_bytes <= 65_535));
                }
                _ => {}
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            frame_bytes: u32,
        ) {
            for link in LINKS {
                let _ = parse_segment(link, &bytes, frame_bytes);
            }
        }

        #[test]
        fn a_packet_with_some_bytes_changed_and_cut_is_read_without_a_panic(
            changes in prop::collection::vec((0_usize..64, any::<u8>()), 0..6),
            cut in 0_usize..140,
            frame_bytes: u32,
        ) {
            let mut bytes = tcp_over_ip(80);
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            bytes.truncate(cut);
            if let Some(parsed) = parse_segment(LinkType::Raw, &bytes, frame_bytes) {
                prop_assert!(parsed.payload_bytes <= frame_bytes.max(65_575));
            }
        }
    }
}
