//! A private network in one command, without privilege: a client and the lab's servers, each in a
//! network of its own, and between them a relay that delays, loses and limits.
//!
//! ```text
//! outside    the process that was started: waits
//! inside     the lab's first process: networks, servers, relay, the program on the client
//! cables     interfaces, addresses, routes, neighbours  space      one network
//! relay      frames from one side to the other          control    how the link is set
//! change     what may be asked of the link               furnishing names and certificates for any program
//! rights     what programs may do
//! ```
//!
//! It takes namespaces, which only Linux has; `elsewhere` stands in for it on other systems and
//! refuses.

#[cfg(target_os = "linux")]
mod cables;
mod change;
#[cfg(target_os = "linux")]
mod control;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod furnishing;
#[cfg(target_os = "linux")]
mod inside;
#[cfg(target_os = "linux")]
mod outside;
#[cfg(target_os = "linux")]
mod relay;
#[cfg(target_os = "linux")]
mod rights;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod space;
#[cfg(target_os = "linux")]
mod threads;

use std::fmt;
use std::path::PathBuf;

pub use change::{Change, Limit, State};
#[cfg(target_os = "linux")]
pub use control::Remote;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Remote, renounce_rights, run};
#[cfg(target_os = "linux")]
pub use outside::run;
#[cfg(target_os = "linux")]
pub use rights::renounce_rights;

/// What a program on the lab's client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The name by which the lab is asked: [`Remote::named`].
    pub name: String,
    /// The file with the certificate of the lab's authority.
    pub certificate: PathBuf,
}

/// Why there can be no private network here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    reason: String,
}

impl Refused {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is what `map_err` hands over"
    )]
    #[cfg(target_os = "linux")]
    fn new(what: &str, source: std::io::Error) -> Self {
        Self {
            reason: format!("this system did not let it have {what}: {source}"),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refused {}
