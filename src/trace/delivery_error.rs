//! ICMP errors about packets that were not delivered.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::units::WallTime;

/// An ICMP error (RFC 792, RFC 4443) about a TCP or UDP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    /// The kernel's timestamp.
    pub wall: WallTime,
    /// Sender of the error: a router on the path, or the receiver itself. Its address family
    /// determines the meaning of `kind` and `code`.
    pub from: IpAddr,
    /// Sender of the undelivered packet.
    pub source: SocketAddr,
    /// Its receiver.
    pub destination: SocketAddr,
    /// It was TCP, not UDP.
    pub tcp: bool,
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
}
