//! Whether secrets are masked, and by which rules.

use super::{RedactionRules, Redactor};
use crate::trace::EventKind;

/// Whether secrets are masked, and by which rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedactionPolicy {
    /// They are masked.
    Mask(RedactionRules),
    /// They are shown, since the user asked for them.
    ShowSecrets,
}

/// What is secret by its name, its place or its shape is masked.
impl Default for RedactionPolicy {
    fn default() -> Self {
        Self::Mask(RedactionRules::default())
    }
}

impl RedactionPolicy {
    /// What masks.
    pub const fn redactor(&self) -> Redactor<'_> {
        match self {
            Self::Mask(rules) => Redactor::with_rules(rules),
            Self::ShowSecrets => Redactor::new(true),
        }
    }

    /// Takes in what in an event is secret by its place, so that it is found wherever else it
    /// stands.
    pub fn learn(&mut self, what: &EventKind) {
        match self {
            Self::Mask(rules) => rules.learn(what),
            Self::ShowSecrets => {}
        }
    }

    /// An address that is being typed, with asterisks in the place of what is secret in it: as long
    /// as it is. Users and passwords are known before the host behind them is there, and
    /// whatever stands in them.
    pub fn mask_address(&self, address: &str) -> String {
        let mut bytes = address.as_bytes().to_vec();
        self.overwrite_secrets(&mut bytes);
        let begin = address.find("://").map_or(0, |scheme| scheme + 3);
        let rest = address.get(begin..).unwrap_or_default();
        let authority = rest
            .get(..rest.find(['/', '?', '#']).unwrap_or(rest.len()))
            .unwrap_or_default();
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let user = match (rest.rfind('@'), authority.split_once(':')) {
            (Some(at), _) if at <= authority.len() || rest.contains(char::is_whitespace) => {
                begin..begin + at
            }
            (_, Some((name, port))) if !name.starts_with('[') && !is_port(port) => {
                begin + name.len() + 1..begin + authority.len()
            }
            _ => begin..begin,
        };
        if let (Self::Mask(_), Some(user)) = (self, bytes.get_mut(user)) {
            user.fill(super::BLANK);
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Overwrites what in bytes is known to be secret, with as many asterisks; bytes of text that
    /// is cut off, too.
    pub fn overwrite_secrets(&self, bytes: &mut [u8]) {
        let Self::Mask(rules) = self else { return };
        // Bytes that are no text keep their places and are no part of any secret.
        let text: String = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes
                .iter()
                .map(|byte| {
                    if byte.is_ascii() {
                        char::from(*byte)
                    } else {
                        '\u{1a}'
                    }
                })
                .collect(),
        };
        for secret in rules.find_secrets(&text) {
            if let Some(secret) = bytes.get_mut(secret) {
                secret.fill(super::BLANK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked_while_it_is_typed() {
        let masking = RedactionPolicy::default();
        for (typed, shown) in [
            ("http://ada", "http://ada"),
            ("http://ada:", "http://ada:"),
            ("http://ada:pw", "http://ada:**"),
            ("http://ada:p w@h", "http://*******@h"),
            ("http://ada:p/w@h", "http://*******@h"),
            ("ada:pw", "ada:**"),
            ("localhost:80/a", "localhost:80/a"),
            ("http://[::1]:80/@x", "http://[::1]:80/@x"),
            ("http://h/?token=é", "http://h/?token=**"),
        ] {
            assert_eq!(masking.mask_address(typed), shown);
            assert_eq!(RedactionPolicy::ShowSecrets.mask_address(typed), typed);
        }
    }
}
