//! Frames that belong to no flow, since they are neither TCP nor UDP packets: their counters, and
//! ICMP errors about packets that were not delivered.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::units::WallTime;

/// Number of frames by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherFrames {
    /// ARP.
    #[serde(default, skip_serializing_if = "is_none")]
    pub arp: u64,
    /// ICMP and `ICMPv6`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub icmp: u64,
    /// IP fragments, except for the one that completed its datagram.
    #[serde(default, skip_serializing_if = "is_none")]
    pub fragments: u64,
    /// Frames that are truncated or malformed.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unreadable: u64,
    /// Everything else.
    #[serde(default, skip_serializing_if = "is_none")]
    pub other: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

impl OtherFrames {
    /// Sum over all kinds.
    pub const fn total(&self) -> u64 {
        let Self {
            arp,
            icmp,
            fragments,
            unreadable,
            other,
        } = *self;
        arp.saturating_add(icmp)
            .saturating_add(fragments)
            .saturating_add(unreadable)
            .saturating_add(other)
    }

    pub(super) const fn add(&mut self, more: Self) {
        self.arp = self.arp.saturating_add(more.arp);
        self.icmp = self.icmp.saturating_add(more.icmp);
        self.fragments = self.fragments.saturating_add(more.fragments);
        self.unreadable = self.unreadable.saturating_add(more.unreadable);
        self.other = self.other.saturating_add(more.other);
    }
}

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
