//! Frames that belong to no flow, since they are neither TCP nor UDP packets: their counters, and
//! ICMP errors about packets that were not delivered.

use serde::{Deserialize, Serialize};

use crate::units::WallTime;
use crate::wire::IcmpError;

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

/// An ICMP error (RFC 792, RFC 4443) about a TCP or UDP packet, and when it was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    /// The kernel's timestamp.
    pub wall: WallTime,
    /// The error.
    #[serde(flatten)]
    pub icmp: IcmpError,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::wire::Transport;

    #[test]
    fn a_delivery_error_is_written_as_it_was_before_its_parts_had_types() {
        for (transport, is_tcp) in [(Transport::Tcp, true), (Transport::Udp, false)] {
            let error = DeliveryError {
                wall: WallTime(7),
                icmp: IcmpError {
                    reporter: [192, 0, 2, 1].into(),
                    source: ([192, 0, 2, 10], 50_000).into(),
                    destination: ([192, 0, 2, 9], 443).into(),
                    transport,
                    kind: 3,
                    code: 1,
                },
            };
            let written = format!(
                "{{\"wall\":7,\"from\":\"192.0.2.1\",\"source\":\"192.0.2.10:50000\",\
                    \"destination\":\"192.0.2.9:443\",\"tcp\":{is_tcp},\"kind\":3,\"code\":1}}"
            );
            assert_eq!(serde_json::to_string(&error).unwrap(), written);
            assert_eq!(
                serde_json::from_str::<DeliveryError>(&written).unwrap(),
                error
            );
        }
    }
}
