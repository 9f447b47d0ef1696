//! The local lab: servers to look at without a network, and hosts that fail on purpose.
//!
//! [`Embedded`] is a private network within the process: a certification authority made afresh at each start, a DNS server
//! that knows the zone `lab.test`, and real HTTP servers over TLS and in clear, on free ports of the loopback addresses. They
//! run on a thread and runtime of their own, so that they do not stand in the way of the program that measures them.
//!
//! ```text
//! names      dns       lab.test: addresses, aliases, names without address, servers that fail or keep silent
//! trust      authority root → intermediate → leaf;  identity: which host shows which certificate
//! transport  ports     loopback, both families;     gate: how many at once;  faults: closed and resetting ports
//! protocol   secure → http1, http2 (by ALPN)        plain → http1, http2 (prior knowledge);  broken: HTTP gone wrong
//! content    router → answer, body, coding          catalogue: what there is to see
//! ```
//!
//! Everything stays on loopback, is bounded, lives in memory and ends with the value.

mod answer;
mod authority;
mod body;
mod broken;
mod catalogue;
mod coding;
mod dns;
mod embedded;
mod error;
mod faults;
mod gate;
mod hosts;
mod http1;
mod http2;
mod identity;
mod interim;
mod ports;
mod router;
mod secure;

pub use catalogue::Exhibit;
pub use embedded::Embedded;
pub use error::Error;
