//! Which fields of HTTP are secret, and which part of them.

use std::ops::Range;

use super::places::is_secret_name;

/// Fields that are secret as a whole, but for a first word that names the scheme (RFC 9110 §11.4).
const CREDENTIALS: [&str; 4] = ["authorization", "proxy-authorization", "authentication-info", "proxy-authentication-info"];
/// Fields that sound as if they were.
const HARMLESS: [&str; 2] = ["access-control-", "sec-websocket-"];

/// Adds what in a field's value is secret for the field's name.
pub(super) fn secrets(name: &str, value: &str, found: &mut Vec<Range<usize>>) {
    let name = name.trim().to_ascii_lowercase();
    match name.as_str() {
        "cookie" => {
            let mut at = 0;
            for pair in value.split(';') {
                found.push(pair_value(pair, at));
                at += pair.len() + 1;
            }
        }
        "set-cookie" => found.push(pair_value(value.split(';').next().unwrap_or(value), 0)),
        _ if CREDENTIALS.contains(&name.as_str()) => found.push(credentials(value)),
        _ if HARMLESS.iter().any(|harmless| name.starts_with(harmless)) => {}
        _ if is_secret_name(&name) => found.push(trimmed(value, 0)),
        _ => {}
    }
}

/// `Bearer abc`: what follows the scheme; a value of one word is the secret itself.
fn credentials(value: &str) -> Range<usize> {
    let begin = value.len() - value.trim_start().len();
    match value.get(begin..).and_then(|rest| rest.find(' ')) {
        Some(scheme) => trimmed(value.get(begin + scheme..).unwrap_or_default(), begin + scheme),
        None => trimmed(value, 0),
    }
}

/// `name=value` at a place: the value; a cookie without a name is all value.
fn pair_value(pair: &str, at: usize) -> Range<usize> {
    match pair.split_once('=') {
        Some((name, value)) => trimmed(value, at + name.len() + 1),
        None => trimmed(pair, at),
    }
}

fn trimmed(text: &str, at: usize) -> Range<usize> {
    let begin = at + text.len() - text.trim_start().len();
    begin..begin + text.trim().len()
}
