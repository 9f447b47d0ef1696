//! The redactor, which masks secrets.

use super::rules::RedactionRules;
use super::{MASK, replace_with_mask};
use crate::trace::HttpHeader;
use crate::units::Untrusted;

/// Masks secrets in what is shown or written, unless the user asked for them.
#[derive(Clone, Copy, Debug)]
pub struct Redactor<'a>(Option<&'a RedactionRules>);

impl Default for Redactor<'_> {
    fn default() -> Self {
        Self::new(false)
    }
}

impl<'a> Redactor<'a> {
    /// A redactor with the default rules, or with `with_secrets` one that masks nothing.
    pub const fn new(with_secrets: bool) -> Self {
        static PLAIN: RedactionRules = RedactionRules::PLAIN;
        Self(if with_secrets { None } else { Some(&PLAIN) })
    }

    /// A redactor with the given rules.
    pub const fn with_rules(rules: &'a RedactionRules) -> Self {
        Self(Some(rules))
    }

    /// Returns true unless secrets are shown.
    pub const fn masks(self) -> bool {
        self.0.is_some()
    }

    /// Masks a URL, a request target, or a text that may contain one.
    pub fn text(self, text: &Untrusted) -> Untrusted {
        self.masked_text(text.raw()).unwrap_or_else(|| text.clone())
    }

    /// A text with its secrets masked; `None` if it has none.
    pub(super) fn masked_text(self, text: &str) -> Option<Untrusted> {
        self.masked_sentence(text).map(Untrusted::new)
    }

    /// Masks a sentence of the program's own that quotes other text.
    pub fn sentence(self, sentence: &str) -> String {
        self.masked_sentence(sentence)
            .unwrap_or_else(|| sentence.to_owned())
    }

    /// Returns a sentence with its secrets masked; `None` if it has none.
    pub(super) fn masked_sentence(self, sentence: &str) -> Option<String> {
        let secrets = self.0?.find_secrets(sentence);
        (!secrets.is_empty()).then(|| replace_with_mask(sentence, &secrets).into_owned())
    }

    /// Masks remote text that a run does not depend on, such as a reason phrase. Strict rules mask
    /// it entirely.
    pub fn remote_text(self, text: &Untrusted) -> Untrusted {
        self.masked_remote_text(text.raw())
            .unwrap_or_else(|| text.clone())
    }

    /// Returns a remote text masked; `None` if nothing in it is masked.
    pub(super) fn masked_remote_text(self, text: &str) -> Option<Untrusted> {
        let hidden = self.0.is_some_and(RedactionRules::is_strict) && !text.is_empty();
        if hidden {
            Some(MASK.into())
        } else {
            self.masked_text(text)
        }
    }

    /// Masks the value of a query parameter, given its decoded name and value.
    pub fn parameter(self, name: &str, value: &str) -> Untrusted {
        let hidden = self
            .0
            .is_some_and(|rules| rules.is_secret_parameter(name, value))
            && !value.is_empty();
        if hidden {
            MASK.into()
        } else {
            self.text(&value.into())
        }
    }

    /// Masks a field line.
    pub fn header(self, header: &HttpHeader) -> HttpHeader {
        HttpHeader {
            name: self.text(&header.name),
            value: self
                .masked_value(header)
                .unwrap_or_else(|| header.value.clone()),
        }
    }

    /// The value of a field line with its secrets masked; `None` if it has none.
    pub(super) fn masked_value(self, header: &HttpHeader) -> Option<Untrusted> {
        let secrets = self
            .0?
            .find_secrets_in_field(header.name.raw(), header.value.raw());
        (!secrets.is_empty())
            .then(|| Untrusted::new(replace_with_mask(header.value.raw(), &secrets)))
    }

    /// Masks field lines.
    pub fn headers(self, headers: &[HttpHeader]) -> Vec<HttpHeader> {
        headers.iter().map(|header| self.header(header)).collect()
    }
}
