//! Classification of names: whether a parameter or field has a secret value, judged by the words in
//! its name.
//!
//! ```text
//! X-Auth-Key ── split at punctuation, camelCase, digits ──► auth key ──► what do the words say?
//! accesstoken ── split into known words ──────────────────► access token
//! ```
//!
//! A *strong* word, such as `token`, means a secret anywhere in a name, unless a later word says
//! that the name is only about a secret (`token_type`), or the word before makes it harmless
//! (`page_token`). A *weak* word, such as `key`, means a secret only at the end.

mod compounds;
mod modifiers;
mod vocabulary;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use compounds::{
    COMPOUND_PARTS, HARMLESS_NAMES, HARMLESS_PREFIXES, ORDINARY_WORDS, SECRET_IF_LONG,
    SECRET_NAMES, SECRET_PHRASES, SECRET_PREFIXES, SECRET_SUFFIXES,
};
use modifiers::{METADATA_WORDS, QUESTION_WORDS, TRAILING_WORDS, VERIFICATION_WORDS};
use vocabulary::{STRONG_WORDS, WEAK_WORDS};

/// Returns true if a parameter or field of this name has a secret value.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    /// Shorter values are words, such as the policy `strict`, or numbers, and not signed JSON as
    /// used by `CloudFront` or a cookie that remembers a login.
    const LONG: usize = 16;
    match classify_name(name) {
        // Three digits are a status (`code=200`); authorization codes have other lengths.
        NameClass::Code => value.len() != 3 || !value.bytes().all(|byte| byte.is_ascii_digit()),
        NameClass::IfLong => value.len() >= LONG,
        NameClass::Secret => true,
        NameClass::Harmless => false,
    }
}

/// The classification of a name.
#[derive(Clone, Copy, Debug)]
enum NameClass {
    Secret,
    Harmless,
    /// Depends on the value.
    Code,
    IfLong,
}

/// Classifies a name. Runs repeat the same few names, so results are cached.
fn classify_name(name: &str) -> NameClass {
    const LONGEST: usize = 64;
    const MOST: usize = 1_024;
    thread_local! {
        static JUDGED: RefCell<HashMap<String, NameClass, RandomState>> = RefCell::default();
    }
    if name.len() > LONGEST {
        return classify_new_name(name);
    }
    JUDGED.with_borrow_mut(|judged| {
        if let Some(known) = judged.get(name) {
            return *known;
        }
        if judged.len() >= MOST {
            judged.clear();
        }
        let new = classify_new_name(name);
        judged.insert(name.to_owned(), new);
        new
    })
}

fn classify_new_name(name: &str) -> NameClass {
    match normalize_name(name).as_str() {
        "code" => NameClass::Code,
        whole if SECRET_IF_LONG.contains(&whole) => NameClass::IfLong,
        _ if is_secret_name(name) => NameClass::Secret,
        _ => NameClass::Harmless,
    }
}

/// Returns true if values of this name are secrets, whatever they are.
pub(super) fn is_secret_name(name: &str) -> bool {
    /// Longer names are judged by their end, which bounds the cost.
    const LONGEST: usize = 256;
    let mut begin = name.len().saturating_sub(LONGEST);
    while !name.is_char_boundary(begin) {
        begin += 1;
    }
    let name = name.get(begin..).unwrap_or_default();
    let whole = normalize_name(name);
    if HARMLESS_NAMES.contains(&whole.as_str())
        || HARMLESS_PREFIXES
            .iter()
            .any(|prefix| whole.starts_with(prefix))
    {
        return false;
    }
    SECRET_NAMES.contains(&whole.as_str())
        || SECRET_PREFIXES.iter().any(|prefix| whole.starts_with(prefix))
        // camelCase and run-together words may be mixed, as in `APIkey` and `myAccesstoken`: a name
        // is secret if either reading says so.
        || words_mean_secret(&split_words(name, true))
        || words_mean_secret(&split_words(name, false))
}

