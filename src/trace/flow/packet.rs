//! A packet, its direction, and the endpoints of its flow.

use std::net::SocketAddr;
use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use crate::trace::PacketLocation;
use crate::units::WallTime;
use crate::wire::{Side, Transport, TransportHeader, TransportSegment};

/// A captured packet, parsed down to its transport header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// The kernel's timestamp.
    pub wall: WallTime,
    /// Sender.
    pub source: SocketAddr,
    /// Receiver.
    pub destination: SocketAddr,
    /// Length of the whole frame on the link.
    pub frame_bytes: u32,
    /// Payload of the transport layer, as the IP header states it (less may have been captured).
    pub payload_bytes: u32,
    /// Transport header.
    pub transport: TransportHeader,
    /// Location of its bytes, if they are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<PacketLocation>,
    /// For an aggregate (GSO, GRO), the payload of each segment but the last, if the kernel reports
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_bytes: Option<NonZeroU16>,
}

impl Packet {
    /// A segment that was captured at `wall`, in a frame of `frame_bytes` on the link.
    pub const fn from_segment(
        segment: &TransportSegment,
        wall: WallTime,
        frame_bytes: u32,
        stored: Option<PacketLocation>,
    ) -> Self {
        Self {
            wall,
            source: segment.source,
            destination: segment.destination,
            frame_bytes,
            payload_bytes: segment.payload_bytes,
            transport: segment.header,
            stored,
            segment_bytes: None,
        }
    }

    /// Number of segments on the wire, as far as the kernel reports it.
    pub fn wire_segments(&self) -> u64 {
        let bytes = u64::from(self.payload_bytes);
        self.segment_bytes.map_or(u64::from(bytes > 0), |each| {
            bytes.div_ceil(u64::from(each.get()))
        })
    }

    /// Largest payload among these segments.
    pub fn largest_segment(&self) -> u32 {
        self.segment_bytes.map_or(self.payload_bytes, |each| {
            self.payload_bytes.min(u32::from(each.get()))
        })
    }
}

/// Direction of a packet, relative to its flow's local end.
///
/// A [`Side`] is who the sender *is*, which events state; a direction says which way a packet went.
/// Where neither a SYN nor a run of one's own tells the local end, it is a guess by the ports, and
/// a packet of the client may then be a received one. [`side`](Self::side) and the `From` below are
/// right where the guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the local endpoint.
    Sent,
    /// To the local endpoint.
    Received,
}

impl Direction {
    /// Side of the connection that sends in this direction. The local endpoint is the one that
    /// opened the connection.
    pub const fn side(self) -> Side {
        match self {
            Self::Sent => Side::Client,
            Self::Received => Side::Server,
        }
    }

    /// Returns the other direction.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Sent => Self::Received,
            Self::Received => Self::Sent,
        }
    }
}

impl From<Side> for Direction {
    fn from(sender: Side) -> Self {
        match sender {
            Side::Client => Self::Sent,
            Side::Server => Self::Received,
        }
    }
}

/// Endpoints of a flow, seen from the local one, and its number among the flows between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey {
    /// This side.
    pub local: SocketAddr,
    /// The other side.
    pub remote: SocketAddr,
    /// Transport protocol.
    pub transport: Transport,
    /// Number of earlier flows between the same endpoints, since ports are reused. Nearly always 0.
    pub reuse: u32,
}

impl FlowKey {
    /// Returns the direction of a packet of this flow by its sender.
    pub fn direction_from(&self, source: SocketAddr) -> Direction {
        if source == self.local {
            Direction::Sent
        } else {
            Direction::Received
        }
    }
}
