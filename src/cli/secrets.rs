//! The secrets by which a capture's TLS is opened: in the capture itself, or in a key log beside
//! it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::usage::Usage;
use crate::archive::{Kept, Store};
use crate::wire::tls::KeyLog;

/// Bytes of a key log that are read: some hundred thousand connections'.
const MOST: u64 = 256 << 20;

/// Those of a key log, if one is given.
pub(super) fn beside(path: Option<&Path>) -> Result<KeyLog, Usage> {
    let mut keys = KeyLog::default();
    if let Some(path) = path {
        let failed = |error: std::io::Error| Usage::new(format!("{}: {error}", path.display()));
        let mut text = Vec::new();
        File::open(path)
            .map_err(failed)?
            .take(MOST)
            .read_to_end(&mut text)
            .map_err(failed)?;
        keys.read(&text);
    }
    Ok(keys)
}

/// Adds those that the capture brings.
pub(super) fn add_within(keys: &mut KeyLog, kept: &Kept, store: &Store) {
    for log in &kept.key_logs {
        // A log that cannot be read any more opens nothing, and that is said where it is missing.
        keys.read(
            &store
                .extent(*log, usize::try_from(MOST).unwrap_or(usize::MAX))
                .unwrap_or_default(),
        );
    }
}
