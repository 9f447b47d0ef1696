//! TCP headers (RFC 9293 §3.1) with their options, and UDP headers (RFC 768), field by field.

use super::checksum::format_checksum;
use super::internet::IpPayload;
use super::{FieldBuilder, Layer, PacketHeader};
use crate::wire::Transport;
use crate::wire::tcp_options::{TcpOption, TcpOptions, sack_blocks};

const FLAGS: [(u8, &str); 8] = [
    (0x80, "CWR"),
    (0x40, "ECE"),
    (0x20, "URG"),
    (0x10, "ACK"),
    (0x08, "PSH"),
    (0x04, "RST"),
    (0x02, "SYN"),
    (0x01, "FIN"),
];

pub(super) fn parse_transport_header(
    ip_payload: &IpPayload,
    frame: &[u8],
    at: usize,
) -> Option<PacketHeader> {
    let bytes = frame.get(at..)?;
    match Transport::from_protocol_number(ip_payload.protocol)? {
        Transport::Tcp => tcp_header(ip_payload, bytes, at),
        Transport::Udp => udp_header(ip_payload, bytes, at),
    }
}

fn tcp_header(ip_payload: &IpPayload, bytes: &[u8], at: usize) -> Option<PacketHeader> {
    const FIXED: usize = 20;
    let length = usize::from(bytes.get(12)? >> 4) * 4;
    if length < FIXED {
        return None;
    }
    let header = bytes.get(..length)?;
    let mut fields = FieldBuilder::new(header, at);
    fields.add("source port", 0..2, fields.u16(0).to_string());
    fields.add("destination port", 2..4, fields.u16(2).to_string());
    fields.add("sequence number", 4..8, fields.u32(4).to_string());
    fields.add("acknowledgment number", 8..12, fields.u32(8).to_string());
    fields.add("data offset", 12..13, format!("{length} bytes"));
    let flags = fields.u8(13);
    let names: Vec<&str> = FLAGS
        .into_iter()
        .filter(|(bit, _)| flags & bit != 0)
        .map(|(_, name)| name)
        .collect();
    fields.add("flags", 13..14, names.join(" "));
    fields.add("window", 14..16, fields.u16(14).to_string());
    fields.add(
        "checksum",
        16..18,
        check_transport_checksum(fields.u16(16), ip_payload, bytes),
    );
    let urgent = fields.u16(18);
    if urgent > 0 || flags & 0x20 != 0 {
        fields.add("urgent pointer", 18..20, urgent.to_string());
    }
    if let Some(options) = header.get(FIXED..).filter(|options| !options.is_empty()) {
        fields.add("options", FIXED..length, format_tcp_options(options));
    }
    Some(fields.finish(Layer::Transport, "TCP"))
}

fn udp_header(ip_payload: &IpPayload, bytes: &[u8], at: usize) -> Option<PacketHeader> {
    let mut fields = FieldBuilder::new(bytes.get(..8)?, at);
    fields.add("source port", 0..2, fields.u16(0).to_string());
    fields.add("destination port", 2..4, fields.u16(2).to_string());
    fields.add("length", 4..6, fields.u16(4).to_string());
    let sum = fields.u16(6);
    fields.add(
        "checksum",
        6..8,
        if sum == 0 {
            "none".to_owned()
        } else {
            check_transport_checksum(sum, ip_payload, bytes)
        },
    );
    Some(fields.finish(Layer::Transport, "UDP"))
}

fn check_transport_checksum(stated: u16, ip_payload: &IpPayload, bytes: &[u8]) -> String {
    let complete = bytes
        .get(..ip_payload.bytes)
        .filter(|_| !ip_payload.is_partial);
    format_checksum(
        stated,
        complete.map(|complete| {
            ip_payload
                .pseudo_header
                .add_length(ip_payload.bytes)
                .add_bytes(complete)
        }),
    )
}

fn format_tcp_options(bytes: &[u8]) -> String {
    let formatted = TcpOptions(bytes).map(|option| match option {
        TcpOption::MaximumSegmentSize(bytes) => format!("MSS {bytes}"),
        TcpOption::WindowScale(bits) => format!("window scale {bits}"),
        TcpOption::SackPermitted => "SACK permitted".to_owned(),
        TcpOption::Sack(blocks) => {
            let blocks = sack_blocks(blocks).map(|(from, to)| format!("{from}-{to}"));
            format!("SACK {}", blocks.collect::<Vec<_>>().join(" "))
        }
        TcpOption::Timestamps { value, echo } => format!("timestamp {value} echo {echo}"),
        TcpOption::Other { kind, bytes } => format!("option {kind} ({bytes} bytes)"),
    });
    formatted.collect::<Vec<_>>().join(", ")
}
