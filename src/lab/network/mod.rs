//! A private network in one command, without privilege: a client and the lab's servers, each in a
//! network namespace of its own, and between them a relay that emulates a link (delay, loss,
//! bandwidth), as netem does.
//!
//! ```text
//! launcher           the process that was started: starts the lab's init process and waits
//! init               PID 1 of the lab: sets everything up and runs the program on the client
//! network_namespace  one network namespace
//! veth               the interfaces, addresses, routes and neighbour entries in all three
//! relay              the emulated link: forwards frames from one side to the other
//! link_change        changes of its settings, and replies
//! control            the socket over which they are sent
//! etc_overlay        DNS configuration and CA certificates for any program
//! capabilities       what programs are allowed to do
//! signal_forwarding  signals on their way to the program
//! ```
//!
//! It needs namespaces, which only Linux has; `unsupported` is the stub for other systems.

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
pub use unsupported::{UnsupportedLab as RunningLab, drop_privileges, run};

/// Environment of a program on the lab's client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientEnvironment {
    /// Name of the control socket: [`RunningLab::with_name`].
    pub name: String,
    /// File with the root certificate of the lab's authority.
    pub certificate: PathBuf,
}

/// The reason why a private network cannot be created here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkUnavailable {
    reason: String,
}

impl NetworkUnavailable {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` passes the error by value"
    )]
    #[cfg(target_os = "linux")]
    fn new(what: &str, source: std::io::Error) -> Self {
        Self {
            reason: format!("this system did not allow {what}: {source}"),
        }
    }
}

impl fmt::Display for NetworkUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for NetworkUnavailable {}
