//! A captured frame, read down to its transport header.

use std::net::{IpAddr, SocketAddr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TcpOptionElement, TcpSlice, TransportSlice};

use super::Link;

/// What the headers of a frame say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Sender.
    pub source: SocketAddr,
    /// Receiver.
    pub destination: SocketAddr,
    /// Payload of the transport layer, as the IP header states it; the bytes at hand may hold less. Where the IP header states
    /// no length (an aggregate above 64 KiB that never was one packet on a wire) the frame's length decides.
    pub payload_bytes: u32,
    /// The transport header.
    pub kind: SegmentKind,
}

/// What a frame carries over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// A TCP segment.
    Tcp(TcpSegment),
    /// A UDP datagram.
    Udp,
}

/// The fields of a TCP header (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpSegment {
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgment number.
    pub ack: u32,
    /// The flags' low byte.
    pub flags: u8,
    /// Window field, unscaled.
    pub window: u16,
    /// The maximum segment size option.
    pub mss: Option<u16>,
}

/// Reads a frame that may be cut short. `frame_bytes` is its length on the link. `None` for what is no TCP or UDP over IP, for
/// fragments, and where the capture ends before the transport header does.
pub fn segment_of(link: Link, frame: &[u8], frame_bytes: u32) -> Option<Segment> {
    let sliced = link.slice(frame)?;
    let (source, destination) = addresses(&sliced)?;
    let (ports, header, kind) = transport(sliced.transport.as_ref()?)?;
    let carried = carried(&sliced, frame, header, frame_bytes)?;
    Some(Segment {
        source: SocketAddr::new(source, ports.0),
        destination: SocketAddr::new(destination, ports.1),
        payload_bytes: carried.saturating_sub(u32::try_from(header.len()).ok()?),
        kind,
    })
}

fn addresses(sliced: &LaxSlicedPacket) -> Option<(IpAddr, IpAddr)> {
    match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => Some((ip.header().source_addr().into(), ip.header().destination_addr().into())),
        LaxNetSlice::Ipv6(ip) => Some((ip.header().source_addr().into(), ip.header().destination_addr().into())),
        LaxNetSlice::Arp(_) => None,
    }
}

/// Both ports, the header's bytes and what it says.
fn transport<'a>(slice: &TransportSlice<'a>) -> Option<((u16, u16), &'a [u8], SegmentKind)> {
    match slice {
        TransportSlice::Tcp(tcp) => Some(((tcp.source_port(), tcp.destination_port()), tcp.header_slice(), SegmentKind::Tcp(tcp_of(tcp)))),
        TransportSlice::Udp(udp) => Some(((udp.source_port(), udp.destination_port()), udp.header_slice(), SegmentKind::Udp)),
        _ => None,
    }
}

fn tcp_of(tcp: &TcpSlice) -> TcpSegment {
    const FLAGS: usize = 13;
    let mss = tcp.options_iterator().map_while(Result::ok).find_map(|option| match option {
        TcpOptionElement::MaximumSegmentSize(mss) => Some(mss),
        _ => None,
    });
    TcpSegment {
        seq: tcp.sequence_number(),
        ack: tcp.acknowledgment_number(),
        flags: tcp.header_slice().get(FLAGS).copied().unwrap_or(0),
        window: tcp.window_size(),
        mss,
    }
}

/// Transport header and payload together, by the IP header's length field.
fn carried(sliced: &LaxSlicedPacket, frame: &[u8], header: &[u8], frame_bytes: u32) -> Option<u32> {
    let (ip_header, stated) = match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => (offset_in(frame, ip.header().slice())?, u32::from(ip.header().total_len())),
        LaxNetSlice::Ipv6(ip) => {
            let fixed = ip.header().slice();
            let payload = u32::from(ip.header().payload_length());
            (offset_in(frame, fixed)?, if payload == 0 { 0 } else { payload.saturating_add(u32::try_from(fixed.len()).ok()?) })
        }
        LaxNetSlice::Arp(_) => return None,
    };
    let transport = offset_in(frame, header)?;
    let before = if stated == 0 { transport } else { transport.checked_sub(ip_header)? };
    Some((if stated == 0 { frame_bytes } else { stated }).saturating_sub(before))
}

