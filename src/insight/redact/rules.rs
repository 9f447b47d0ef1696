//! The rules that define what is a secret.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use regex::Regex;

use super::harmless::HarmlessTexts;
use super::known::KnownSecrets;
use super::percent_layers::PercentLayer;
use super::url_parts::NamedValue;
use super::{allowlist, fields, merge_ranges, names, token_formats, url_parts};
use crate::trace::HttpHeader;

/// The rules that define what is a secret.
#[derive(Clone, Debug, Default)]
pub struct RedactionRules {
    patterns: Vec<Regex>,
    pub(super) known: KnownSecrets,
    strict: bool,
    /// Texts without secrets that were seen before.
    pub(super) harmless: HarmlessTexts,
}

impl PartialEq for RedactionRules {
    fn eq(&self, other: &Self) -> bool {
        let patterns = |rules: &Self| {
            rules
                .patterns
                .iter()
                .map(|pattern| pattern.as_str().to_owned())
                .collect::<Vec<_>>()
        };
        patterns(self) == patterns(other)
            && self.known == other.known
            && self.strict == other.strict
    }
}

impl Eq for RedactionRules {}

/// A pattern that is not a valid regular expression. It is identified by its number, since the
/// pattern itself may be the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pattern {number} is not a valid regular expression: {reason}")]
pub struct PatternError {
    number: usize,
    reason: String,
}

impl PatternError {
    fn new(number: usize, error: &regex::Error) -> Self {
        // The error is a multi-line drawing, whose last line is the message.
        let drawn = error.to_string();
        let last = drawn.lines().last().unwrap_or_default();
        Self {
            number,
            reason: last.trim_start_matches("error: ").to_owned(),
        }
    }
}

impl RedactionRules {
    pub(super) const PLAIN: Self = Self {
        patterns: Vec::new(),
        known: KnownSecrets::NONE,
        strict: false,
        harmless: HarmlessTexts::NONE,
    };
    /// Size limit of a compiled pattern.
    const MAX_PATTERN_SIZE: usize = 1 << 20;

    /// Default rules plus the user's patterns: the first group of each match is secret, or else the
    /// whole match.
    pub fn with_patterns(patterns: &[String]) -> Result<Self, PatternError> {
        let compiled = |(number, pattern): (usize, &String)| {
            let built = regex::RegexBuilder::new(pattern)
                .size_limit(Self::MAX_PATTERN_SIZE)
                .build();
            built.map_err(|error| PatternError::new(number, &error))
        };
        Ok(Self {
            patterns: (1..)
                .zip(patterns)
                .map(compiled)
                .collect::<Result<_, _>>()?,
            ..Self::PLAIN
        })
    }

    /// Strict rules: all remote values are secret, except those on the allowlist.
    #[must_use]
    pub fn strict(self) -> Self {
        Self {
            strict: true,
            ..self
        }
    }

    /// Returns true for strict rules.
    pub(super) const fn is_strict(&self) -> bool {
        self.strict
    }

    /// Adds a secret given by the user.
    pub fn add_secret(&mut self, secret: &str) {
        secret_and_password(secret).for_each(|secret| self.known.add_given(secret));
    }

    /// Learns the secrets in a text.
    pub(super) fn learn_text(&mut self, text: &str) {
        if HarmlessTexts::is_plain(text) || self.harmless.contains(text) {
            return;
        }
        let is_harmless = for_each_layer(text, |text, users, values| {
            for user in slices_of(text, users) {
                secret_and_password(&percent_decode_str(user).decode_utf8_lossy())
                    .for_each(|secret| self.known.add_learned(secret));
            }
            slices_of(text, values).for_each(|value| self.learn_value(value));
        });
        if is_harmless {
            self.harmless.add(text);
        }
    }

    /// Remembers a text that is repeated often if it is harmless. Secrets in it are not learned.
    fn remember_if_harmless(&mut self, text: &str) {
        let is_known = HarmlessTexts::is_plain(text) || self.harmless.contains(text);
        if !is_known && for_each_layer(text, |_, _, _| {}) {
            self.harmless.add(text);
        }
    }

    /// Learns the secrets in field lines.
    pub(super) fn learn_fields(&mut self, headers: &[HttpHeader]) {
        for header in headers {
            self.remember_if_harmless(header.name.raw());
            let value = header.value.raw();
            self.learn_text(value);
            let mut secrets = Vec::new();
            fields::find_field_secrets(header.name.raw(), value, &mut secrets);
            for secret in slices_of(value, &secrets) {
                self.learn_value(secret);
                if let Some(pair) = STANDARD
                    .decode(secret)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                {
                    secret_and_password(&pair).for_each(|secret| self.known.add_learned(secret));
                }
            }
        }
    }

