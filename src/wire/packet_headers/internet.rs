//! IP headers, field by field (RFC 791 §3.1, RFC 8200 §3).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::checksum::{ChecksumSum, format_checksum};
use super::{FieldBuilder, Layer, PacketHeader};
use crate::wire::ip;

/// An IP header and what it says about its payload.
pub(super) struct ParsedIpHeader {
    pub(super) header: PacketHeader,
    /// `None` for a fragment other than the first, whose payload begins without a header.
    pub(super) payload: Option<IpPayload>,
    /// End of the packet in the frame according to its length field; padding may follow.
    pub(super) end: usize,
}

/// The payload of an IP packet.
pub(super) struct IpPayload {
    pub(super) protocol: u8,
    /// Checksum of the pseudo header (RFC 9293 §3.1), without the length.
    pub(super) pseudo_header: ChecksumSum,
    /// Payload bytes according to the header.
    pub(super) bytes: usize,
    /// It is a fragment or was truncated by the capture, so its checksum cannot be verified.
    pub(super) is_partial: bool,
}

pub(super) fn parse_ip_header(frame: &[u8], at: usize) -> Option<ParsedIpHeader> {
    let bytes = frame.get(at..)?;
    let on_link = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    match bytes.first()? >> 4 {
        4 => parse_ipv4_header(bytes, at, ip::parse_ipv4(bytes, on_link)?.header_bytes),
        6 => parse_ipv6_header(bytes, at, &ip::parse_ipv6(bytes, on_link)?),
        _ => None,
    }
}

fn parse_ipv4_header(bytes: &[u8], at: usize, length: usize) -> Option<ParsedIpHeader> {
    let mut fields = FieldBuilder::new(bytes.get(..length)?, at);
    fields.add("version", 0..1, "4");
    fields.add("header length", 0..1, format!("{length} bytes"));
    fields.add("DSCP", 1..2, (fields.u8(1) >> 2).to_string());
    fields.add("ECN", 1..2, ecn_name(fields.u8(1)));
    let total = usize::from(fields.u16(2));
    fields.add(
        "total length",
        2..4,
        if total == 0 {
            "0: an aggregate too large for the field".to_owned()
        } else {
            total.to_string()
        },
    );
    fields.add("identification", 4..6, format!("0x{:04x}", fields.u16(4)));
    let flags = fields.u8(6) >> 5;
    let offset = usize::from(fields.u16(6) & 0x1fff) * 8;
    fields.add(
        "flags",
        6..7,
        [(2, "DF"), (1, "MF")]
            .into_iter()
            .filter(|(bit, _)| flags & bit != 0)
            .map(|(_, name)| name)
            .collect::<Vec<_>>()
            .join(" "),
    );
    fields.add("fragment offset", 6..8, offset.to_string());
    fields.add("time to live", 8..9, fields.u8(8).to_string());
    let protocol = fields.u8(9);
    fields.add("protocol", 9..10, protocol_name(protocol));
    let sum = ChecksumSum::default().add_bytes(fields.bytes);
    fields.add(
        "checksum",
        10..12,
        format_checksum(fields.u16(10), Some(sum)),
    );
    let addresses = bytes.get(12..20)?;
    fields.add(
        "source",
        12..16,
        Ipv4Addr::from(*addresses.first_chunk::<4>()?).to_string(),
    );
    fields.add(
        "destination",
        16..20,
        Ipv4Addr::from(*addresses.last_chunk::<4>()?).to_string(),
    );
    if length > 20 {
        fields.add("options", 20..length, format!("{} bytes", length - 20));
    }
    let stated = if total < length { bytes.len() } else { total };
    let pseudo_header = ChecksumSum::default()
        .add_bytes(addresses)
        .add_word(u16::from(protocol));
    let is_partial = flags & 1 != 0 || offset > 0 || stated > bytes.len();
    let payload = (offset == 0).then(|| IpPayload {
        protocol,
        pseudo_header,
        bytes: stated - length,
        is_partial,
    });
    Some(ParsedIpHeader {
        header: fields.finish(Layer::Internet, "IPv4"),
        payload,
        end: at + stated,
    })
}

fn parse_ipv6_header(
    bytes: &[u8],
    at: usize,
    datagram: &ip::IpPacket<'_>,
) -> Option<ParsedIpHeader> {
    let length = datagram.header_bytes;
    let mut fields = FieldBuilder::new(bytes.get(..length)?, at);
    fields.add("version", 0..1, "6");
    let class = u8::try_from((fields.u16(0) >> 4) & 0xff).unwrap_or_default();
    fields.add("DSCP", 0..2, (class >> 2).to_string());
    fields.add("ECN", 1..2, ecn_name(class));
    fields.add(
        "flow label",
        1..4,
        format!("0x{:05x}", fields.u32(0) & 0x000f_ffff),
    );
    let payload = usize::from(fields.u16(4));
    fields.add(
        "payload length",
        4..6,
        if payload == 0 {
            "0: an aggregate too large for the field".to_owned()
        } else {
            payload.to_string()
        },
    );
    fields.add("next header", 6..7, protocol_name(fields.u8(6)));
    fields.add("hop limit", 7..8, fields.u8(7).to_string());
    let addresses = bytes.get(8..40)?;
    fields.add(
        "source",
        8..24,
        Ipv6Addr::from(*addresses.first_chunk::<16>()?).to_string(),
    );
    fields.add(
        "destination",
        24..40,
        Ipv6Addr::from(*addresses.last_chunk::<16>()?).to_string(),
    );
    if length > 40 {
        fields.add(
            "extension headers",
            40..length,
            format!(
                "{} bytes, then {}",
                length - 40,
                protocol_name(datagram.protocol)
            ),
        );
    }
    let stated = if payload == 0 {
        bytes.len()
    } else {
        payload + 40
    }
    .max(length);
    let pseudo_header = ChecksumSum::default()
        .add_bytes(addresses)
        .add_word(u16::from(datagram.protocol));
    let first = datagram.fragment.is_none_or(|piece| piece.offset == 0);
    let is_partial = datagram.fragment.is_some() || stated > bytes.len();
    let payload = first.then(|| IpPayload {
        protocol: datagram.protocol,
        pseudo_header,
        bytes: stated - length,
        is_partial,
    });
    Some(ParsedIpHeader {
        header: fields.finish(Layer::Internet, "IPv6"),
        payload,
        end: at + stated,
    })
}

/// Explicit congestion notification (RFC 3168 §5).
const fn ecn_name(byte: u8) -> &'static str {
    match byte & 3 {
        0 => "not capable",
        1 => "capable (1)",
        2 => "capable (0)",
        _ => "congestion experienced",
    }
}

/// Protocol name in IANA's registry, with its number.
fn protocol_name(number: u8) -> String {
    let name = match number {
        0 => "hop-by-hop options",
        1 => "ICMP",
        2 => "IGMP",
        6 => "TCP",
        17 => "UDP",
        43 => "routing",
        44 => "fragment",
        47 => "GRE",
        50 => "ESP",
        51 => "authentication",
        58 => "ICMPv6",
        60 => "destination options",
        89 => "OSPF",
        132 => "SCTP",
        _ => return number.to_string(),
    };
    format!("{name} ({number})")
}
