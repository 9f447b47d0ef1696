//! Transport headers: TCP (RFC 9293 §3.1) and UDP (RFC 768).

use std::net::SocketAddr;

use super::frame::{TcpSegment, TransportKind, TransportSegment};
use super::ip::IpPacket;

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

const TCP_FIXED: u32 = 20;
const UDP_HEADER: u32 = 8;
const SYN: u8 = 0x02;

/// Parses the transport header at the start of an IP packet's payload. `at` is its offset in the
/// frame; `None` if its fixed part was not captured or its length field is invalid.
pub(super) fn parse_transport(
    datagram: &IpPacket<'_>,
    at: Option<u32>,
) -> Option<TransportSegment> {
    let [source_0, source_1, destination_0, destination_1] = *datagram.payload.first_chunk()?;
    let (kind, header_bytes, transport_bytes) = match datagram.protocol {
        TCP => {
            let (tcp, header_bytes) = parse_tcp(datagram.payload)?;
            (
                TransportKind::Tcp(tcp),
                header_bytes,
                datagram.payload_bytes,
            )
        }
        UDP => (TransportKind::Udp, UDP_HEADER, udp_length(datagram)?),
        _ => return None,
    };
    Some(TransportSegment {
        source: SocketAddr::new(datagram.source, u16::from_be_bytes([source_0, source_1])),
        destination: SocketAddr::new(
            datagram.destination,
            u16::from_be_bytes([destination_0, destination_1]),
        ),
        payload_bytes: transport_bytes.saturating_sub(header_bytes),
        payload_at: at.and_then(|at| at.checked_add(header_bytes)),
        kind,
    })
}

/// Parses a TCP header; returns it with its stated length.
fn parse_tcp(bytes: &[u8]) -> Option<(TcpSegment, u32)> {
    let fixed: &[u8; 20] = bytes.first_chunk()?;
    let [
        _,
        _,
        _,
        _,
        s0,
        s1,
        s2,
        s3,
        a0,
        a1,
        a2,
        a3,
        offset,
        flags,
        w0,
        w1,
        ..,
    ] = *fixed;
    let header_bytes = u32::from(offset >> 4) * 4;
    if header_bytes < TCP_FIXED {
        return None;
    }
    let mut mss = None;
    let mut window_scale = None;
    if flags & SYN != 0 {
        // The options may have been truncated by the capture.
        let end = bytes.len().min(usize::from(offset >> 4) * 4);
        (mss, window_scale) = parse_syn_options(bytes.get(20..end).unwrap_or_default());
    }
    let segment = TcpSegment {
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags,
        window: u16::from_be_bytes([w0, w1]),
        mss,
        window_scale,
    };
    Some((segment, header_bytes))
}

/// Parses the options that only a SYN has: maximum segment size and window scale (RFC 9293 §3.2,
/// RFC 7323 §2).
fn parse_syn_options(mut bytes: &[u8]) -> (Option<u16>, Option<u8>) {
    /// A larger shift count is treated as this one (RFC 7323 §2.3).
    const MOST_SHIFT: u8 = 14;
    let mut mss = None;
    let mut window_scale = None;
    loop {
        bytes = match bytes {
            [1, rest @ ..] => rest,
            [2, 4, high, low, rest @ ..] => {
                mss = Some(u16::from_be_bytes([*high, *low]));
                rest
            }
            [3, 3, shift, rest @ ..] => {
                window_scale = Some((*shift).min(MOST_SHIFT));
                rest
            }
            // Any other option states its length, which includes kind and length; 0 is the end of
            // the list.
            [2..=u8::MAX, length @ 2..=u8::MAX, ..] => {
                bytes.get(usize::from(*length)..).unwrap_or_default()
            }
            _ => return (mss, window_scale),
        };
    }
}

/// Length of UDP header and payload as stated, if it fits into the packet; jumbograms above 64 KiB
/// state 0 (RFC 2675 §4).
fn udp_length(datagram: &IpPacket<'_>) -> Option<u32> {
    let [_, _, _, _, high, low, ..] = *datagram.payload.first_chunk::<8>()?;
    let stated = u32::from(u16::from_be_bytes([high, low]));
    Some(if (UDP_HEADER..=datagram.payload_bytes).contains(&stated) {
        stated
    } else {
        datagram.payload_bytes
    })
}
