//! TLS keys: those of a run, collected to be saved with it, and those of key logs and captures, for
//! decryption.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::exit::{Exit, UsageError};
use crate::archive::{Attachments, CaptureStore};
use crate::probe::spec::{KeyLogListener, KeyLogProblems};
use crate::units::Untrusted;
use crate::wire::tls::KeyLog;

/// Collects TLS keys as they become known, if enabled. Clones share the same keys.
#[derive(Clone, Default)]
pub(super) struct KeyCollector(Option<Arc<Mutex<CollectedKeys>>>);

#[derive(Default)]
struct CollectedKeys {
    /// Lines of a key log (RFC 9850).
    lines: String,
    /// Length of the part of `lines` that `new_lines` has already returned.
    handed_out: usize,
}

impl KeyCollector {
    /// Maximum size, enough for some hundred thousand connections. Packets of further connections
    /// cannot be decrypted.
    const MAX_BYTES: usize = 64 << 20;

    /// Creates a collector, enabled or not.
    pub(super) fn collecting_if(wanted: bool) -> Self {
        Self(wanted.then(Arc::default))
    }

    pub(super) const fn is_collecting(&self) -> bool {
        self.0.is_some()
    }

    /// The callback through which the engine adds keys.
    pub(super) fn tap(&self) -> Option<KeyLogListener> {
        let heard = self.0.clone()?;
        Some(KeyLogListener::new(move |line: &str| {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.lines.len() + line.len() <= Self::MAX_BYTES {
                heard.lines.push_str(line);
            }
        }))
    }

    /// The lines added since the last call.
    pub(super) fn new_lines(&self) -> String {
        let Some(heard) = &self.0 else {
            return String::new();
        };
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let new = heard
            .lines
            .get(heard.handed_out..)
            .unwrap_or_default()
            .to_owned();
        heard.handed_out = heard.lines.len();
        new
    }

    /// All lines collected so far.
    pub(super) fn all_lines(&self) -> String {
        self.0
            .as_ref()
            .map(|heard| {
                heard
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .lines
                    .clone()
            })
            .unwrap_or_default()
    }
}

/// Prints warnings and errors about a run's key log to standard error.
///
/// # Errors
/// The key log is incomplete.
pub(super) fn warn_about_key_log(problems: &KeyLogProblems) -> Result<(), Exit> {
    let say = |sentence: &str| eprintln!("tapline: {}", Untrusted::new(sentence).escaped());
    problems.warning().into_iter().for_each(say);
    problems.failure().map_or(Ok(()), |sentence| {
        say(sentence);
        Err(Exit::Fault)
    })
}

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
