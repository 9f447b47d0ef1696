//! Stub of the private network for systems without namespaces.

use std::io;
use std::process::Command;

use super::{ClientEnvironment, LinkChange, LinkReply, NetworkUnavailable};
use crate::trace::LinkConfig;

/// Always fails on this system.
///
/// # Errors
/// Always: a private network needs namespaces, which only Linux has.
pub fn run(
    _link: LinkConfig,
    _client: impl FnOnce(&ClientEnvironment) -> Command,
) -> Result<u8, NetworkUnavailable> {
    Err(NetworkUnavailable {
        reason: "it needs namespaces, which only Linux has".to_owned(),
    })
}

/// A lab in a private network, which does not exist on this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedLab(String);

impl UnsupportedLab {
    /// The lab with this socket name.
    pub fn with_name(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// No labs.
    ///
    /// # Errors
    /// Never.
    pub fn all() -> io::Result<Vec<Self>> {
        Ok(Vec::new())
    }

    /// Socket name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Always fails.
    ///
    /// # Errors
    /// Always.
    pub fn send_change(&self, _change: &LinkChange) -> io::Result<LinkReply> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Does nothing.
///
/// # Errors
/// Never.
pub const fn drop_privileges() -> Result<(), NetworkUnavailable> {
    Ok(())
}
