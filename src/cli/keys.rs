//! The TLS keys of a run, for the file that it is saved to.

use std::sync::{Arc, Mutex, PoisonError};

use crate::probe::spec::KeyTap;

/// Keys as they become known, where they are wanted at all. Every clone has the same ones.
#[derive(Clone, Default)]
pub(super) struct Keys(Option<Arc<Mutex<Heard>>>);

#[derive(Default)]
struct Heard {
    /// Lines of a key log (RFC 9850).
    lines: String,
    /// How much of them was handed out as new.
    told: usize,
}

impl Keys {
    /// Bytes of them that are kept, some hundred thousand connections': with further ones packets
    /// stay closed.
    const MOST: usize = 64 << 20;

    /// Keys are kept only where they are wanted.
    pub(super) fn wanted(wanted: bool) -> Self {
        Self(wanted.then(Arc::default))
    }

    pub(super) const fn are_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// What the engine tells them to.
    pub(super) fn tap(&self) -> Option<KeyTap> {
        let heard = self.0.clone()?;
        Some(KeyTap::new(move |line: &str| {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.lines.len() + line.len() <= Self::MOST {
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
        let new = heard.lines.get(heard.told..).unwrap_or_default().to_owned();
        heard.told = heard.lines.len();
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
