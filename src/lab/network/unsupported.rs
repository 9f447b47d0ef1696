//! Systems without namespaces.

use std::io;
use std::process::Command;

use super::{Change, Inside, Refused, State};
use crate::trace::Link;

/// Refuses.
///
/// # Errors
/// Always: a private network takes namespaces, and only Linux has them.
pub fn run(_link: Link, _client: impl FnOnce(&Inside) -> Command) -> Result<u8, Refused> {
    Err(Refused {
        reason: "it takes namespaces, which only Linux has".to_owned(),
    })
}

/// A lab in a network of its own, of which there is none on this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote(String);

impl Remote {
    /// The lab with a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// None.
    ///
    /// # Errors
    /// Never.
    pub fn all() -> io::Result<Vec<Self>> {
        Ok(Vec::new())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Asks nobody.
    ///
    /// # Errors
    /// Always.
    pub fn ask(&self, _change: &Change) -> io::Result<State> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// There is nothing to give up.
///
/// # Errors
/// Never.
pub const fn renounce_rights() -> Result<(), Refused> {
    Ok(())
}