/// The name in lower case, without punctuation.
fn normalize_name(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns true for `X-Cookie` and similar fields, whose values are pairs of a cookie's name and
/// value.
pub(super) fn ends_with_cookie(name: &str) -> bool {
    normalize_name(name)
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .ends_with("cookie")
}

fn words_mean_secret(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = if let ["x", rest @ ..] = words.as_slice() {
        rest
    } else {
        words.as_slice()
    };
    if words
        .first()
        .is_some_and(|first| QUESTION_WORDS.contains(first))
    {
        return false;
    }
    has_phrase(words) || has_strong_word(words) || ends_with_weak_word(words)
}

/// Returns true if consecutive words mean a secret, unless a later word only describes it.
fn has_phrase(words: &[&str]) -> bool {
    let ends = |phrase: &&[&str]| {
        let at = words
            .windows(phrase.len())
            .position(|window| window == *phrase)?;
        words.get(at + phrase.len()..)
    };
    SECRET_PHRASES
        .iter()
        .filter_map(ends)
        .any(|later| !later.iter().any(|word| METADATA_WORDS.contains(word)))
}

/// Returns true for a strong word that no other word makes harmless.
fn has_strong_word(words: &[&str]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let Some((_, harmless_after)) = STRONG_WORDS.iter().find(|(strong, _)| strong == word)
        else {
            return false;
        };
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let later = words.get(at + 1..).unwrap_or_default();
        !before.is_some_and(|before| harmless_after.contains(before))
            && !later.iter().any(|word| METADATA_WORDS.contains(word))
    })
}

/// Returns true if the last word is a weak one and the word before does not make it harmless.
fn ends_with_weak_word(words: &[&str]) -> bool {
    let mut bare = words;
    while let [rest @ .., last] = bare
        && TRAILING_WORDS.contains(last)
    {
        bare = rest;
    }
    let [rest @ .., last] = bare else {
        return false;
    };
    // `key_value` is any pair, unlike `api_key_value`.
    if rest.is_empty() && bare.len() < words.len() && matches!(*last, "key" | "code") {
        return false;
    }
    let Some(weak) = WEAK_WORDS.iter().find(|weak| weak.word == *last) else {
        return false;
    };
    match rest.last() {
        None => weak.alone,
        // Codes are of all sorts: only those that authenticate somebody are secret.
        Some(before) if *last == "code" => VERIFICATION_WORDS.contains(before),
        Some(before) => !weak.harmless_after.contains(before),
    }
}

/// Splits a name into words: at non-letters, optionally at changes of case, and between known words
/// that are run together.
fn split_words(name: &str, by_case: bool) -> Vec<String> {
    let mut words = Vec::new();
    for chunk in name
        .split(|c: char| !c.is_alphabetic())
        .filter(|chunk| !chunk.is_empty())
    {
        let pieces = if by_case {
            split_by_case(chunk)
        } else {
            vec![chunk]
        };
        for piece in pieces {
            split_compound(&piece.to_lowercase(), &mut words);
        }
    }
    words
}

/// Splits camelCase: `getSAMLResponse` → `get`, `SAML`, `Response`.
fn split_by_case(chunk: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = chunk.char_indices().collect();
    let mut pieces = Vec::new();
    let mut begin = 0;
    for (number, (at, here)) in letters.iter().enumerate().skip(1) {
        let is_lowercase = |number: usize| {
            letters
                .get(number)
                .is_some_and(|(_, letter)| letter.is_lowercase())
        };
        if here.is_uppercase() && (is_lowercase(number - 1) || is_lowercase(number + 1)) {
            pieces.push(chunk.get(begin..*at).unwrap_or_default());
            begin = *at;
        }
    }
    pieces.push(chunk.get(begin..).unwrap_or_default());
    pieces
}

/// Adds the known words that a piece consists of, the fewest possible; or else, if it ends like a
/// secret, that suffix; or else the piece.
fn split_compound(piece: &str, words: &mut Vec<String>) {
    /// Run-together names are short; longer pieces are text.
    const LONGEST: usize = 48;
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let strong = STRONG_WORDS.iter().map(|(word, _)| *word);
        strong
            .chain(WEAK_WORDS.iter().map(|weak| weak.word))
            .chain(COMPOUND_PARTS.iter().copied())
            .collect()
    });
    if piece.len() > LONGEST || KNOWN.contains(piece) || ORDINARY_WORDS.contains(&piece) {
        words.push(piece.to_owned());
        return;
    }
    if let Some(mut parts) = split_into_known_words(piece, &KNOWN) {
        words.append(&mut parts);
        return;
    }
    match SECRET_SUFFIXES
        .iter()
        .find_map(|suffix| Some((piece.strip_suffix(suffix)?, suffix)))
    {
        // `skey`, `ikey`: so few letters are no word of their own.
        Some((before, &"key")) if before.len() <= 2 => words.push("key".to_owned()),
        Some((before, suffix)) => {
            words.extend([last_harmless_word(before, suffix), suffix].map(str::to_owned));
        }
        None => words.push(piece.to_owned()),
    }
}

