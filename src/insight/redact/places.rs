//! Where in a text secrets stand: as the user of a URL, as a parameter that is called like one, as a token of a known shape.

use std::ops::Range;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::Regex;

/// Adds the user information of URLs: `://user:password@host` (RFC 3986 §3.2.1).
pub(super) fn users(text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("://")) {
        let begin = from + at + 3;
        let authority = text.get(begin..).unwrap_or_default();
        let end = authority.find(|c: char| "/?#\\\"'<> ".contains(c) || c.is_control()).unwrap_or(authority.len());
        if let Some(user) = authority.get(..end).and_then(|within| within.rfind('@')) {
            found.push(begin..begin + user);
        }
        from = begin + end;
    }
}

/// Adds the values of parameters whose names are those of secrets: `?token=abc`, `&token=abc`, `#token=abc`.
pub(super) fn parameters(text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(['?', '&', '#'])) {
        let begin = from + at + 1;
        let parameter = text.get(begin..).unwrap_or_default();
        let end = parameter.find(|c: char| "?&#\"'<> ".contains(c) || c.is_control()).unwrap_or(parameter.len());
        if let Some((name, value)) = parameter.get(..end).and_then(|within| within.split_once('='))
            && is_secret_name(&percent_decode_str(name).decode_utf8_lossy())
        {
            found.push(begin + end - value.len()..begin + end);
        }
        from = begin + end;
    }
}

/// Names of parameters that are secrets, in lower case and without `-`, `_` and `.`.
const NAMES: [&str; 12] =
    ["key", "passwd", "pwd", "sig", "code", "auth", "authorization", "session", "sid", "otp", "awsaccesskeyid", "pass"];
/// What names of secrets have in them.
const WITHIN_NAMES: [&str; 11] =
    ["token", "secret", "password", "passphrase", "apikey", "accesskey", "privatekey", "credential", "sessionid", "signature", "jwt"];

/// Whether a parameter or a field of this name is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_' | '.')).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.contains(&plain.as_str()) || WITHIN_NAMES.iter().any(|part| plain.contains(part))
}

/// Adds what has the shape of a token: JSON Web Tokens (RFC 7519), bearer tokens (RFC 6750 §2.1), keys that well-known services hand out.
pub(super) fn tokens(text: &str, found: &mut Vec<Range<usize>>) {
    /// The shortest of them.
    const SHORTEST: usize = 16;
    static SHAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let shapes = [
            r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)*",
            r"\b[Bb]earer +([A-Za-z0-9._~+/-]{16,}=*)",
            r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
            r"\b(?:gh[opsur]_|github_pat_)[A-Za-z0-9_]{20,}",
            r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
            r"\bAIza[0-9A-Za-z_-]{35}",
            r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}",
            r"\bsk-[A-Za-z0-9_-]{20,}",
        ];
        Regex::new(&shapes.join("|")).ok()
    });
    if text.len() >= SHORTEST {
        SHAPES.iter().for_each(|shapes| matches(shapes, text, found));
    }
}

/// Adds what a pattern finds: its first group, or where it has none all of it.
pub(super) fn matches(pattern: &Regex, text: &str, found: &mut Vec<Range<usize>>) {
    let secrets = pattern.captures_iter(text).filter_map(|captures| Some(captures.get(1).or_else(|| captures.get(0))?.range()));
    found.extend(secrets);
}
