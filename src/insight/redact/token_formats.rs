//! Secrets known by their format: JSON Web Tokens, private keys, and the keys and tokens of
//! well-known services.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The characters of a token after its prefix.
#[derive(Clone, Copy)]
enum Alphabet {
    /// Letters, digits, `_` and `-`.
    Word,
    /// Those, `.`, `=`, `+`, `/` and `~`.
    Base64,
}

impl Alphabet {
    const fn holds(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-')
            || matches!(self, Self::Base64) && matches!(byte, b'.' | b'=' | b'+' | b'/' | b'~')
    }
}

/// Token prefixes, and the least number of characters that follow.
const TOKENS: &[(&str, Alphabet, usize)] = &[
    // AWS, Google, Azure.
    ("AKIA", Alphabet::Word, 16),
    ("ASIA", Alphabet::Word, 16),
    ("ABIA", Alphabet::Word, 16),
    ("AIza", Alphabet::Word, 35),
    ("ya29.", Alphabet::Base64, 20),
    ("GOCSPX-", Alphabet::Word, 20),
    ("1//0", Alphabet::Word, 30),
    // Forges.
    ("ghp_", Alphabet::Word, 20),
    ("gho_", Alphabet::Word, 20),
    ("ghu_", Alphabet::Word, 20),
    ("ghs_", Alphabet::Word, 20),
    ("ghr_", Alphabet::Word, 20),
    ("github_pat_", Alphabet::Word, 20),
    ("glpat-", Alphabet::Base64, 16),
    ("gldt-", Alphabet::Word, 16),
    ("glrt-", Alphabet::Base64, 16),
    ("glcbt-", Alphabet::Word, 16),
    ("glptt-", Alphabet::Word, 16),
    ("glft-", Alphabet::Word, 16),
    ("gloas-", Alphabet::Word, 16),
    ("glsoat-", Alphabet::Word, 16),
    ("glagent-", Alphabet::Word, 16),
    ("ATATT3", Alphabet::Base64, 40),
    ("ATCTT3", Alphabet::Base64, 40),
    ("ATBB", Alphabet::Word, 28),
    // Registries of packages and images.
    ("npm_", Alphabet::Word, 30),
    ("pypi-", Alphabet::Word, 30),
    ("dckr_pat_", Alphabet::Word, 16),
    ("dckr_oat_", Alphabet::Word, 16),
    ("rubygems_", Alphabet::Word, 30),
    ("oy2", Alphabet::Word, 43),
    ("cio", Alphabet::Word, 32),
    // Chat services.
    ("xoxa-", Alphabet::Word, 10),
    ("xoxb-", Alphabet::Word, 10),
    ("xoxc-", Alphabet::Word, 10),
    ("xoxd-", Alphabet::Base64, 10),
    ("xoxe-", Alphabet::Word, 10),
    ("xoxe.", Alphabet::Base64, 10),
    ("xoxo-", Alphabet::Word, 10),
    ("xoxp-", Alphabet::Word, 10),
    ("xoxr-", Alphabet::Word, 10),
    ("xoxs-", Alphabet::Word, 10),
    ("xapp-", Alphabet::Word, 10),
    ("xwfp-", Alphabet::Word, 10),
    // Payment and shops.
    ("sk_live_", Alphabet::Word, 10),
    ("sk_test_", Alphabet::Word, 10),
    ("rk_live_", Alphabet::Word, 10),
    ("rk_test_", Alphabet::Word, 10),
    ("whsec_", Alphabet::Base64, 16),
    ("shpat_", Alphabet::Word, 16),
    ("shpca_", Alphabet::Word, 16),
    ("shppa_", Alphabet::Word, 16),
    ("shpss_", Alphabet::Word, 16),
    ("sq0atp-", Alphabet::Word, 16),
    ("sq0csp-", Alphabet::Word, 16),
    ("shippo_live_", Alphabet::Word, 16),
    ("shippo_test_", Alphabet::Word, 16),
    ("FLWSECK", Alphabet::Word, 16),
    // Mail.
    ("SG.", Alphabet::Base64, 30),
    ("xkeysib-", Alphabet::Word, 30),
    ("mlsn.", Alphabet::Word, 30),
    ("key-", Alphabet::Word, 32),
    // Clouds, secrets, observability.
    ("hvs.", Alphabet::Word, 20),
    ("hvb.", Alphabet::Word, 20),
    ("hvr.", Alphabet::Word, 20),
    ("dop_v1_", Alphabet::Word, 30),
    ("doo_v1_", Alphabet::Word, 30),
    ("dor_v1_", Alphabet::Word, 30),
    ("dp.pt.", Alphabet::Word, 30),
    ("dp.st.", Alphabet::Base64, 30),
    ("dapi", Alphabet::Word, 32),
    ("pscale_tkn_", Alphabet::Base64, 16),
    ("pscale_pw_", Alphabet::Base64, 16),
    ("sbp_", Alphabet::Word, 30),
    ("tskey-", Alphabet::Word, 16),
    ("NRAK-", Alphabet::Word, 20),
    ("NRJS-", Alphabet::Word, 16),
    ("glsa_", Alphabet::Word, 30),
    ("glc_", Alphabet::Base64, 30),
    ("sntrys_", Alphabet::Base64, 30),
    ("sntryu_", Alphabet::Word, 30),
    ("PMAK-", Alphabet::Word, 30),
    ("CFPAT-", Alphabet::Word, 30),
    ("lin_api_", Alphabet::Word, 30),
    ("ntn_", Alphabet::Word, 30),
    ("figd_", Alphabet::Word, 30),
    ("EZAK", Alphabet::Word, 50),
    ("v1.0-", Alphabet::Word, 100),
    ("AGE-SECRET-KEY-", Alphabet::Word, 20),
    ("EAACEdEose0cBA", Alphabet::Word, 10),
    // Language models.
    ("sk-", Alphabet::Word, 20),
    ("hf_", Alphabet::Word, 30),
    ("r8_", Alphabet::Word, 30),
    ("gsk_", Alphabet::Word, 30),
    ("xai-", Alphabet::Word, 40),
    ("pplx-", Alphabet::Word, 30),
];

