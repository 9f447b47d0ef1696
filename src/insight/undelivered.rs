//! ICMP errors about the packets of a flow.

use std::net::IpAddr;

use crate::trace::Undelivered;
use crate::units::WallTime;
use crate::wire;

/// What an error means, in a word of machines: `host_unreachable`.
pub const fn undelivered_name(error: &Undelivered) -> &'static str {
    wire::icmp_error_name(matches!(error.from, IpAddr::V6(_)), error.kind, error.code)
}

/// An error that passed at `wall`.
pub const fn undelivered_of(error: &wire::Undelivered, wall: WallTime) -> Undelivered {
    let wire::Undelivered {
        from,
        source,
        destination,
        tcp,
        kind,
        code,
    } = *error;
    Undelivered {
        wall,
        from,
        source,
        destination,
        tcp,
        kind,
        code,
    }
}
