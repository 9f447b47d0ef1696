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
//! It takes namespaces, which only Linux has; `unsupported` stands in for it on other systems and
//! refuses.

#[cfg(target_os = "linux")]
mod capabilities;
#[cfg(target_os = "linux")]
mod control;
#[cfg(target_os = "linux")]
mod etc_overlay;
#[cfg(target_os = "linux")]
mod init;
#[cfg(target_os = "linux")]
mod launcher;
mod link_change;
#[cfg(target_os = "linux")]
mod network_namespace;
#[cfg(target_os = "linux")]
mod relay;
#[cfg(target_os = "linux")]
mod signal_forwarding;
#[cfg(target_os = "linux")]
mod threads;
#[cfg(not(target_os = "linux"))]
mod unsupported;
#[cfg(target_os = "linux")]
mod veth;

use std::fmt;
use std::path::PathBuf;

#[cfg(target_os = "linux")]
pub use capabilities::drop_privileges;
#[cfg(target_os = "linux")]
pub use control::RunningLab;
#[cfg(target_os = "linux")]
pub use launcher::run;
pub use link_change::{BandwidthLimit, LinkChange, LinkReply};
#[cfg(not(target_os = "linux"))]
pub use unsupported::{Remote, renounce_rights, run};

/// What a program on the lab's client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientEnvironment {
    /// The name by which the lab is asked: [`Remote::named`].
    pub name: String,
    /// The file with the certificate of the lab's authority.
    pub certificate: PathBuf,
}

/// Why there can be no private network here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkUnavailable {
    reason: String,
}

impl NetworkUnavailable {
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

impl fmt::Display for NetworkUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for NetworkUnavailable {}
