//! Secrets known by their format: JSON Web Tokens, private keys, and the keys and tokens of
//! well-known services.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::token_prefixes::{Alphabet, TOKENS};
use super::{labelled_tokens, secret_urls, token_shapes};

/// Length in bytes of the shortest secret with a known format.
pub(super) const MIN_LENGTH: usize = 12;

/// Adds all secrets with a known format.
pub(super) fn find_token_formats(text: &str, found: &mut Vec<Range<usize>>) {
    if text.len() < MIN_LENGTH {
        return;
    }
    find_service_tokens(text, found);
    // Most texts lack the bytes that the other formats contain.
    let bytes = AsciiBytes::of(text);
    if bytes.has(b'J') {
        find_json_web_tokens(text, found);
    }
    if bytes.has(b'/') {
        secret_urls::find_secret_paths(text, found);
    }
    if bytes.has(b'_') || bytes.has(b'-') {
        labelled_tokens::find_labelled_tokens(text, found);
    }
    token_shapes::find_token_shapes(text, found);
    if bytes.has(b'-') {
        find_private_keys(text, found);
    }
    if bytes.has(b' ') {
        find_credentials(text, found);
    }
    if bytes.has(b':') {
        find_telegram_tokens(text, found);
    }
}

/// The set of ASCII bytes in a text.
#[derive(Clone, Copy)]
struct AsciiBytes(u128);

impl AsciiBytes {
    fn of(text: &str) -> Self {
        let bit = |byte: u8| if byte.is_ascii() { 1 << byte } else { 0 };
        Self(text.bytes().fold(0, |bytes, byte| bytes | bit(byte)))
    }

    const fn has(self, byte: u8) -> bool {
        byte.is_ascii() && self.0 >> byte & 1 == 1
    }
}

fn find_service_tokens(text: &str, found: &mut Vec<Range<usize>>) {
    type Token = (&'static str, Alphabet, usize);
    static BY_FIRST_BYTE: LazyLock<Vec<Vec<Token>>> = LazyLock::new(|| {
        let begins_with = |byte: u8| {
            TOKENS
                .iter()
                .filter(|(beginning, ..)| beginning.as_bytes().first() == Some(&byte))
                .copied()
                .collect()
        };
        (0..=u8::MAX).map(begins_with).collect()
    });
    let mut before = b' ';
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let begins = byte.is_ascii_alphanumeric() && !before.is_ascii_alphanumeric() && at >= from;
        before = byte;
        let Some(rest) = text.get(at..).filter(|_| begins) else {
            continue;
        };
        let length = BY_FIRST_BYTE
            .get(usize::from(byte))
            .into_iter()
            .flatten()
            .find_map(|(beginning, alphabet, least)| {
                let token = rest.strip_prefix(beginning)?;
                let length = token_length(token, *alphabet);
                let is_token = length >= *least
                    && !labelled_tokens::reads_as_words(token.get(..length).unwrap_or_default());
                is_token.then_some(beginning.len() + length)
            });
        if let Some(length) = length {
            found.push(at..at + length);
            from = at + length;
        }
    }
}

/// The number of leading bytes in an alphabet. A trailing full stop belongs to the sentence.
fn token_length(text: &str, alphabet: Alphabet) -> usize {
    let length = text
        .bytes()
        .take_while(|byte| alphabet.holds(*byte))
        .count();
    text.get(..length)
        .map_or(0, |run| run.trim_end_matches('.').len())
}

/// Adds JSON Web Tokens. Their header is JSON and so begins with `{"` (RFC 7519 §3); encrypted ones
/// (RFC 7516 §3.1) may have empty parts.
fn find_json_web_tokens(text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(at) = text
        .get(from..)
        .and_then(|rest| rest.find("eyJ"))
        .map(|at| from + at)
    {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest
            .bytes()
            .take_while(|byte| Alphabet::Word.holds(*byte) || *byte == b'.')
            .count();
        let token = rest.get(..length).unwrap_or_default().trim_end_matches('.');
        if token
            .split_once('.')
            .is_some_and(|(header, rest)| header.len() >= 7 && rest.len() >= 2)
        {
            found.push(at..at + token.len());
        }
        from = at + length.max(3);
    }
}

/// Adds private keys in PEM (RFC 7468 §10, §11), also truncated or with escaped line ends.
fn find_private_keys(text: &str, found: &mut Vec<Range<usize>>) {
    const BEGINNING: &str = "-----BEGIN ";
    for (at, _) in text.match_indices(BEGINNING) {
        let begin = at + BEGINNING.len();
        let Some((label, body)) = text.get(begin..).and_then(|rest| rest.split_once("-----"))
        else {
            continue;
        };
        if label.contains("PRIVATE KEY") && label.len() < 64 {
            let begin = begin + label.len() + 5;
            found.push(begin..begin + body.find("-----END").unwrap_or(body.len()));
        }
    }
    // `PuTTY` keeps its keys in a format of its own.
    if text.contains("PuTTY-User-Key-File-")
        && let Some(at) = text.find("Private-Lines:")
    {
        found.push(at + "Private-Lines:".len()..text.len());
    }
}

