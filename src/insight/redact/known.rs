//! Secrets known by their value, and their encoded forms.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Values that were secret in one place, so that they are also found elsewhere: echoed by a server,
/// quoted in a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownSecrets {
    /// Secrets given by the user.
    given: VecDeque<KnownSecret>,
    /// Secrets learned from events.
    learned: VecDeque<KnownSecret>,
    /// The search index; `None` while it is empty.
    prefixes: Option<Box<PrefixIndex>>,
}

/// A secret with its base64 and percent-encoded forms.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KnownSecret {
    value: String,
    forms: Vec<String>,
}

/// Everything but the unreserved characters of RFC 3986 §2.3.
const ALL_BUT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl KnownSecrets {
    pub(super) const NONE: Self = Self {
        given: VecDeque::new(),
        learned: VecDeque::new(),
        prefixes: None,
    };
    /// Shorter values would be found where they are not secret.
    const MIN_LENGTH: usize = 6;
    const MAX_LENGTH: usize = 4_096;
    /// Maximum number of secrets of each kind. Beyond it the oldest is dropped; events that contain
    /// it were masked when they were emitted.
    const MAX_SECRETS: usize = 64;

    /// Adds a secret given by the user.
    pub(super) fn add_given(&mut self, secret: &str) {
        Self::add(&mut self.given, &mut self.prefixes, secret);
    }

    /// Adds a secret found in an event.
    pub(super) fn add_learned(&mut self, secret: &str) {
        Self::add(&mut self.learned, &mut self.prefixes, secret);
    }

    fn add(
        secrets: &mut VecDeque<KnownSecret>,
        beginnings: &mut Option<Box<PrefixIndex>>,
        value: &str,
    ) {
        // A value is one of its own forms, so the index shows for most new values that they are
        // new, without a comparison with each secret.
        let is_form = beginnings
            .as_ref()
            .is_some_and(|beginnings| beginnings.contains(value));
        let is_new = !is_form || !secrets.iter().any(|known| known.value == value);
        if !is_new
            || value == super::MASK
            || !(Self::MIN_LENGTH..=Self::MAX_LENGTH).contains(&value.len())
        {
            return;
        }
        let beginnings = beginnings.get_or_insert_default();
        if secrets.len() == Self::MAX_SECRETS
            && let Some(oldest) = secrets.pop_front()
        {
            for form in &oldest.forms {
                beginnings.remove(form);
            }
        }
        let forms = encoded_forms(value);
        for form in &forms {
            beginnings.add(form);
        }
        secrets.push_back(KnownSecret {
            value: value.to_owned(),
            forms,
        });
    }

    /// Adds the ranges of known secrets in a text.
    pub(super) fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        if let Some(beginnings) = &self.prefixes {
            beginnings.find(text, found);
        }
    }
}

/// An index of all forms by their prefix, so that searching for hundreds of them takes one pass
/// over a text.
#[derive(Clone, Debug)]
struct PrefixIndex {
    /// The number of forms for each hash of a prefix: lets the search skip most positions.
    counts: Vec<u16>,
    /// The forms, by their prefix.
    forms: HashMap<u64, Vec<String>>,
}

impl Default for PrefixIndex {
    fn default() -> Self {
        Self {
            counts: vec![0; 1 << Self::HASH_BITS],
            forms: HashMap::new(),
        }
    }
}

/// The index is derived from the secrets, so it does not take part in comparisons.
impl PartialEq for PrefixIndex {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for PrefixIndex {}

impl PrefixIndex {
    /// Bytes of a prefix; no form is shorter.
    const PREFIX_BYTES: usize = KnownSecrets::MIN_LENGTH;
    const HASH_BITS: u32 = 14;

    fn add(&mut self, form: &str) {
        let Some(beginning) = prefix_key(form) else {
            return;
        };
        if let Some(count) = self.counts.get_mut(hash_slot(beginning)) {
            *count = count.saturating_add(1);
        }
        self.forms
            .entry(beginning)
            .or_default()
            .push(form.to_owned());
    }

    fn remove(&mut self, form: &str) {
        let Some(beginning) = prefix_key(form) else {
            return;
        };
        let Some(forms) = self.forms.get_mut(&beginning) else {
            return;
        };
        let Some(at) = forms.iter().position(|known| known == form) else {
            return;
        };
        forms.swap_remove(at);
        if forms.is_empty() {
            self.forms.remove(&beginning);
        }
        if let Some(count) = self.counts.get_mut(hash_slot(beginning)) {
            *count = count.saturating_sub(1);
        }
    }

