//! Names that are answered otherwise than names usually are.

use std::time::Duration;

/// A name that exists and has no address.
pub(super) const NO_ADDRESS: &str = "noaddress.lab.test";

/// A name the DNS server fails to answer for.
pub(super) const SERVER_FAILURE: &str = "servfail.lab.test";

/// A name the DNS server never answers for.
pub(super) const SILENCE: &str = "silent.lab.test";

/// Two names that stand for each other.
pub(super) const LOOP: [&str; 2] = ["alias-loop.lab.test", "loop-alias.lab.test"];

/// A host whose answers do not fit into a datagram.
pub(super) const TRUNCATED: &str = "truncated.lab.test";

/// A host whose name takes long to look up.
pub(super) const SLOW: &str = "slow-dns.lab.test";

/// What the DNS server does about a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oddity {
    /// It fails (SERVFAIL, RFC 1035 §4.1.1).
    Failure,
    /// It does not answer.
    Silence,
    /// It answers after this time.
    Pause(Duration),
    /// Over UDP it says that the answer is truncated, and gives none (TC, RFC 7766 §5); over TCP it
    /// answers.
    Truncation,
}

/// The names that are answered oddly.
pub(super) const ODD: [(&str, Oddity); 4] = [
    (SERVER_FAILURE, Oddity::Failure),
    (SILENCE, Oddity::Silence),
    (SLOW, Oddity::Pause(Duration::from_millis(700))),
    (TRUNCATED, Oddity::Truncation),
];
