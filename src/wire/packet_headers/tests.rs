#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use etherparse::{PacketBuilder, TcpOptionElement};
use proptest::prelude::*;

use super::*;

const MACS: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);

fn tcp_frame() -> Vec<u8> {
    let builder = PacketBuilder::ethernet2(MACS.0, MACS.1)
        .ipv4([192, 0, 2, 1], [192, 0, 2, 10], 64)
        .tcp(443, 51_312, 7, 500);
    let builder = builder
        .psh()
        .ack(9)
        .options(&[TcpOptionElement::Noop, TcpOptionElement::Timestamp(5, 6)])
        .unwrap();
    let mut bytes = Vec::new();
    builder.write(&mut bytes, b"hello").unwrap();
    bytes
}

fn field_value<'a>(anatomy: &'a PacketHeaders, header: usize, name: &str) -> &'a str {
    &anatomy.headers[header]
        .fields
        .iter()
        .find(|field| field.name == name)
        .unwrap()
        .value
}

#[test]
fn headers_are_nested_and_the_rest_is_payload() {
    let mut bytes = tcp_frame();
    // Padding to the minimum frame length.
    bytes.extend([0; 3]);
    let whole = parse_headers(LinkType::Ethernet, &bytes);
    let ranges: Vec<_> = whole
        .headers
        .iter()
        .map(|header| (header.layer, header.name, header.range.clone()))
        .collect();
    let expected = [
        (Layer::Link, "Ethernet II", 0..14),
        (Layer::Internet, "IPv4", 14..34),
        (Layer::Transport, "TCP", 34..66),
    ];
    assert_eq!(ranges, expected);
    assert_eq!(&bytes[whole.payload.clone()], b"hello");
    assert_eq!(field_value(&whole, 0, "type"), "IPv4 (0x0800)");
    assert_eq!(
        (
            field_value(&whole, 1, "source"),
            field_value(&whole, 1, "protocol")
        ),
        ("192.0.2.1", "TCP (6)")
    );
    assert_eq!(
        (
            field_value(&whole, 2, "flags"),
            field_value(&whole, 2, "options")
        ),
        ("ACK PSH", "timestamp 5 echo 6")
    );
    assert!(
        field_value(&whole, 1, "checksum").ends_with(" correct")
            && field_value(&whole, 2, "checksum").ends_with(" correct")
    );
    bytes[50] ^= 1;
    assert!(
        field_value(&parse_headers(LinkType::Ethernet, &bytes), 2, "checksum")
            .contains(" incorrect")
    );
}

#[test]
fn truncated_packets_are_parsed_as_far_as_possible() {
    let bytes = tcp_frame();
    for end in 0..bytes.len() {
        let cut = parse_headers(LinkType::Ethernet, &bytes[..end]);
        assert!(
            cut.payload.end <= end && cut.headers.iter().all(|header| header.range.end <= end),
            "{end}"
        );
        assert_eq!(
            cut.headers.len(),
            usize::from(end >= 14) + usize::from(end >= 34) + usize::from(end >= 66),
            "{end}"
        );
    }
    assert!(
        field_value(
            &parse_headers(LinkType::Ethernet, &bytes[..68]),
            2,
            "checksum"
        )
        .ends_with("not verified")
    );
}

#[test]
fn ipv6_with_udp_over_a_vlan() {
    let builder = PacketBuilder::ethernet2(MACS.0, MACS.1)
        .single_vlan(etherparse::VlanId::try_new(42).unwrap());
    let builder = builder.ipv6([0xfd; 16], [0xfe; 16], 7).udp(53, 4_000);
    let mut bytes = Vec::new();
    builder.write(&mut bytes, &[1, 2, 3]).unwrap();
    let whole = parse_headers(LinkType::Ethernet, &bytes);
    assert_eq!(field_value(&whole, 0, "VLAN"), "42 priority 0");
    assert_eq!(
        (
            field_value(&whole, 1, "hop limit"),
            field_value(&whole, 1, "next header")
        ),
        ("7", "UDP (17)")
    );
    assert_eq!(
        (
            field_value(&whole, 2, "length"),
            whole.headers[2].range.len()
        ),
        ("11", 8)
    );
    assert!(field_value(&whole, 2, "checksum").ends_with(" correct"));
    assert_eq!(&bytes[whole.payload], [1, 2, 3]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
        kind in 0_usize..5,
        plausible in any::<bool>(),
    ) {
        let kind = [
            LinkType::Ethernet,
            LinkType::LinuxCooked,
            LinkType::LinuxCooked2,
            LinkType::Raw,
            LinkType::Loopback,
        ][kind];
        if plausible && bytes.len() > 34 {
            bytes[12..15].copy_from_slice(&[8, 0, 0x45]);
            bytes[23] = 6;
        }
        let whole = parse_headers(kind, &bytes);
        prop_assert!(whole.payload.start <= whole.payload.end && whole.payload.end <= bytes.len());
        let mut at = 0;
        for header in &whole.headers {
            prop_assert!(header.range.start == at && header.range.end <= bytes.len());
            for field in &header.fields {
                prop_assert!(header.range.start <= field.range.start);
                prop_assert!(field.range.end <= header.range.end);
            }
            at = header.range.end;
        }
        prop_assert_eq!(at, whole.payload.start);
    }
}
