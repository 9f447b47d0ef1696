//! Tokens that say what they are: random characters after a label that names a secret, as in
//! `acme_secret_4nB…`, `service-api-key-9f8…`; or long ones after any word, as in `acme_4nB…`.

use std::ops::Range;

use super::names;

/// Words at the end of a label that say which system a key belongs to: `acme_live_4nB…`.
const SYSTEMS: &[&str] = &["live", "test", "prod", "production", "sandbox"];
/// Words that say that a key may be published.
const PUBLIC: &[&str] = &["pk", "pub", "public", "publishable", "anon", "site"];
/// Abbreviations of secret, restricted, private and personal keys.
const KEYS: &[&str] = &["sk", "rk", "pat", "sec", "seckey", "privkey", "apikey"];

/// Labels of what is random but no secret.
const HARMLESS: &[&str] = &[
    "nonce",
    "sha",
    "hash",
    "digest",
    "checksum",
    "integrity",
    "etag",
    "id",
    "rev",
    "build",
    "chunk",
    "cursor",
    "page",
    "trace",
    "request",
    "phc",
];

/// Adds tokens with a label.
pub(super) fn find_labelled_tokens(text: &str, found: &mut Vec<Range<usize>>) {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes
            .iter()
            .skip(at)
            .take_while(|byte| is_of_token(**byte))
            .count();
        let token = text.get(at..at + length).unwrap_or_default();
        let rest = text.get(at + length..).unwrap_or_default();
        if is_labelled_token(token) && !begins_with_extension(rest) {
            found.push(at..at + length);
        }
        at += length.max(1);
    }
}

/// Returns true if what precedes is the name of a file: `session-9f8….js` has a digest in it.
fn begins_with_extension(rest: &str) -> bool {
    rest.strip_prefix('.')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

/// Returns true for random characters after a label that names a secret.
fn is_labelled_token(token: &str) -> bool {
    const LONGEST_LABEL: usize = 40;
    const SHORTEST: usize = 18;
    if token.len() < SHORTEST {
        return false;
    }
    let random = parts_of(token).find(|(_, part)| looks_random(part));
    let Some((at, random)) = random.filter(|(at, _)| (2..=LONGEST_LABEL).contains(at)) else {
        return false;
    };
    let label = token
        .get(..at)
        .unwrap_or_default()
        .trim_end_matches(['_', '-']);
    let words: Vec<String> = label
        .split(['_', '-'])
        .map(str::to_ascii_lowercase)
        .collect();
    if words.iter().any(|word| PUBLIC.contains(&word.as_str())) {
        return false;
    }
    names_a_key(&words) || label.split(['_', '-']).all(is_plain_word) && is_long_and_mixed(random)
}

/// Returns true for the words of a label that say that a secret follows.
fn names_a_key(words: &[String]) -> bool {
    const MOST_OWNERS: usize = 2;
    let Some((last, owners)) = words.split_last() else {
        return false;
    };
    if SYSTEMS.contains(&last.as_str()) && owners.len() <= MOST_OWNERS {
        return true;
    }
    KEYS.contains(&last.as_str()) || last != "code" && names::is_secret_name(&words.join("_"))
}

/// Returns true for a lower-case word that may precede any token.
fn is_plain_word(word: &str) -> bool {
    const LONGEST: usize = 12;
    (1..=LONGEST).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_lowercase())
        && !HARMLESS.contains(&word)
}

