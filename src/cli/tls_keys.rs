//! The TLS keys of a run, collected for the file that the run is saved to.

use std::sync::{Arc, Mutex, PoisonError};

use crate::probe::spec::KeyLogListener;

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