/// Where `part`, a slice of `whole`, begins in it.
fn offset_in(whole: &[u8], part: &[u8]) -> Option<u32> {
    u32::try_from(part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::{PacketBuilder, VlanId};
    use proptest::prelude::*;

    use super::*;

    const LINKS: [Link; 5] = [Link::Ethernet, Link::LinuxCooked, Link::LinuxCooked2, Link::Raw, Link::Loopback];
    const MACS: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    const CLIENT: [u8; 4] = [192, 0, 2, 10];
    const SERVER: [u8; 4] = [192, 0, 2, 1];

    /// A SYN-ACK over IPv4 with payload, without a link header.
    fn tcp_over_ip(payload: usize) -> Vec<u8> {
        let builder = PacketBuilder::ipv4(SERVER, CLIENT, 64).tcp(443, 51_312, 7, 500).syn().ack(9);
        let builder = builder.options(&[TcpOptionElement::Noop, TcpOptionElement::MaximumSegmentSize(1_460)]).unwrap();
        let mut bytes = Vec::new();
        builder.write(&mut bytes, &vec![0_u8; payload]).unwrap();
        bytes
    }

    fn syn_ack(payload_bytes: u32) -> Segment {
        Segment {
            source: (SERVER, 443).into(),
            destination: (CLIENT, 51_312).into(),
            payload_bytes,
            kind: SegmentKind::Tcp(TcpSegment { seq: 7, ack: 9, flags: 0x12, window: 500, mss: Some(1_460) }),
        }
    }

    fn whole(link: Link, frame: &[u8]) -> Option<Segment> {
        segment_of(link, frame, u32::try_from(frame.len()).unwrap())
    }

    #[test]
    fn the_same_packet_is_read_after_every_link_header() {
        let ip = tcp_over_ip(100);
        let ethernet = [&[2_u8; 12][..], &[8, 0]].concat();
        let tagged = [&[2_u8; 12][..], &[0x81, 0, 0, 100, 8, 0]].concat();
        let cooked = [&[0_u8; 14][..], &[8, 0]].concat();
        let cooked2 = [&[8, 0][..], &[0_u8; 18]].concat();
        for (link, header) in [
            (Link::Ethernet, ethernet),
            (Link::Ethernet, tagged),
            (Link::LinuxCooked, cooked),
            (Link::LinuxCooked2, cooked2),
            (Link::Raw, Vec::new()),
            (Link::Loopback, vec![2, 0, 0, 0]),
        ] {
            assert_eq!(whole(link, &[header, ip.clone()].concat()), Some(syn_ack(100)), "{link:?}");
        }
    }

    #[test]
    fn ipv6_and_udp_are_read_too() {
        let builder = PacketBuilder::ethernet2(MACS.0, MACS.1).single_vlan(VlanId::ZERO).ipv6([1; 16], [2; 16], 64).udp(40_000, 53);
        let mut frame = Vec::new();
        builder.write(&mut frame, &[0; 33]).unwrap();
        let read = whole(Link::Ethernet, &frame).unwrap();
        assert_eq!((read.source, read.destination), (([1_u8; 16], 40_000).into(), ([2_u8; 16], 53).into()));
        assert_eq!((read.payload_bytes, read.kind), (33, SegmentKind::Udp));
    }

    #[test]
    fn the_ip_header_tells_the_length_whatever_was_captured() {
        let ip = tcp_over_ip(1_000);
        let header = ip.len() - 1_000;
        for captured in header..=ip.len() {
            assert_eq!(segment_of(Link::Raw, &ip[..captured], 1_234), Some(syn_ack(1_000)), "{captured} bytes");
        }
        for captured in 0..header {
            assert_eq!(segment_of(Link::Raw, &ip[..captured], 1_234), None, "{captured} bytes");
        }
        let padded = [ip, vec![0; 6]].concat();
        assert_eq!(whole(Link::Raw, &padded), Some(syn_ack(1_000)));
    }

    #[test]
    fn an_aggregate_without_a_stated_length_is_as_long_as_its_frame() {
        let mut ip = tcp_over_ip(10);
        let header = u32::try_from(ip.len()).unwrap() - 10;
        ip[2..4].fill(0);
        assert_eq!(segment_of(Link::Raw, &ip, 150_000).unwrap().payload_bytes, 150_000 - header);
    }

    #[test]
    fn a_stated_length_shorter_than_the_headers_is_no_payload() {
        let mut ip = tcp_over_ip(10);
        ip[2..4].copy_from_slice(&21_u16.to_be_bytes());
        assert_eq!(whole(Link::Raw, &ip).map_or(0, |read| read.payload_bytes), 0);
    }

    #[test]
    fn a_fragment_has_no_transport_header() {
        let mut ip = tcp_over_ip(100);
        ip[6..8].copy_from_slice(&5_u16.to_be_bytes());
        assert_eq!(whole(Link::Raw, &ip), None);
    }

    #[test]
    fn unknown_numbers_are_no_link() {
        assert_eq!(Link::from_number(1), Some(Link::Ethernet));
        assert_eq!(Link::from_number(127), None);
        assert_eq!(Link::from_number(-1), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), frame_bytes: u32) {
            for link in LINKS {
                let _ = segment_of(link, &bytes, frame_bytes);
            }
        }

        #[test]
        fn a_packet_with_some_bytes_changed_and_cut_is_read_without_a_panic(
            changes in prop::collection::vec((0_usize..64, any::<u8>()), 0..6), cut in 0_usize..140, frame_bytes: u32,
        ) {
            let mut bytes = tcp_over_ip(80);
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            bytes.truncate(cut);
            if let Some(read) = segment_of(Link::Raw, &bytes, frame_bytes) {
                prop_assert!(read.payload_bytes <= frame_bytes.max(65_575));
            }
        }
    }
}