/// Returns true for at least 32 characters with capitals and small letters: identifiers are shorter
/// or hexadecimal.
fn is_long_and_mixed(random: &str) -> bool {
    const LONG: usize = 32;
    let has = |kind: fn(&u8) -> bool| random.bytes().any(|byte| kind(&byte));
    random.len() >= LONG && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// The parts of a token between `_` and `-`, and where they begin.
fn parts_of(token: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    token.split(['_', '-']).map(move |part| {
        let begin = at;
        at += part.len() + 1;
        (begin, part)
    })
}

/// Returns true for at least 20 letters and digits, with several of both; identifiers of AWS
/// (`key-0a1b…`) have 17.
fn looks_random(part: &str) -> bool {
    const SHORTEST: usize = 20;
    const SEVERAL: usize = 2;
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    part.len() >= SHORTEST && digits >= SEVERAL && part.len() - digits >= SEVERAL
}

/// Returns true for words in lower case, or with a capital, and numbers of at most four digits,
/// which random characters almost never are.
pub(super) fn reads_as_words(text: &str) -> bool {
    const LONGEST_NUMBER: usize = 4;
    text.split(|c: char| c.is_ascii_punctuation()).all(|part| {
        let (first, rest) = part.split_at_checked(1).unwrap_or((part, ""));
        let is_word = first.bytes().all(|byte| byte.is_ascii_alphabetic())
            && rest.bytes().all(|byte| byte.is_ascii_lowercase());
        is_word || part.len() <= LONGEST_NUMBER && part.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_characters_after_a_secret_name_are_a_token() {
        const RANDOM: &str = "4nB7xQ2mK9pL5rT8wZ3c";
        for (label, secret) in [
            ("secret_", true),
            ("acme_secret_", true),
            ("secret-test-", true),
            ("service-api-key-", true),
            ("acme_pat_", true),
            ("acme_sk_", true),
            ("token-", true),
            ("tok_", true),
            ("key-", true),
            ("acme_live_", true),
            ("live_", true),
            ("pk_live_", false),
            ("acme_pk_test_", false),
            ("sb_publishable_", false),
            ("public_key_", false),
            ("cache_key_", false),
            ("cus_", false),
            ("request-", false),
            ("", false),
        ] {
            for (before, after) in [("", ""), ("(", ")."), ("/v1/", "/x")] {
                let text = format!("{before}{label}{RANDOM}{after}");
                let mut found = Vec::new();
                find_labelled_tokens(&text, &mut found);
                let end = before.len() + label.len() + RANDOM.len();
                let wanted = if secret {
                    std::iter::once(before.len()..end).collect()
                } else {
                    Vec::new()
                };
                assert_eq!(found, wanted, "{text}");
            }
        }
        for words in [
            "secret_santa_gift_ideas_2026",
            "token-bucket-rate-limiting-explained",
            "key-value-store-comparison-2026",
            "secret_20261130230639",
            "code-9f86d081884c7d65",
            "session-9f86d081884c7d659a2f.js",
            "key-0a1b2c3d4e5f60718",
        ] {
            let mut found = Vec::new();
            find_labelled_tokens(words, &mut found);
            assert!(found.is_empty(), "{words}");
        }
    }

    #[test]
    fn long_random_characters_after_a_word_are_a_token() {
        let random = "4nB7xQ2mK9pL5rT8wZ3c6vH1jF0gD2sY";
        let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";
        for (token, secret) in [
            (format!("acme_{random}"), true),
            (format!("acme-ci-{random}"), true),
            (format!("acme_{}", &random[1..]), false),
            (format!("pk_{random}"), false),
            (format!("nonce-{random}"), false),
            (format!("sha256-{random}"), false),
            (format!("Acme_{random}"), false),
            (format!("commit-{hex}"), false),
            (random.to_owned(), false),
        ] {
            assert_eq!(is_labelled_token(&token), secret, "{token}");
        }
    }

    #[test]
    fn words_are_not_random() {
        for (text, words) in [
            ("learn-tutorial-for-beginners", true),
            ("News_Channel-2026", true),
            ("example.com/a/page/2026", true),
            ("a1b2", false),
            ("proj-a1B2c3", false),
            ("20261130", false),
            ("abcDef", false),
            ("ABCDEF", false),
        ] {
            assert_eq!(reads_as_words(text), words, "{text}");
        }
    }
}
