//! Whether secrets are masked, and by which rules.

use super::{RedactionRules, Redactor};
use crate::trace::EventKind;

/// The user's choice between masking and showing secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedactionPolicy {
    /// Secrets are masked.
    Mask(RedactionRules),
    /// Secrets are shown, at the user's request.
    ShowSecrets,
}

/// Masks what is secret by its name, its position or its format.
impl Default for RedactionPolicy {
    fn default() -> Self {
        Self::Mask(RedactionRules::default())
    }
}

impl RedactionPolicy {
    /// The redactor for this policy.
    pub const fn redactor(&self) -> Redactor<'_> {
        match self {
            Self::Mask(rules) => Redactor::with_rules(rules),
            Self::ShowSecrets => Redactor::new(true),
        }
    }

    /// Learns the secrets in an event, so that they are also masked wherever else they appear.
    pub fn learn(&mut self, what: &EventKind) {
        match self {
            Self::Mask(rules) => rules.learn(what),
            Self::ShowSecrets => {}
        }
    }

    /// Masks an address while it is being typed, keeping its length. The user information is masked
    /// before the host behind it has been typed, whatever characters it contains.
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

    /// Overwrites recognized secrets in bytes with asterisks, also in truncated text.
    pub fn overwrite_secrets(&self, bytes: &mut [u8]) {
        let Self::Mask(rules) = self else { return };
        // Bytes that are not text keep their positions and are not part of any secret.
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
