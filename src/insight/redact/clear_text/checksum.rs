//! Recomputes the checksum of a TCP segment or UDP datagram whose payload was overwritten (RFC 9293
//! §3.1, RFC 768).

use std::net::IpAddr;

use crate::wire::packet_headers::parse_headers;
use crate::wire::{LinkType, TransportHeader, TransportSegment};

/// Updates the checksum; `before` is the payload before it was overwritten.
pub(super) fn update_checksum(
    link: LinkType,
    frame: &mut [u8],
    segment: &TransportSegment,
    payload_at: usize,
    before: &[u8],
) {
    let (name, field, protocol) = match segment.header {
        TransportHeader::Tcp(_) => ("TCP", 16, 6),
        TransportHeader::Udp => ("UDP", 6, 17),
    };
    let Some(begin) = parse_headers(link, frame)
        .headers
        .iter()
        .find(|header| header.name == name)
        .map(|header| header.range.start)
    else {
        return;
    };
    let Some(&[high, low]) = frame.get(begin + field..begin + field + 2) else {
        return;
    };
    let stated = u16::from_be_bytes([high, low]);
    if protocol == 17 && stated == 0 {
        return;
    }
    let length = payload_at - begin + segment.payload_bytes as usize;
    let computed = if let Some(whole) = frame.get(begin..begin + length) {
        let all = add(pseudo_header(segment, protocol, length), sum(whole, 0));
        !add(all, !stated)
    } else {
        // The segment was truncated by the capture, so the checksum is updated incrementally from
        // the changed bytes (RFC 1624 §3).
        let parity = (payload_at - begin) % 2;
        let after = frame
            .get(payload_at..payload_at + before.len())
            .unwrap_or_default();
        !add(add(!stated, !sum(before, parity)), sum(after, parity))
    };
    let computed = if protocol == 17 && computed == 0 {
        u16::MAX
    } else {
        computed
    };
    if let Some(place) = frame.get_mut(begin + field..begin + field + 2) {
        place.copy_from_slice(&computed.to_be_bytes());
    }
}

/// Returns the ones' complement sum of bytes. The first byte is the high one of its 16-bit word, or
/// with `parity` 1 the low one.
fn sum(bytes: &[u8], parity: usize) -> u16 {
    let weighed = |(at, byte): (usize, &u8)| u64::from(*byte) << (8 * (1 - (at + parity) % 2));
    fold(bytes.iter().enumerate().map(weighed).sum())
}

fn pseudo_header(segment: &TransportSegment, protocol: u8, length: usize) -> u16 {
    let address = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => sum(&ip.octets(), 0),
        IpAddr::V6(ip) => sum(&ip.octets(), 0),
    };
    let addresses = add(
        address(segment.source.ip()),
        address(segment.destination.ip()),
    );
    add(addresses, fold(u64::from(protocol) + length as u64))
}

fn add(one: u16, other: u16) -> u16 {
    fold(u64::from(one) + u64::from(other))
}

#[expect(clippy::cast_possible_truncation, reason = "16 bits are left")]
const fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum as u16
}