/// The word at the end of a text that makes a weak word after it harmless, as in
/// `exclusivestart`, or else the whole text.
fn last_harmless_word<'t>(text: &'t str, weak: &str) -> &'t str {
    /// Shorter words are also the ends of other words.
    const SHORTEST: usize = 4;
    WEAK_WORDS
        .iter()
        .filter(|known| known.word == weak)
        .flat_map(|known| known.harmless_after)
        .find_map(|word| {
            let begin = text.len().checked_sub(word.len())?;
            text.get(begin..)
                .filter(|end| end == word && word.len() >= SHORTEST)
        })
        .unwrap_or(text)
}

/// The fewest known words that a piece consists of (dynamic programming over its prefixes).
fn split_into_known_words(piece: &str, known: &HashSet<&str>) -> Option<Vec<String>> {
    // For each end position: where its last word begins, and how many words lead there.
    let mut ways: Vec<Option<(usize, usize)>> = vec![None; piece.len() + 1];
    *ways.first_mut()? = Some((0, 0));
    for end in 1..=piece.len() {
        let best = (0..end)
            .filter_map(|begin| {
                let (_, count) = (*ways.get(begin)?)?;
                let word = piece.get(begin..end)?;
                // A single letter is a word at the beginning only: `jsessionid`, `xcsrftoken`.
                let is_known = known.contains(word)
                    || begin == 0 && matches!(word, "x" | "j" | "e" | "o" | "u");
                is_known.then_some((begin, count + 1))
            })
            .min_by_key(|(_, count)| *count);
        *ways.get_mut(end)? = best;
    }
    let mut found = Vec::new();
    let mut end = piece.len();
    while end > 0 {
        let (begin, _) = (*ways.get(end)?)?;
        found.push(piece.get(begin..end)?.to_owned());
        end = begin;
    }
    found.reverse();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of a list: one a line, with `#` before remarks.
    fn listed(text: &'static str) -> impl Iterator<Item = &'static str> {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    }

    fn wrong(list: &'static str, wanted: bool) -> Vec<&'static str> {
        listed(list)
            .filter(|name| is_secret(name, "Canary-7f3a-Canary") != wanted)
            .collect()
    }

    #[test]
    fn names_of_secrets_are_known_by_their_words() {
        let headers = include_str!("samples/secret_headers.txt");
        let parameters = include_str!("samples/secret_parameters.txt");
        assert!(listed(headers).count() + listed(parameters).count() >= 400);
        assert_eq!(wrong(headers, true), [""; 0]);
        assert_eq!(wrong(parameters, true), [""; 0]);
    }

    #[test]
    fn names_that_only_sound_secret_are_not() {
        let harmless = include_str!("samples/harmless.txt");
        assert!(listed(harmless).count() >= 150);
        assert_eq!(wrong(harmless, false), [""; 0]);
    }

    #[test]
    fn some_names_are_judged_by_their_value_too() {
        for (name, value, secret) in [
            ("code", "200", false),
            ("code", "404", false),
            ("code", "4/0AX4XfWh", true),
            ("code", "1", true),
            ("Policy", "strict", false),
            ("Policy", "eyJTdGF0ZW1lbnQiOlt7", true),
            ("remember_me", "on", false),
            ("remember_me", "eyJpdiI6IkRBQ0", false),
            ("remember_me", "eyJpdiI6IkRBQ0ZERnc9PSI", true),
            ("seed", "42", false),
            ("sso", "bm9uY2U9Y2I2ODI1MWVlZmI", true),
        ] {
            assert_eq!(is_secret(name, value), secret, "{name}={value}");
        }
    }

    #[test]
    fn words_are_split_however_they_are_written() {
        for (name, wanted) in [
            ("X-Auth-Key", "x auth key"),
            ("getSAMLResponse", "get saml response"),
            ("user[pass_word2]", "user pass word"),
            ("accesstoken", "access token"),
            ("JSESSIONID", "j session id"),
            ("AWSAccessKeyId", "aws access key id"),
            ("tokenizer", "tokenizer"),
            ("ключToken", "ключ token"),
        ] {
            assert_eq!(split_words(name, true).join(" "), wanted, "{name}");
        }
    }

    #[test]
    fn a_name_of_any_length_is_judged() {
        assert!(is_secret_name(&format!("{}_token", "é".repeat(10_000))));
        assert!(!is_secret_name(&"key".repeat(100_000)));
        assert!(!is_secret_name(""));
    }
}
