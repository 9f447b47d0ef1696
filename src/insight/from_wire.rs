//! Conversion of parsed frames into the trace's packets and delivery errors.

use std::net::IpAddr;

use crate::trace::{DeliveryError, Packet, PacketLocation, TcpFlags, TcpHeader, Transport};
use crate::units::WallTime;
use crate::wire::{self, TransportKind, TransportSegment};

/// A segment captured at `wall` in a frame of `frame_bytes` on the link.
pub fn packet_from_segment(
    segment: &TransportSegment,
    wall: WallTime,
    frame_bytes: u32,
    stored: Option<PacketLocation>,
) -> Packet {
    Packet {
        wall,
        source: segment.source,
        destination: segment.destination,
        frame_bytes,
        payload_bytes: segment.payload_bytes,
        transport: match segment.kind {
            TransportKind::Udp => Transport::Udp,
            TransportKind::Tcp(tcp) => Transport::Tcp(TcpHeader {
                seq: tcp.seq,
                ack: tcp.ack,
                flags: TcpFlags(tcp.flags),
                window: tcp.window,
                mss: tcp.mss,
                window_scale: tcp.window_scale,
            }),
        },
        stored,
        segment_bytes: None,
    }
}

/// The name of the error in machine output: `host_unreachable`.
pub const fn delivery_error_name(error: &DeliveryError) -> &'static str {
    wire::icmp_error_name(matches!(error.from, IpAddr::V6(_)), error.kind, error.code)
}

/// An error that was captured at `wall`.
pub const fn delivery_error_from_icmp(error: &wire::IcmpError, wall: WallTime) -> DeliveryError {
    let wire::IcmpError {
        reporter: from,
        source,
        destination,
        is_tcp: tcp,
        kind,
        code,
    } = *error;
    DeliveryError {
        wall,
        from,
        source,
        destination,
        tcp,
        kind,
        code,
    }
}
