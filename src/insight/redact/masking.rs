//! Whether secrets are masked, and by which rules.

use super::{Redactor, Rules};
use crate::trace::What;

/// Whether secrets are masked, and by which rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masking {
    /// They are masked.
    By(Rules),
    /// They are shown, since the user asked for them.
    Off,
}

/// What is secret by its name, its place or its shape is masked.
impl Default for Masking {
    fn default() -> Self {
        Self::By(Rules::default())
    }
}

impl Masking {
    /// What masks.
    pub const fn redactor(&self) -> Redactor<'_> {
        match self {
            Self::By(rules) => Redactor::by(rules),
            Self::Off => Redactor::new(true),
        }
    }

    /// Takes in what in an event is secret by its place, so that it is found wherever else it stands.
    pub fn learn(&mut self, what: &What) {
        match self {
            Self::By(rules) => rules.learn(what),
            Self::Off => {}
        }
    }

    /// Overwrites what in bytes is known to be secret, with as many asterisks; bytes of text that is cut off, too.
    pub fn blank(&self, bytes: &mut [u8]) {
        let Self::By(rules) = self else { return };
        // Bytes that are no text keep their places and are no part of any secret.
        let text: String = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '\u{1a}' }).collect(),
        };
        for secret in rules.secrets_in(&text) {
            if let Some(secret) = bytes.get_mut(secret) {
                secret.fill(super::BLANK);
            }
        }
    }
}
