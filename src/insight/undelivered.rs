//! ICMP errors about the packets of a flow.

use std::net::IpAddr;

use crate::trace::DeliveryError;
use crate::units::WallTime;
use crate::wire;

/// What an error means, in a word of machines: `host_unreachable`.
pub const fn undelivered_name(error: &DeliveryError) -> &'static str {
    wire::icmp_error_name(matches!(error.from, IpAddr::V6(_)), error.kind, error.code)
}

/// An error that passed at `wall`.
pub const fn undelivered_from_icmp(error: &wire::IcmpError, wall: WallTime) -> DeliveryError {
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
