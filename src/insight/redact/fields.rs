//! Secrets in HTTP fields: which fields, and which part of their values.

use std::ops::Range;

use super::names::{ends_with_cookie, is_secret};

/// Fields that are secret as a whole, except for a first word that names the scheme (RFC 9110
/// §11.4).
const CREDENTIALS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "authentication-info",
    "proxy-authentication-info",
];
/// Registered (RFC 9110 §16.4.1) or well-known authentication schemes; any other first word counts
/// as part of the secret.
const SCHEMES: [&str; 36] = [
    "basic",
    "bearer",
    "concealed",
    "digest",
    "dpop",
    "gnap",
    "hoba",
    "mutual",
    "negotiate",
    "oauth",
    "privatetoken",
    "scram-sha-1",
    "scram-sha-256",
    "vapid",
    "ntlm",
    "kerberos",
    "token",
    "apikey",
    "api-key",
    "key",
    "hawk",
    "mac",
    "jwt",
    "ssws",
    "signature",
    "sharedkey",
    "sharedkeylite",
    "sharedaccesssignature",
    "splunk",
    "geniekey",
    "googlelogin",
    "aws",
    "aws4-hmac-sha256",
    "aws4-ecdsa-p256-sha256",
    "wsse",
    "snowflake",
];
/// Cookie attributes (RFC 6265 §4.1, RFC 2109 §4.2.2, and browser extensions).
const ATTRIBUTES: [&str; 13] = [
    "expires",
    "max-age",
    "domain",
    "path",
    "secure",
    "httponly",
    "samesite",
    "priority",
    "partitioned",
    "version",
    "comment",
    "discard",
    "port",
];

/// Adds the parts of a field's value that are secret because of the field's name.
pub(super) fn find_field_secrets(name: &str, value: &str, found: &mut Vec<Range<usize>>) {
    let name = name.trim();
    if starts_with(name, "set-cookie") {
        find_set_cookie_values(value, found);
    } else if name.eq_ignore_ascii_case("cookie") || value.contains('=') && ends_with_cookie(name) {
        let mut at = 0;
        for pair in value.split(';') {
            found.push(pair_value_range(pair, at));
            at += pair.len() + 1;
        }
    } else if CREDENTIALS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
        || ends_with(name, "-authorization")
    {
        found.push(credentials_range(value));
    } else if is_secret_lowercase(name, value.trim()) {
        found.push(trimmed_range(value, 0));
    }
}

/// Field names are case-insensitive (RFC 9110 §5.1), so case does not separate words in them.
fn is_secret_lowercase(name: &str, value: &str) -> bool {
    let has_case = name.bytes().any(|byte| byte.is_ascii_uppercase());
    if has_case {
        is_secret(&name.to_ascii_lowercase(), value)
    } else {
        is_secret(name, value)
    }
}

fn starts_with(name: &str, beginning: &str) -> bool {
    name.get(..beginning.len())
        .is_some_and(|begins| begins.eq_ignore_ascii_case(beginning))
}

fn ends_with(name: &str, end: &str) -> bool {
    name.len()
        .checked_sub(end.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|ends| ends.eq_ignore_ascii_case(end))
}

/// The credentials behind a known scheme (`Bearer abc`), or else the whole value.
fn credentials_range(value: &str) -> Range<usize> {
    let begin = value.len() - value.trim_start().len();
    let rest = value.get(begin..).unwrap_or_default();
    match rest.split_once(' ') {
        Some((scheme, after))
            if SCHEMES
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known)) =>
        {
            trimmed_range(after, begin + scheme.len() + 1)
        }
        _ => trimmed_range(value, 0),
    }
}

/// Adds the cookie's value, and the values of unknown attributes; several cookies may be joined by
/// commas or line breaks.
fn find_set_cookie_values(value: &str, found: &mut Vec<Range<usize>>) {
    let mut at = 0;
    for line in value.split('\n') {
        let mut place = at;
        for (number, pair) in line.split(';').enumerate() {
            let name = pair.split_once('=').map_or(pair, |(name, _)| name).trim();
            let is_attribute = number > 0
                && ATTRIBUTES
                    .iter()
                    .any(|known| name.eq_ignore_ascii_case(known));
            if !is_attribute {
                found.push(pair_value_range(pair, place));
            } else if let Some((before, joined)) = joined_cookie(pair) {
                found.push(pair_value_range(joined, place + before));
            }
            place += pair.len() + 1;
        }
        at += line.len() + 1;
    }
}

/// The cookie that follows an attribute after a comma, and where: `Path=/, next=value`. The comma
/// of a date is not followed by a name and `=`.
fn joined_cookie(attribute: &str) -> Option<(usize, &str)> {
    let comma = attribute
        .match_indices(',')
        .find(|(at, _)| attribute.get(*at..).is_some_and(|rest| rest.contains('=')))?
        .0;
    Some((comma + 1, attribute.get(comma + 1..)?))
}

/// The range of the value in `name=value`; without a name the whole text is the value.
fn pair_value_range(pair: &str, at: usize) -> Range<usize> {
    match pair.split_once('=') {
        Some((name, value)) => trimmed_range(value, at + name.len() + 1),
        None => trimmed_range(pair, at),
    }
}

fn trimmed_range(text: &str, at: usize) -> Range<usize> {
    let begin = at + text.len() - text.trim_start().len();
    begin..begin + text.trim().len()
}
