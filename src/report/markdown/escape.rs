//! Escaping text from outside for Markdown.
//!
//! Escaping punctuation is not enough: after processing Markdown, forges still turn addresses into
//! links, `@name` into mentions and `#1` into issue references, except within code. So only words
//! that cannot have a meaning are kept as text, and all others become code.

use crate::units::Untrusted;

/// Escapes a sentence. Words that could mean something to Markdown, HTML or a forge become code.
pub(in crate::report) fn escape_prose(text: &str) -> String {
    let text = Untrusted::new(text);
    let escaped = text.escaped();
    let words: Vec<&str> = escaped.split_whitespace().collect();
    let runs = words.chunk_by(|one, other| is_plain(one) == is_plain(other));
    let written = runs.map(|run| {
        if run.first().is_some_and(|word| is_plain(word)) {
            run.join(" ")
        } else {
            code_without_punctuation(&run.join(" "))
        }
    });
    written.collect::<Vec<_>>().join(" ")
}

/// A code span that leaves trailing punctuation outside.
fn code_without_punctuation(text: &str) -> String {
    let within = text.trim_end_matches(['.', ',', ';', ':']);
    format!(
        "{}{}",
        code_span(within),
        text.get(within.len()..).unwrap_or_default()
    )
}

/// Returns true if a word is safe as plain text. A period or hyphen is harmless within a word, a
/// bracket or colon after one.
fn is_plain(word: &str) -> bool {
    const SIGNS: &str = "·—–−→↑↓…§";
    let core = word
        .trim_end_matches([':', ';', ',', '.', '?', '!', ')', '%'])
        .trim_start_matches('(');
    let lone = core.is_empty() || core.chars().all(|c| SIGNS.contains(c));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || ".:".contains(c));
    let known = digits(core.strip_prefix("HTTP/").unwrap_or(core));
    let begins = core.starts_with(|c: char| c.is_alphanumeric() || SIGNS.contains(c));
    let quiet = core
        .chars()
        .all(|c| c.is_alphanumeric() || ".,-'’µ".contains(c) || SIGNS.contains(c));
    lone && word.len() < 8
        || known
        || begins && quiet && !core.to_ascii_lowercase().starts_with("www.")
}

/// A code span (`CommonMark` §6.1), delimited by more backticks than the text contains in a row.
pub(in crate::report) fn code_span(text: &str) -> String {
    let text = Untrusted::new(text);
    let escaped = text.escaped();
    let shown = escaped.split_whitespace().collect::<Vec<_>>().join(" ");
    if shown.is_empty() {
        return String::new();
    }
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if shown.starts_with('`') || shown.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{shown}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_their_words_and_lose_their_meaning() {
        for (text, written) in [
            (
                "no-such.lab.test does not exist: 10.7.0.3 answered NXDOMAIN.",
                "no-such.lab.test does not exist: 10.7.0.3 answered NXDOMAIN.",
            ),
            ("ask @all about #1, now", "ask `@all` about `#1`, now"),
            (
                "<script>alert(1)</script> it",
                "`<script>alert(1)</script>` it",
            ),
            (
                "see https://evil.test/ or www.evil.test.",
                "see `https://evil.test/` or `www.evil.test`.",
            ),
            (
                "[x](javascript:1) | *a* _b_ ~c~ \\ ![i](u)",
                "`[x](javascript:1) | *a* _b_ ~c~ \\ ![i](u)`",
            ),
            (
                "- + = # > 1) $x$ :tada: a@b.c",
                "`- + = # >` 1) `$x$ :tada: a@b.c`",
            ),
            ("a\n\n# b\x1b[2J", "`a\\x0a\\x0a#` `b\\x1b[2J`"),
            (
                "3.6 round trips (of 40.2 ms), 55 %: fine",
                "3.6 round trips (of 40.2 ms), 55 %: fine",
            ),
            (
                "HTTP/2 from 10.7.0.10:443 (RFC 9112 §7.1) HTTP/<b>",
                "HTTP/2 from 10.7.0.10:443 (RFC 9112 §7.1) `HTTP/<b>`",
            ),
        ] {
            assert_eq!(escape_prose(text), written.replace("` `", " "), "{text}");
        }
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(code_span("a``b`c"), "```a``b`c```");
        assert_eq!(code_span("`"), "`` ` ``");
        assert_eq!(code_span("a\n```\n# b"), "````a\\x0a```\\x0a# b````");
        assert_eq!(code_span("  a  b "), "`a b`");
        assert_eq!(code_span(""), "");
    }
}
