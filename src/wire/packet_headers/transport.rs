//! TCP headers (RFC 9293 §3.1) with their options, and UDP headers (RFC 768), field by field.

use etherparse::{TcpOptionElement, TcpSlice};

use super::checksum::format_checksum;
use super::internet::IpPayload;
use super::{FieldBuilder, Layer, PacketHeader};
use crate::wire::Transport;

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
    let slice = TcpSlice::from_slice(bytes).ok()?;
    let length = slice.header_slice().len();
    let mut fields = FieldBuilder::new(slice.header_slice(), at);
    fields.add("source port", 0..2, slice.source_port().to_string());
    fields.add(
        "destination port",
        2..4,
        slice.destination_port().to_string(),
    );
    fields.add("sequence number", 4..8, slice.sequence_number().to_string());
    fields.add(
        "acknowledgment number",
        8..12,
        slice.acknowledgment_number().to_string(),
    );
    fields.add("data offset", 12..13, format!("{length} bytes"));
    let flags = fields.u8(13);
    let names: Vec<&str> = FLAGS
        .into_iter()
        .filter(|(bit, _)| flags & bit != 0)
        .map(|(_, name)| name)
        .collect();
    fields.add("flags", 13..14, names.join(" "));
    fields.add("window", 14..16, slice.window_size().to_string());
    fields.add(
        "checksum",
        16..18,
        check_transport_checksum(slice.checksum(), ip_payload, bytes),
    );
    if slice.urgent_pointer() > 0 || flags & 0x20 != 0 {
        fields.add("urgent pointer", 18..20, slice.urgent_pointer().to_string());
    }
    if length > 20 {
        fields.add("options", 20..length, format_tcp_options(&slice));
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

fn format_tcp_options(slice: &TcpSlice<'_>) -> String {
    let formatted =
        slice
            .options_iterator()
            .map_while(Result::ok)
            .filter_map(|option| match option {
                TcpOptionElement::Noop => None,
                TcpOptionElement::MaximumSegmentSize(bytes) => Some(format!("MSS {bytes}")),
                TcpOptionElement::WindowScale(bits) => Some(format!("window scale {bits}")),
                TcpOptionElement::SelectiveAcknowledgementPermitted => {
                    Some("SACK permitted".to_owned())
                }
                TcpOptionElement::SelectiveAcknowledgement(first, rest) => {
                    let blocks = std::iter::once(first).chain(rest.into_iter().flatten());
                    Some(format!(
                        "SACK {}",
                        blocks
                            .map(|(from, to)| format!("{from}-{to}"))
                            .collect::<Vec<_>>()
                            .join(" ")
                    ))
                }
                TcpOptionElement::Timestamp(value, echo) => {
                    Some(format!("timestamp {value} echo {echo}"))
                }
            });
    formatted.collect::<Vec<_>>().join(", ")
}
