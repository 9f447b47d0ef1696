//! The TLS keys of a run, for the file that it is saved to.

use std::sync::{Arc, Mutex, PoisonError};

use crate::probe::spec::KeyLogListener;

/// Keys as they become known, where they are wanted at all. Every clone has the same ones.
#[derive(Clone, Default)]
pub(super) struct KeyCollector(Option<Arc<Mutex<CollectedKeys>>>);

#[derive(Default)]
struct CollectedKeys {
    /// Lines of a key log (RFC 9850).
    lines: String,
    /// How much of them was handed out as new.
    handed_out: usize,
}

impl KeyCollector {
    /// Bytes of them that are kept, some hundred thousand connections': with further ones packets
    /// stay closed.
    const MAX_BYTES: usize = 64 << 20;

    /// Keys are kept only where they are wanted.
    pub(super) fn collecting_if(wanted: bool) -> Self {
        Self(wanted.then(Arc::default))
    }

    pub(super) const fn is_collecting(&self) -> bool {
        self.0.is_some()
    }

    /// What the engine tells them to.
    pub(super) fn tap(&self) -> Option<KeyLogListener> {
        let heard = self.0.clone()?;
        Some(KeyLogListener::new(move |line: &str| {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.lines.len() + line.len() <= Self::MAX_BYTES {
                heard.lines.push_str(line);
            }
        }))
    }

    /// Those that were not handed out yet.
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

    /// All of them.
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
