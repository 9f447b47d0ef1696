//! Link headers: Ethernet II (IEEE 802.3 §3.2) with VLAN tags (IEEE 802.1Q §9.6), Linux cooked
//! captures, and BSD loopback.

use super::{FieldBuilder, Layer, PacketHeader};
use crate::wire::LinkType;

pub(super) fn parse_link_header(kind: LinkType, bytes: &[u8]) -> Option<PacketHeader> {
    let fields = FieldBuilder::new(bytes, 0);
    match kind {
        LinkType::Ethernet => Some(ethernet_header(fields)),
        LinkType::LinuxCooked => Some(linux_cooked_header(fields)),
        LinkType::LinuxCooked2 => Some(linux_cooked_v2_header(fields)),
        LinkType::Loopback => Some(loopback_header(fields)),
        LinkType::Raw => None,
    }
}

fn ethernet_header(mut fields: FieldBuilder<'_>) -> PacketHeader {
    fields.add("destination", 0..6, format_mac(fields.bytes.get(..6)));
    fields.add("source", 6..12, format_mac(fields.bytes.get(6..12)));
    let mut at = 12;
    while at + 6 <= fields.bytes.len()
        && matches!(fields.u16(at), 0x8100 | 0x88a8 | 0x9100 | 0x9200)
    {
        let tag = fields.u16(at + 2);
        fields.add(
            "VLAN",
            at..at + 4,
            format!("{} priority {}", tag & 0x0fff, tag >> 13),
        );
        at += 4;
    }
    fields.add("type", at..at + 2, ether_type(fields.u16(at)));
    fields.finish(Layer::Link, "Ethernet II")
}

/// `LINUX_SLL`: packet type 2, address type 2, address length 2, address 8, protocol 2.
fn linux_cooked_header(mut fields: FieldBuilder<'_>) -> PacketHeader {
    fields.add("packet type", 0..2, packet_type(fields.u16(0)));
    let length = usize::from(fields.u16(4)).min(8);
    fields.add("source", 6..14, format_mac(fields.bytes.get(6..6 + length)));
    fields.add("protocol", 14..16, ether_type(fields.u16(14)));
    fields.finish(Layer::Link, "Linux cooked")
}

/// `LINUX_SLL2`: protocol 2, reserved 2, interface 4, address type 2, packet type 1, address length
/// 1, address 8.
fn linux_cooked_v2_header(mut fields: FieldBuilder<'_>) -> PacketHeader {
    fields.add("protocol", 0..2, ether_type(fields.u16(0)));
    fields.add("interface", 4..8, fields.u32(4).to_string());
    fields.add("packet type", 10..11, packet_type(u16::from(fields.u8(10))));
    let length = usize::from(fields.u8(11)).min(8);
    fields.add(
        "source",
        12..20,
        format_mac(fields.bytes.get(12..12 + length)),
    );
    fields.finish(Layer::Link, "Linux cooked v2")
}

fn loopback_header(mut fields: FieldBuilder<'_>) -> PacketHeader {
    let family = fields.u8(0).max(fields.u8(3));
    fields.add(
        "family",
        0..4,
        format!("{} ({family})", if family == 2 { "IPv4" } else { "IPv6" }),
    );
    fields.finish(Layer::Link, "Loopback")
}

fn format_mac(address: Option<&[u8]>) -> String {
    let pairs: Vec<String> = address
        .unwrap_or_default()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    pairs.join(":")
}

fn packet_type(number: u16) -> &'static str {
    match number {
        0 => "to this host",
        1 => "broadcast",
        2 => "multicast",
        3 => "to another host",
        4 => "from this host",
        _ => "unknown",
    }
}

fn ether_type(number: u16) -> String {
    let name = match number {
        0x0800 => "IPv4",
        0x86dd => "IPv6",
        0x0806 => "ARP",
        0x8864 => "PPP over Ethernet",
        0..=1500 => return format!("length {number}"),
        _ => return format!("0x{number:04x}"),
    };
    format!("{name} (0x{number:04x})")
}
