//! What masks.

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
    /// One that masks what is secret by its place, or with `with_secrets` one that masks nothing.
    pub const fn new(with_secrets: bool) -> Self {
        static PLAIN: RedactionRules = RedactionRules::PLAIN;
        Self(if with_secrets { None } else { Some(&PLAIN) })
    }

    /// One that masks by rules.
    pub const fn with_rules(rules: &'a RedactionRules) -> Self {
        Self(Some(rules))
    }

    /// Returns true if it masks anything at all.
    pub const fn masks(self) -> bool {
        self.0.is_some()
    }

    /// A URL, a request target, or a sentence that may hold one.
    pub fn text(self, text: &Untrusted) -> Untrusted {
        self.masked_text(text.raw()).unwrap_or_else(|| text.clone())
    }

    /// Returns a text with its secrets masked; `None` where it has none.
    pub(super) fn masked_text(self, text: &str) -> Option<Untrusted> {
        let secrets = self.0?.find_secrets(text);
        (!secrets.is_empty()).then(|| Untrusted::new(replace_with_mask(text, &secrets)))
    }

    /// The same of text that is the program's own, with words of others in it.
    pub fn sentence(self, sentence: &str) -> String {
        let Some(rules) = self.0 else {
            return sentence.to_owned();
        };
        replace_with_mask(sentence, &rules.find_secrets(sentence)).into_owned()
    }

    /// Words of others that say nothing the run needs, such as a reason phrase. Under strict rules
    /// all of them are masked.
    pub fn remote_text(self, text: &Untrusted) -> Untrusted {
        let hidden = self.0.is_some_and(RedactionRules::is_strict) && !text.raw().is_empty();
        if hidden { MASK.into() } else { self.text(text) }
    }

    /// The value of a query's parameter, name and value decoded.
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

    /// A field line.
    pub fn header(self, header: &HttpHeader) -> HttpHeader {
        HttpHeader {
            name: self.text(&header.name),
            value: self
                .masked_value(header)
                .unwrap_or_else(|| header.value.clone()),
        }
    }

    /// Returns the value of a field line with its secrets masked; `None` where it has none.
    pub(super) fn masked_value(self, header: &HttpHeader) -> Option<Untrusted> {
        let secrets = self
            .0?
            .find_secrets_in_field(header.name.raw(), header.value.raw());
        (!secrets.is_empty())
            .then(|| Untrusted::new(replace_with_mask(header.value.raw(), &secrets)))
    }

    /// Field lines.
    pub fn headers(self, headers: &[HttpHeader]) -> Vec<HttpHeader> {
        headers.iter().map(|header| self.header(header)).collect()
    }
}
