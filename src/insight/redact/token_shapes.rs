//! Tokens of well-known services that have a shape rather than a beginning of their own.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

/// Shapes, each after a text that every token of the shape contains: most texts have none of these,
/// and the search costs nothing. Each has a sample in the tests.
const SHAPES: &[(&str, &str)] = &[
    // Atlas (Terraform).
    (
        ".atlasv1.",
        r"(?-u:\b)[0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_-]{60,}",
    ),
    // Mailchimp: a key and its data centre.
    ("-us", r"(?-u:\b)[0-9a-f]{32}-us[0-9]{1,2}(?-u:\b)"),
    // Airtable.
    ("pat", r"(?-u:\b)pat[0-9A-Za-z]{14}\.[0-9a-f]{64}(?-u:\b)"),
    // Asana.
    (
        "/1",
        r"(?-u:\b)[0-2]/[0-9]{15,17}(?:/[0-9]{15,17})?:[0-9a-f]{32}(?-u:\b)",
    ),
    // Braintree.
    (
        "token$",
        r"(?-u:\b)access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}(?-u:\b)",
    ),
    // Microsoft Entra.
    (
        "Q~",
        r"(?-u:\b)[0-9A-Za-z_.~-]{3}[0-9]Q~[0-9A-Za-z_.~-]{31,34}",
    ),
    // 1Password.
    (
        "A3-",
        concat!(
            r"(?-u:\b)A3-[0-9A-Z]{6}-(?:[0-9A-Z]{11}|[0-9A-Z]{6}-[0-9A-Z]{5})",
            r"(?:-[0-9A-Z]{5}){3}(?-u:\b)"
        ),
    ),
    // Resend.
    ("re_", r"(?-u:\b)re_[0-9A-Za-z]{8}_[0-9A-Za-z]{24}(?-u:\b)"),
    // Stripe: the client secret of an intent.
    (
        "_secret_",
        r"(?-u:\b)[a-z]+_[0-9A-Za-z]{10,}_secret_[0-9A-Za-z]{10,}",
    ),
    // Discord's bots.
    (
        "MT",
        r"(?-u:\b)MT[0-9A-Za-z_-]{22,26}\.[0-9A-Za-z_-]{6}\.[0-9A-Za-z_-]{27,40}",
    ),
    // Firebase and Expo.
    ("AAAA", r"(?-u:\b)AAAA[0-9A-Za-z_-]{7}:[0-9A-Za-z_-]{140}"),
    ("PushToken[", r"(?-u:\b)Expo(?:nent)?PushToken\[[^\]\s]+\]"),
    // Bitwarden Secrets Manager.
    (
        "==",
        concat!(
            r"(?-u:\b)0\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            r"\.[0-9A-Za-z]{30}:[0-9A-Za-z+/]{22}=="
        ),
    ),
    // Telegram, in the path of any server of its API.
    ("/bot", r"/bot[0-9]{6,12}:[0-9A-Za-z_-]{20,}"),
];

/// Shapes that ordinary text has too: only with capitals, small letters and digits.
const MIXED_SHAPES: &[(&[&str], &str)] = &[
    // Okta.
    (&["00"], r"(?-u:\b)00[0-9A-Za-z_-]{40}(?-u:\b)"),
    // Vault before version 1.10.
    (
        &["s.", "b.", "r."],
        r"(?-u:\b)[sbr]\.[0-9A-Za-z]{24}(?-u:\b)",
    ),
];

// One expression of all shapes would have too many states for a deterministic automaton, and the
// other engines are a hundred times slower.
static KNOWN: [OnceLock<Option<Regex>>; SHAPES.len()] = [const { OnceLock::new() }; SHAPES.len()];
static MIXED: [OnceLock<Option<Regex>>; MIXED_SHAPES.len()] =
    [const { OnceLock::new() }; MIXED_SHAPES.len()];

