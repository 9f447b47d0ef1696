//! Secrets that are known by their value, and how else they may be written.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Values that were secret somewhere, so that they are found elsewhere, too: sent back by a server, put into a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    secrets: Vec<String>,
    /// Those, and as they look within base64 and percent-encoded.
    forms: Vec<String>,
}

/// What RFC 3986 §2.3 leaves as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Known {
    pub(super) const NONE: Self = Self { secrets: Vec::new(), forms: Vec::new() };
    /// What is shorter would be found where it is nothing secret.
    const SHORTEST: usize = 6;
    const LONGEST: usize = 4_096;
    const MOST: usize = 64;

    pub(super) fn learn(&mut self, secret: &str) {
        let is_new = !self.secrets.iter().any(|known| known == secret);
        if !is_new || secret == super::MASK || !(Self::SHORTEST..=Self::LONGEST).contains(&secret.len()) || self.secrets.len() == Self::MOST
        {
            return;
        }
        self.secrets.push(secret.to_owned());
        for form in forms(secret) {
            if !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
    }

    /// Adds where they stand.
    pub(super) fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        for form in &self.forms {
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
