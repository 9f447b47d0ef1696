//! Names that are no hosts: what DNS can answer instead of an address.

/// A name that exists and has no address.
pub(super) const NO_ADDRESS: &str = "noaddress.lab.test";
/// A name the DNS server fails to answer for.
pub(super) const SERVER_FAILURE: &str = "servfail.lab.test";
/// A name the DNS server never answers for.
pub(super) const SILENCE: &str = "silent.lab.test";
