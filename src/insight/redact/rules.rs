//! What is a secret.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use regex::Regex;

use super::harmless::Harmless;
use super::known::Known;
use super::layers::Layer;
use super::places::Parameter;
use super::{allowed, disjoint, fields, names, places, shapes};
use crate::trace::Header;

/// What is a secret.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    patterns: Vec<Regex>,
    pub(super) known: Known,
    strict: bool,
    /// Texts that were learnt from and have nothing secret in them by place or shape.
    pub(super) harmless: Harmless,
}

impl PartialEq for Rules {
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

impl Eq for Rules {}

/// A pattern that is no regular expression. It is told by its number: what is to be masked may be
/// the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pattern {number} is no regular expression: {reason}")]
pub struct BadPattern {
    number: usize,
    reason: String,
}

impl BadPattern {
    fn new(number: usize, error: &regex::Error) -> Self {
        // It is drawn over several lines, of which the last says what is wrong.
        let drawn = error.to_string();
        let last = drawn.lines().last().unwrap_or_default();
        Self {
            number,
            reason: last.trim_start_matches("error: ").to_owned(),
        }
    }
}

impl Rules {
    pub(super) const PLAIN: Self = Self {
        patterns: Vec::new(),
        known: Known::NONE,
        strict: false,
        harmless: Harmless::NONE,
    };
    /// Bytes that a compiled pattern may take.
    const LARGEST: usize = 1 << 20;

    /// What the user's patterns find is secret, too: of each its first group, or where it has none
    /// all of it.
    pub fn with_patterns(patterns: &[String]) -> Result<Self, BadPattern> {
        let compiled = |(number, pattern): (usize, &String)| {
            let built = regex::RegexBuilder::new(pattern)
                .size_limit(Self::LARGEST)
                .build();
            built.map_err(|error| BadPattern::new(number, &error))
        };
        Ok(Self {
            patterns: (1..)
                .zip(patterns)
                .map(compiled)
                .collect::<Result<_, _>>()?,
            ..Self::PLAIN
        })
    }

    /// The same rules, and everything of others is a secret but what is listed as harmless: values
    /// of fields and parameters, reasons.
    #[must_use]
    pub fn strict(self) -> Self {
        Self {
            strict: true,
            ..self
        }
    }

    /// Returns true where all is secret that is not listed as harmless.
    pub(super) const fn is_strict(&self) -> bool {
        self.strict
    }

    /// Takes in a secret that the user told of.
    pub fn know(&mut self, secret: &str) {
        with_password(secret).for_each(|secret| self.known.tell(secret));
    }

    /// Takes in what in a text is secret by its place or its shape.
    pub(super) fn learn_text(&mut self, text: &str) {
        if self.harmless.has(text) {
            return;
        }
        let mut is_harmless = places::fields_in(text).is_empty();
        Layer::each(text, |layer| {
            let mut users = Vec::new();
            places::users(&layer.text, &mut users);
            for user in parts(&layer.text, &users) {
                with_password(&percent_decode_str(user).decode_utf8_lossy())
                    .for_each(|secret| self.known.learn(secret));
            }
            let mut values = Vec::new();
            places::parameters(
                &layer.text,
                &|parameter| names::is_secret(parameter.name, parameter.value),
                &mut values,
            );
            shapes::secrets(&layer.text, &mut values);
            parts(&layer.text, &values).for_each(|value| self.learn_value(value));
            is_harmless &= users.is_empty() && values.is_empty() && !layer.is_decoded();
        });
        if is_harmless {
            self.harmless.add(text);
        }
    }

    /// Takes in what in field lines is secret.
    pub(super) fn learn_fields(&mut self, headers: &[Header]) {
        for header in headers {
            let value = header.value.raw();
            self.learn_text(value);
            let mut secrets = Vec::new();
            fields::secrets(header.name.raw(), value, &mut secrets);
            for secret in parts(value, &secrets) {
                self.learn_value(secret);
                if let Some(pair) = STANDARD
                    .decode(secret)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                {
                    with_password(&pair).for_each(|secret| self.known.learn(secret));
                }
            }
        }
    }

    /// A value that is secret for its name. One that may as well be a word of a language is left:
    /// it would be found everywhere.
    fn learn_value(&mut self, value: &str) {
        const LONG: usize = 16;
        const SHORTEST: usize = 8;
        let is_word = value.bytes().all(|byte| byte.is_ascii_lowercase());
        if value.len() >= LONG || value.len() >= SHORTEST && !is_word {
            self.known.learn(value);
            self.known
                .learn(&percent_decode_str(value).decode_utf8_lossy());
        }
    }

    /// Where in a text secrets stand: in order and apart.
    pub(super) fn secrets_in(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.find(text, &mut found);
        disjoint(found)
    }

    /// Where in a field's value.
    pub(super) fn secrets_in_field(&self, name: &str, value: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.strict && !allowed::is_field(name) {
            found.push(0..value.len());
        }
        fields::secrets(name, value, &mut found);
        self.find(value, &mut found);
        disjoint(found)
    }

    /// Returns true if the value of a parameter is a secret for its name.
    pub(super) fn is_secret_parameter(&self, name: &str, value: &str) -> bool {
        names::is_secret(name, value) || self.strict && !allowed::is_parameter(name)
    }

    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        let is_secret = |parameter: &Parameter<'_>| {
            let Parameter {
                name,
                value,
                is_of_url,
            } = parameter;
            if *is_of_url {
                self.is_secret_parameter(name, value)
            } else {
                names::is_secret(name, value)
            }
        };
        let is_harmless = Harmless::is_plain(text) || self.harmless.has(text);
        if is_harmless && !self.strict && self.patterns.is_empty() {
            return self.known.find(text, found);
        }
        Layer::each(text, |layer| {
            let text = &*layer.text;
            let mut within = Vec::new();
            places::users(text, &mut within);
            places::parameters(text, &is_secret, &mut within);
            if self.strict {
                places::nameless(text, &mut within);
            }
            for (name, value) in places::fields_in(text) {
                let mut secrets = Vec::new();
                fields::secrets(
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
            shapes::secrets(text, &mut within);
            self.known.find(text, &mut within);
            self.patterns
                .iter()
                .for_each(|pattern| places::matches(pattern, text, &mut within));
            found.extend(within.into_iter().map(|range| layer.original(range)));
        });
    }
}

/// A secret, and of `user:password` the password by itself.
fn with_password(secret: &str) -> impl Iterator<Item = &str> {
    std::iter::once(secret).chain(secret.split_once(':').map(|(_, password)| password))
}

/// The parts of a text.
fn parts<'t>(text: &'t str, ranges: &[Range<usize>]) -> impl Iterator<Item = &'t str> {
    ranges.iter().filter_map(|range| text.get(range.clone()))
}