    /// Learns a value that is secret by its name. Values that could be ordinary words are skipped,
    /// since they would be found everywhere.
    fn learn_value(&mut self, value: &str) {
        const LONG: usize = 16;
        const SHORTEST: usize = 8;
        let is_word = value.bytes().all(|byte| byte.is_ascii_lowercase());
        if value.len() >= LONG || value.len() >= SHORTEST && !is_word {
            self.known.add_learned(value);
            self.known
                .add_learned(&percent_decode_str(value).decode_utf8_lossy());
        }
    }

    /// The secrets in a text: sorted, disjoint ranges.
    pub(super) fn find_secrets(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.collect_secrets(text, &mut found);
        merge_ranges(found)
    }

    /// The secrets in a field's value.
    pub(super) fn find_secrets_in_field(&self, name: &str, value: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.strict && !allowlist::is_allowed_field(name) {
            found.push(0..value.len());
        }
        fields::find_field_secrets(name, value, &mut found);
        self.collect_secrets(value, &mut found);
        merge_ranges(found)
    }

    /// Returns true if a parameter's value is secret because of its name.
    pub(super) fn is_secret_parameter(&self, name: &str, value: &str) -> bool {
        names::is_secret(name, value) || self.strict && !allowlist::is_allowed_parameter(name)
    }

    fn collect_secrets(&self, text: &str, found: &mut Vec<Range<usize>>) {
        let is_secret = |parameter: &NamedValue<'_>| {
            let NamedValue {
                name,
                value,
                is_in_url,
            } = parameter;
            if *is_in_url {
                self.is_secret_parameter(name, value)
            } else {
                names::is_secret(name, value)
            }
        };
        let is_harmless = HarmlessTexts::is_plain(text) || self.harmless.contains(text);
        if is_harmless && !self.strict && self.patterns.is_empty() {
            return self.known.find(text, found);
        }
        PercentLayer::for_each(text, |layer| {
            let text = &*layer.text;
            let mut within = Vec::new();
            url_parts::find_user_info(text, &mut within);
            url_parts::find_parameters(text, &is_secret, &mut within);
            if self.strict {
                url_parts::find_nameless_values(text, &mut within);
            }
            for (name, value) in url_parts::find_header_fields(text) {
                let mut secrets = Vec::new();
                fields::find_field_secrets(
                    name,
                    text.get(value.clone()).unwrap_or_default(),
                    &mut secrets,
                );
                within.extend(
                    secrets
                        .into_iter()
                        .map(|secret| value.start + secret.start..value.start + secret.end),
                );
            }
            token_formats::find_token_formats(text, &mut within);
            self.known.find(text, &mut within);
            self.patterns
                .iter()
                .for_each(|pattern| url_parts::find_pattern_matches(pattern, text, &mut within));
            found.extend(within.into_iter().map(|range| layer.original_range(range)));
        });
    }
}

/// Calls `found` with each percent-encoding layer of a text, and the ranges of user information and
/// of other secrets in it. Returns true if there is only one layer, and no secret in it.
fn for_each_layer(
    text: &str,
    mut found: impl FnMut(&str, &[Range<usize>], &[Range<usize>]),
) -> bool {
    let mut is_harmless = url_parts::find_header_fields(text).is_empty();
    PercentLayer::for_each(text, |layer| {
        let mut users = Vec::new();
        let mut values = Vec::new();
        url_parts::find_user_info(&layer.text, &mut users);
        url_parts::find_parameters(
            &layer.text,
            &|parameter| names::is_secret(parameter.name, parameter.value),
            &mut values,
        );
        token_formats::find_token_formats(&layer.text, &mut values);
        found(&layer.text, &users, &values);
        is_harmless &= users.is_empty() && values.is_empty() && !layer.is_decoded();
    });
    is_harmless
}

/// A secret, and the password of `user:password` by itself.
fn secret_and_password(secret: &str) -> impl Iterator<Item = &str> {
    std::iter::once(secret).chain(secret.split_once(':').map(|(_, password)| password))
}

/// The slices of a text.
fn slices_of<'t>(text: &'t str, ranges: &[Range<usize>]) -> impl Iterator<Item = &'t str> {
    ranges.iter().filter_map(|range| text.get(range.clone()))
}
