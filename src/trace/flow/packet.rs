//! A packet, its direction, and the endpoints of its flow.

use std::net::SocketAddr;
use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use crate::trace::{PacketLocation, Side};
use crate::units::WallTime;

/// TCP's flag bits (RFC 9293 §3.1), low byte: `CWR ECE URG ACK PSH RST SYN FIN` from high to low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number is valid.
    pub const ACK: u8 = 0x10;

    /// Returns true if all of `bits` are set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

/// The fields of a TCP header that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpHeader {
    /// Sequence number as sent.
    pub seq: u32,
    /// Acknowledgment number as sent.
    pub ack: u32,
    /// Flags.
    pub flags: TcpFlags,
    /// Window field as sent, unscaled.
    pub window: u16,
    /// The maximum segment size option, on a SYN that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    /// The window scale option, on a SYN that has one: bits to shift by (RFC 7323 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_scale: Option<u8>,
}

/// Transport header of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// A TCP segment.
    Tcp(TcpHeader),
    /// A UDP datagram.
    Udp,
}

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
    pub transport: Transport,
    /// Location of its bytes, if they are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<PacketLocation>,
    /// For an aggregate (GSO, GRO), the payload of each segment but the last, if the kernel reports
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_bytes: Option<NonZeroU16>,
}

impl Packet {
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

/// Direction of a packet.
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

/// Endpoints of a flow, seen from the local one, and its number among the flows between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey {
    /// This side.
    pub local: SocketAddr,
    /// The other side.
    pub remote: SocketAddr,
    /// TCP, not UDP.
    pub tcp: bool,
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