    fn contains(&self, form: &str) -> bool {
        let forms = prefix_key(form).and_then(|beginning| self.forms.get(&beginning));
        forms.is_some_and(|forms| forms.iter().any(|known| known == form))
    }

    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        const WITHIN: u64 = (1 << (PrefixIndex::PREFIX_BYTES * 8)) - 1;
        // The end of the last match of each form: matches of one form do not overlap.
        let mut ends: Vec<(&str, usize)> = Vec::new();
        let mut window = 0;
        for (last, byte) in text.bytes().enumerate() {
            window = (window << 8 | u64::from(byte)) & WITHIN;
            let Some(at) = (last + 1).checked_sub(Self::PREFIX_BYTES) else {
                continue;
            };
            if self
                .counts
                .get(hash_slot(window))
                .is_none_or(|count| *count == 0)
            {
                continue;
            }
            for form in self.forms.get(&window).into_iter().flatten() {
                let stands = text.get(at..at + form.len()) == Some(form);
                if stands && ends.iter().all(|(known, end)| known != form || at >= *end) {
                    ends.retain(|(known, _)| known != form);
                    ends.push((form, at + form.len()));
                    found.push(at..at + form.len());
                }
            }
        }
    }
}

/// The prefix of a form as a number.
fn prefix_key(form: &str) -> Option<u64> {
    Some(
        form.as_bytes()
            .get(..PrefixIndex::PREFIX_BYTES)?
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}

/// The slot of a prefix in `counts` (Fibonacci hashing).
fn hash_slot(beginning: u64) -> usize {
    usize::try_from(
        beginning.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PrefixIndex::HASH_BITS),
    )
    .unwrap_or(0)
}

fn encoded_forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    for set in [NON_ALPHANUMERIC, ALL_BUT_UNRESERVED] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        forms.push(lowercase_percent_digits(&encoded));
        forms.push(encoded);
    }
    for shift in 0..3 {
        forms.push(within_base64(&STANDARD_NO_PAD, secret, shift));
        forms.push(within_base64(&URL_SAFE_NO_PAD, secret, shift));
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// Converts the hexadecimal digits of percent-encoding to lower case: `%2F` → `%2f`.
fn lowercase_percent_digits(encoded: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        left = if c == '%' { 3 } else { left };
        let digit = left > 0;
        left = left.max(1) - 1;
        if digit { c.to_ascii_lowercase() } else { c }
    };
    encoded.chars().map(lower).collect()
}

/// The base64 digits that depend on the secret alone if it starts `shift` bytes into a group of
/// three (RFC 4648 §4).
fn within_base64(engine: &impl Engine, secret: &str, shift: usize) -> String {
    let padded = [&vec![0; shift], secret.as_bytes()].concat();
    let digits = engine.encode(&padded);
    let begin = (shift * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    digits.get(begin..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// The expected result: each form searched by itself.
    fn one_by_one(known: &KnownSecrets, text: &str) -> Vec<Range<usize>> {
        let forms = known
            .given
            .iter()
            .chain(&known.learned)
            .flat_map(|secret| &secret.forms);
        let mut found: Vec<_> = forms
            .flat_map(|form| {
                text.match_indices(form.as_str())
                    .map(|(at, _)| at..at + form.len())
            })
            .collect();
        found.sort_by_key(|range| (range.start, range.end));
        found
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            cases: 64,
            failure_persistence: None,
            ..Default::default()
        })]

        #[test]
        fn the_index_finds_the_same_as_separate_searches(
            secrets in proptest::collection::vec("[ab]{5,9}|[a-c%/é🦀]{6,12}", 0..100),
            texts in proptest::collection::vec("[ab]{0,40}|[a-c%/é🦀]{0,40}", 1..8),
            given in "[ab]{6,8}",
        ) {
            let mut known = KnownSecrets::NONE;
            known.add_given(&given);
            for secret in &secrets {
                known.add_learned(secret);
            }
            let whole = secrets.concat();
            for text in texts.iter().chain(&secrets).chain([&given, &whole]) {
                let base64 = format!("x{}", STANDARD_NO_PAD.encode(text));
                let percent = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                for text in [text.clone(), base64, percent] {
                    let mut found = Vec::new();
                    known.find(&text, &mut found);
                    found.sort_by_key(|range| (range.start, range.end));
                    // Two secrets may have a form in common.
                    found.dedup();
                    let mut wanted = one_by_one(&known, &text);
                    wanted.dedup();
                    proptest::prop_assert_eq!(found, wanted);
                }
            }
        }
    }
}