/// Adds `Bearer abc…` (RFC 6750 §2.1), and `Basic abc…` if that is `user:password` in base64 (RFC
/// 7617 §2).
fn find_credentials(text: &str, found: &mut Vec<Range<usize>>) {
    const SHORTEST_BEARER: usize = 16;
    for (at, byte) in text.bytes().enumerate() {
        let starts = |scheme: &str| {
            text.get(at..at + scheme.len())
                .is_some_and(|word| word.eq_ignore_ascii_case(scheme))
        };
        let scheme = match byte {
            b'B' | b'b' if starts("bearer ") => "bearer ",
            b'B' | b'b' if starts("basic ") => "basic ",
            _ => continue,
        };
        let rest = text.get(at + scheme.len()..).unwrap_or_default();
        let begin = at + scheme.len() + (rest.len() - rest.trim_start_matches(' ').len());
        let value = text.get(begin..).unwrap_or_default();
        let value = value
            .get(..token_length(value, Alphabet::Base64))
            .unwrap_or_default();
        let is_secret = if scheme == "basic " {
            is_base64_pair(value)
        } else {
            value.len() >= SHORTEST_BEARER
        };
        if is_secret {
            found.push(begin..begin + value.len());
        }
    }
}

/// Returns true for the base64 encoding of a text with a colon.
fn is_base64_pair(value: &str) -> bool {
    let bare = value.trim_end_matches('=');
    let decoded = STANDARD_NO_PAD
        .decode(bare)
        .or_else(|_| URL_SAFE_NO_PAD.decode(bare));
    decoded.is_ok_and(|bytes| bytes.contains(&b':'))
}

/// Adds Telegram's tokens: `123456789:` and 35 letters, digits, `_` and `-`.
fn find_telegram_tokens(text: &str, found: &mut Vec<Range<usize>>) {
    for (colon, _) in text.match_indices(':') {
        let digits = text.get(..colon).map_or(0, |before| {
            before
                .bytes()
                .rev()
                .take_while(u8::is_ascii_digit)
                .take(11)
                .count()
        });
        let length = text
            .get(colon + 1..)
            .map_or(0, |rest| token_length(rest, Alphabet::Word));
        if (8..=10).contains(&digits) && length == 35 {
            found.push(colon - digits..colon + 1 + length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MASK, merge_ranges, replace_with_mask};
    use super::*;

    fn masked(text: &str) -> String {
        let mut found = Vec::new();
        find_token_formats(text, &mut found);
        replace_with_mask(text, &merge_ranges(found)).replace(MASK, "*")
    }

    #[test]
    fn every_token_is_known_within_a_sentence() {
        for (beginning, _, least) in TOKENS {
            let token = format!("{beginning}{}", "a1B2".repeat(least.div_ceil(4)));
            assert_eq!(
                masked(&format!("got ({token}), sorry.")),
                "got (*), sorry.",
                "{token}"
            );
            let short = format!("{beginning}{}", "x".repeat(least - 1));
            assert_eq!(masked(&format!("not {short}.")), format!("not {short}."));
        }
    }

    #[test]
    fn other_shapes_are_known() {
        let telegram = "a".repeat(35);
        for (text, wanted) in [
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln, sorry",
                "*, sorry",
            ),
            ("eyJhbGciOiJkaXIifQ..iv4.ct.tag!", "*!"),
            (
                "Authorization: Bearer 0123456789abcdef0123",
                "Authorization: Bearer *",
            ),
            ("a bearer of bad news", "a bearer of bad news"),
            ("Basic YWRhOmh1bnRlcjI= x", "Basic * x"),
            (
                "basic authentication is wanted",
                "basic authentication is wanted",
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----",
                "-----BEGIN RSA PRIVATE KEY-----*-----END RSA PRIVATE KEY-----",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\\nMIIEv",
                "-----BEGIN PRIVATE KEY-----*",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nMII",
                "-----BEGIN CERTIFICATE-----\nMII",
            ),
            (&format!("bot 123456789:{telegram}"), "bot *"),
            ("at 12:30:45", "at 12:30:45"),
            (
                "task-scheduler monkey-patching-everything-in-sight",
                "task-scheduler monkey-patching-everything-in-sight",
            ),
            ("東京AKIAIOSFODNN7EXAMPLE", "東京*"),
            // Words after the beginning of a token are no token.
            (
                "sk-learn-tutorial-for-beginners",
                "sk-learn-tutorial-for-beginners",
            ),
            ("xapp-Development-Guide-2026", "xapp-Development-Guide-2026"),
            (
                "PuTTY-User-Key-File-3: ssh-ed25519\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\nBBBB",
                "PuTTY-User-Key-File-3: ssh-ed25519\nPublic-Lines: 1\nAAAA\nPrivate-Lines:*",
            ),
        ] {
            assert_eq!(masked(text), wanted);
        }
    }
}
