//! Conversion of parsed frames into packets of the trace.

use crate::trace::{Packet, PacketLocation, TcpFlags, TcpHeader, Transport};
use crate::units::WallTime;
use crate::wire::{TransportKind, TransportSegment};

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