/// Webhook URLs, secret after this prefix: anyone who knows them can post there.
const WEBHOOKS: &[&str] = &[
    "hooks.slack.com/services/",
    "hooks.slack.com/workflows/",
    "hooks.slack.com/triggers/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "webhook.office.com/webhookb2/",
    "outlook.office.com/webhook/",
    "hooks.zapier.com/hooks/catch/",
    "maker.ifttt.com/trigger/",
    "events.pagerduty.com/integration/",
    "alert.victorops.com/integrations/generic/",
    "api.telegram.org/bot",
    "api.telegram.org/file/bot",
];

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
    if bytes.has(b'.') && bytes.has(b'/') {
        find_webhooks(text, found);
    }
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
                (length >= *least).then_some(beginning.len() + length)
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

fn find_webhooks(text: &str, found: &mut Vec<Range<usize>>) {
    // All of them contain one of these.
    if !text.contains(".com/") && !text.contains(".org/") {
        return;
    }
    for hook in WEBHOOKS {
        for (at, _) in text.match_indices(hook) {
            let begin = at + hook.len();
            let length = text.get(begin..).map_or(0, |rest| {
                rest.find(|c: char| c.is_whitespace() || "\"'<>".contains(c))
                    .unwrap_or(rest.len())
            });
            found.push(begin..begin + length);
        }
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
    use super::*;

    fn masked(text: &str) -> String {
        let mut found = Vec::new();
        find_token_formats(text, &mut found);
        found.sort_by_key(|range| std::cmp::Reverse(range.start));
        found.into_iter().fold(text.to_owned(), |mut text, range| {
            text.replace_range(range, "*");
            text
        })
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
        for hook in WEBHOOKS {
            assert_eq!(
                masked(&format!("at https://{hook}T0/B0/abc done")),
                format!("at https://{hook}* done")
            );
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
        ] {
            assert_eq!(masked(text), wanted);
        }
    }
}