/// Adds tokens with a known shape.
pub(super) fn find_token_shapes(text: &str, found: &mut Vec<Range<usize>>) {
    /// Length of the shortest, a token of Telegram or Expo.
    const SHORTEST: usize = 20;
    if text.len() < SHORTEST {
        return;
    }
    for (shape, compiled) in SHAPES.iter().zip(&KNOWN) {
        if text.contains(shape.0)
            && let Some(compiled) = compile_once(compiled, shape.1)
        {
            found.extend(compiled.find_iter(text).map(|token| token.range()));
        }
    }
    find_mixed_shapes(text, found);
}

fn find_mixed_shapes(text: &str, found: &mut Vec<Range<usize>>) {
    for (shape, compiled) in MIXED_SHAPES.iter().zip(&MIXED) {
        if shape.0.iter().any(|mark| text.contains(mark))
            && let Some(compiled) = compile_once(compiled, shape.1)
        {
            let tokens = compiled
                .find_iter(text)
                .filter(|token| is_mixed(token.as_str()));
            found.extend(tokens.map(|token| token.range()));
        }
    }
}

/// Returns the expression of a shape, compiled when it is first needed: most runs need none.
fn compile_once<'a>(compiled: &'a OnceLock<Option<Regex>>, shape: &str) -> Option<&'a Regex> {
    compiled.get_or_init(|| Regex::new(shape).ok()).as_ref()
}

fn is_mixed(token: &str) -> bool {
    let token = token.get(2..).unwrap_or_default();
    let has = |kind: fn(&u8) -> bool| token.bytes().any(|byte| kind(&byte));
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_known_within_a_sentence() {
        let hex = "9f86d081884c7d659a2feaa0c55ad015";
        let mixed = "4nB7xQ2mK9pL5rT8wZ3c6vH1jF0gD2sY8uA5eR7t".repeat(4);
        let random = |length: usize| mixed.get(..length).unwrap_or_default();
        let samples = [
            format!("{}.atlasv1.{}", random(14), random(67)),
            format!("{hex}-us12"),
            format!("pat{}.{hex}{hex}", random(14)),
            format!("1/1234567890123456:{hex}"),
            format!("access_token$production$abcdefgh12345678${hex}"),
            format!("abc8Q~{}", random(34)),
            "A3-ABCDEF-GHIJKL-MNOPQ-RSTUV-WXYZA-BCDEF".to_owned(),
            format!("re_{}_{}", random(8), random(24)),
            format!("pi_{}_secret_{}", random(24), random(25)),
            format!("MT{}.{}.{}", random(22), random(6), random(38)),
            format!("AAAA{}:{}", random(7), random(140)),
            "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]".to_owned(),
            format!(
                "0.3f2b8c1e-9a47-4d0e-8b6f-51c7a2e9d034.{}:{}==",
                random(30),
                random(22)
            ),
            format!("/bot123456:{}", random(24)),
            format!("00{}", random(40)),
            format!("s.{}", random(24)),
        ];
        assert_eq!(samples.len(), SHAPES.len() + MIXED_SHAPES.len());
        for sample in samples {
            let mut found = Vec::new();
            find_token_shapes(&format!("got ({sample}), sorry"), &mut found);
            let wanted: Vec<Range<usize>> = std::iter::once(5..5 + sample.len()).collect();
            assert_eq!(found, wanted, "{sample}");
        }
    }

    #[test]
    fn ordinary_text_has_none_of_the_shapes() {
        for text in [
            "000000000000000000000000000000000000000000",
            "00e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
            "s.averylonghostnamewithletters",
            "https://s.example.com/assets/main.9f86d081884c7d65.js",
            "9f86d081884c7d659a2feaa0c55ad015-large",
            "/bottles/1234567890:abc",
            "1/2/2026 12:30:45 and more",
        ] {
            let mut found = Vec::new();
            find_token_shapes(text, &mut found);
            assert!(found.is_empty(), "{text}");
        }
    }
}
