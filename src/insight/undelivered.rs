//! Conversion of ICMP errors into those of the trace.

use std::net::IpAddr;

use crate::trace::DeliveryError;
use crate::units::WallTime;
use crate::wire;

/// The name of the error in machine output: `host_unreachable`.
pub const fn undelivered_name(error: &DeliveryError) -> &'static str {
    wire::icmp_error_name(matches!(error.from, IpAddr::V6(_)), error.kind, error.code)
}

/// An error that was captured at `wall`.
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
