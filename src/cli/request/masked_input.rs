//! User input in error messages, with secrets masked.
//!
//! The input could not be parsed, so the limits of a secret in it are unknown. Of a URL only the
//! scheme and host are shown, of a pair only its name.

use crate::insight::redact::{MASK, Redactor};
use crate::units::Untrusted;

/// Masks secrets in text that is not itself a secret, and escapes it.
pub(super) fn masked_text(text: &str) -> String {
    let masked = match text.rfind('@') {
        Some(at) => {
            let begin = text
                .get(..at)
                .and_then(|before| before.find("://"))
                .map_or(0, |scheme| scheme + 3);
            format!(
                "{}{MASK}{}",
                text.get(..begin).unwrap_or_default(),
                text.get(at..).unwrap_or_default()
            )
        }
        None => text.to_owned(),
    };
    Untrusted::new(Redactor::default().sentence(&masked))
        .escaped()
        .into_owned()
}

/// The scheme and host of a URL, or what is in their place.
pub(in crate::cli) fn masked_url(text: &str) -> String {
    let (scheme, rest) = text
        .split_once("://")
        .map_or(("", text), |(scheme, rest)| (scheme, rest));
    let scheme = if scheme.is_empty() {
        String::new()
    } else {
        format!("{scheme}://")
    };
    let query = rest.find(['?', '#']).unwrap_or(rest.len());
    // A password may contain a question mark that was not encoded.
    if rest.get(query..).is_some_and(|query| query.contains('@')) {
        return masked_text(&format!("{scheme}\u{2026}"));
    }
    let (before, after) = rest.split_at(query);
    let (user, place) = before
        .rsplit_once('@')
        .map_or(("", before), |(_, place)| ("REDACTED@", place));
    let end = place.find(['/', ';', '\\']).unwrap_or(place.len());
    let (host, path) = place.split_at(end);
    let rest = if path.trim_start_matches('/').is_empty() && after.is_empty() {
        path
    } else {
        "/\u{2026}"
    };
    // `user:password` without a host looks like a host and a port.
    let host = match host.rsplit_once(':') {
        Some((name, port))
            if !name.starts_with('[') && !port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            format!("{name}:\u{2026}")
        }
        _ => host.to_owned(),
    };
    Untrusted::new(Redactor::default().sentence(&format!("{scheme}{user}{host}{rest}")))
        .escaped()
        .into_owned()
}

/// The name in `name=value` or `Name: value`, if there is one.
pub(super) fn masked_name(text: &str, separator: char) -> Option<String> {
    text.split_once(separator)
        .map(|(name, _)| masked_text(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_and_host_of_a_url_are_shown() {
        for (text, wanted) in [
            ("http://u:PW@local host/", "http://REDACTED@local host/"),
            (
                "http://u:P W@local host/a;token=PW?x=PW",
                "http://REDACTED@local host/\u{2026}",
            ),
            ("http://u:P/W@h o/PW", "http://REDACTED@h o/\u{2026}"),
            ("http://u:P?W@h o/", "http://\u{2026}"),
            ("http://h o/?mail=a@b&token=P W", "http://\u{2026}"),
            ("http://h o/?token=P W", "http://h o/\u{2026}"),
            ("ada:PW", "ada:\u{2026}"),
            ("http://[::1", "http://[::1"),
            ("http://h:99999/", "http://h:99999/"),
            ("http://glpat-PWPWPWPWPWPWPWPWPWPW h/", "http://REDACTED h/"),
            ("\u{1b}[2J", "\\x1b[2J"),
        ] {
            assert_eq!(masked_url(text), wanted, "{text}");
        }
    }

    #[test]
    fn possible_user_information_is_masked_in_other_text() {
        for (text, wanted) in [
            ("u:P W@h:443:1.2.3.4", "REDACTED@h:443:1.2.3.4"),
            ("x://u:P@h", "x://REDACTED@h"),
            ("h:443", "h:443"),
            ("token=PW", "token=REDACTED"),
        ] {
            assert_eq!(masked_text(text), wanted);
        }
        assert_eq!(masked_name("X-Key: PW", ':').as_deref(), Some("X-Key"));
        assert_eq!(masked_name("PW", ':'), None);
    }
}
