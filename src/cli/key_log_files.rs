//! TLS secrets to decrypt a capture with: embedded in the capture, or in a separate key log.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::usage::UsageError;
use crate::archive::{Attachments, CaptureStore};
use crate::wire::tls::KeyLog;

/// Maximum size of a key log, enough for some hundred thousand connections.
const MAX_KEY_LOG_BYTES: u64 = 256 << 20;

/// Reads a key log, if one is given.
pub(super) fn read_key_log(path: Option<&Path>) -> Result<KeyLog, UsageError> {
    let mut keys = KeyLog::default();
    if let Some(path) = path {
        let failed =
            |error: std::io::Error| UsageError::new(format!("{}: {error}", path.display()));
        let mut text = Vec::new();
        File::open(path)
            .map_err(failed)?
            .take(MAX_KEY_LOG_BYTES)
            .read_to_end(&mut text)
            .map_err(failed)?;
        keys.read(&text);
    }
    Ok(keys)
}

/// Adds the secrets embedded in the capture.
pub(super) fn add_embedded_key_logs(keys: &mut KeyLog, kept: &Attachments, store: &CaptureStore) {
    for log in &kept.key_logs {
        // A key log that can no longer be read decrypts nothing, which is reported where the
        // secrets are missing.
        keys.read(
            &store
                .read_extent(
                    *log,
                    usize::try_from(MAX_KEY_LOG_BYTES).unwrap_or(usize::MAX),
                )
                .unwrap_or_default(),
        );
    }
}
