//! What the network says of a packet that it did not deliver.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::units::WallTime;

/// An ICMP error (RFC 792, RFC 4443) about a TCP or UDP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    /// When it passed, by the kernel's timestamp.
    pub wall: WallTime,
    /// Who says so: a router on the way, or the receiver itself. Its family decides what the
    /// numbers mean.
    pub from: IpAddr,
    /// Who had sent the packet.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// It was TCP, not UDP.
    pub tcp: bool,
    /// The error's type.
    pub kind: u8,
    /// The error's code.
    pub code: u8,
}
