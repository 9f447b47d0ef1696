//! DNS names that are answered with a fault.

use std::time::Duration;

/// A name without address records.
pub(super) const NO_ADDRESS: &str = "noaddress.lab.test";

/// A name for which the DNS server responds with SERVFAIL.
pub(super) const SERVER_FAILURE: &str = "servfail.lab.test";

/// A name for which the DNS server sends no response.
pub(super) const SILENT_NAME: &str = "silent.lab.test";

/// Two aliases that refer to each other.
pub(super) const ALIAS_LOOP: [&str; 2] = ["alias-loop.lab.test", "loop-alias.lab.test"];

/// A host whose responses do not fit into a datagram.
pub(super) const TRUNCATED_NAME: &str = "truncated.lab.test";

/// A host whose name is slow to resolve.
pub(super) const SLOW_NAME: &str = "slow-dns.lab.test";

/// Fault in the DNS server's handling of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DnsFault {
    /// It responds with SERVFAIL (RFC 1035 §4.1.1).
    ServerFailure,
    /// It sends no response.
    NoResponse,
    /// It responds after this delay.
    Delay(Duration),
    /// Over UDP it sends a truncated response without records (TC, RFC 7766 §5); over TCP the full
    /// one.
    Truncated,
}

/// The names with their faults.
pub(super) const FAULTY_NAMES: [(&str, DnsFault); 4] = [
    (SERVER_FAILURE, DnsFault::ServerFailure),
    (SILENT_NAME, DnsFault::NoResponse),
    (SLOW_NAME, DnsFault::Delay(Duration::from_millis(700))),
    (TRUNCATED_NAME, DnsFault::Truncated),
];
