//! Secrets that are known by their value, and how else they may be written.

use std::collections::VecDeque;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Values that were secret somewhere, so that they are found elsewhere, too: sent back by a server, put into a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Those that the user told of.
    told: VecDeque<Secret>,
    /// Those that were learnt from events.
    learnt: VecDeque<Secret>,
}

/// A value, and as it looks within base64 and percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Secret {
    value: String,
    forms: Vec<String>,
}

/// What RFC 3986 §2.3 leaves as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Known {
    pub(super) const NONE: Self = Self { told: VecDeque::new(), learnt: VecDeque::new() };
    /// What is shorter would be found where it is nothing secret.
    const SHORTEST: usize = 6;
    const LONGEST: usize = 4_096;
    /// Of each kind. With further ones the oldest is forgotten: events that it is in were masked when they came.
    const MOST: usize = 64;

    /// Takes in a secret that the user told of.
    pub(super) fn tell(&mut self, secret: &str) {
        Self::add(&mut self.told, secret);
    }

    /// Takes in a secret that stood in an event.
    pub(super) fn learn(&mut self, secret: &str) {
        Self::add(&mut self.learnt, secret);
    }

    fn add(secrets: &mut VecDeque<Secret>, value: &str) {
        let is_new = !secrets.iter().any(|known| known.value == value);
        if !is_new || value == super::MASK || !(Self::SHORTEST..=Self::LONGEST).contains(&value.len()) {
            return;
        }
        if secrets.len() == Self::MOST {
            secrets.pop_front();
        }
        secrets.push_back(Secret { value: value.to_owned(), forms: forms(value) });
    }

    /// Adds where they stand.
    pub(super) fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        let forms = self.told.iter().chain(&self.learnt).flat_map(|secret| &secret.forms);
        for form in forms.filter(|form| form.len() <= text.len()) {
            found.extend(text.match_indices(form.as_str()).map(|(at, _)| at..at + form.len()));
        }
    }
}

fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    for set in [NON_ALPHANUMERIC, RESERVED] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        forms.push(lower_digits(&encoded));
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

/// `%2F` → `%2f`.
fn lower_digits(encoded: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        left = if c == '%' { 3 } else { left };
        let digit = left > 0;
        left = left.max(1) - 1;
        if digit { c.to_ascii_lowercase() } else { c }
    };
    encoded.chars().map(lower).collect()
}

/// The digits that are the secret's alone where it begins `shift` bytes into a group of three (RFC 4648 §4).
fn within_base64(engine: &impl Engine, secret: &str, shift: usize) -> String {
    let padded = [&vec![0; shift], secret.as_bytes()].concat();
    let digits = engine.encode(&padded);
    let begin = (shift * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    digits.get(begin..end).unwrap_or_default().to_owned()
}
