//! Names that are answered otherwise than names usually are.

use std::time::Duration;

/// A name that exists and has no address.
pub(super) const NO_ADDRESS: &str = "noaddress.lab.test";

/// A name the DNS server fails to answer for.
pub(super) const SERVER_FAILURE: &str = "servfail.lab.test";

/// A name the DNS server never answers for.
pub(super) const SILENT_NAME: &str = "silent.lab.test";

/// Two names that stand for each other.
pub(super) const ALIAS_LOOP: [&str; 2] = ["alias-loop.lab.test", "loop-alias.lab.test"];

/// A host whose answers do not fit into a datagram.
pub(super) const TRUNCATED_NAME: &str = "truncated.lab.test";

/// A host whose name takes long to look up.
pub(super) const SLOW_NAME: &str = "slow-dns.lab.test";

/// What the DNS server does about a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DnsFault {
    /// It fails (SERVFAIL, RFC 1035 §4.1.1).
    ServerFailure,
    /// It does not answer.
    NoResponse,
    /// It answers after this time.
    Delay(Duration),
    /// Over UDP it says that the answer is truncated, and gives none (TC, RFC 7766 §5); over TCP it
    /// answers.
    Truncated,
}

/// The names that are answered oddly.
pub(super) const FAULTY_NAMES: [(&str, DnsFault); 4] = [
    (SERVER_FAILURE, DnsFault::ServerFailure),
    (SILENT_NAME, DnsFault::NoResponse),
    (SLOW_NAME, DnsFault::Delay(Duration::from_millis(700))),
    (TRUNCATED_NAME, DnsFault::Truncated),
];
