//! Redaction: the one place where secrets are masked. Secrets are credentials and cookies in
//! fields, user names and passwords in URLs, parameters and fields with names of secrets, tokens of
//! known formats, what the user names, and any other occurrence of these values.
//!
//! ```text
//! text ─► percent layers (as it is, percent-decoded once, twice, three times)
//!           ├─ url_parts      user info, parameters, JSON, fields ─► names: is it secret?
//!           ├─ token_formats  JSON Web Tokens, private keys, tokens of well-known services (by
//!           │                 token_prefixes and token_shapes), any token with a label
//!           │                 (labelled_tokens), links with a secret path (secret_urls)
//!           ├─ known          values that were secret elsewhere, also in base64
//!           └─ the user's patterns
//! ```
//!
//! Bodies are masked entirely, since nobody can know what is secret in them. In packets of
//! cleartext connections secrets are overwritten in place: see [`ClearText`].

mod allowlist;
mod clear_text;
mod events;
mod fields;
mod harmless;
mod known;
mod labelled_tokens;
mod names;
mod percent_layers;
#[cfg(test)]
mod planted;
mod policy;
mod redactor;
mod rules;
mod secret_urls;
mod token_formats;
mod token_prefixes;
mod token_shapes;
mod url_parts;

use std::borrow::Cow;
use std::ops::Range;

use clear_text::BLANK;
pub use clear_text::ClearText;
pub use policy::RedactionPolicy;
pub use redactor::Redactor;
pub use rules::{PatternError, RedactionRules};

/// Replacement text for a masked secret.
pub const MASK: &str = "REDACTED";

/// Overwrites secrets in a text with asterisks, keeping its length. Text that is not UTF-8 is
/// overwritten entirely.
pub fn overwrite_secrets(text: &[u8]) -> Vec<u8> {
    overwrite_ranges(text, |text| RedactionRules::PLAIN.find_secrets(text))
}

/// Overwrites secrets in a field line, `Name: value`.
pub fn overwrite_field_secrets(line: &[u8]) -> Vec<u8> {
    overwrite_ranges(line, |line| {
        let Some((name, value)) = line.split_once(':') else {
            return RedactionRules::PLAIN.find_secrets(line);
        };
        let begin = name.len() + 1;
        RedactionRules::PLAIN
            .find_secrets_in_field(name, value)
            .into_iter()
            .map(|secret| begin + secret.start..begin + secret.end)
            .collect()
    })
}

fn overwrite_ranges(text: &[u8], secrets: impl Fn(&str) -> Vec<Range<usize>>) -> Vec<u8> {
    let mut blanked = text.to_vec();
    let secrets = std::str::from_utf8(text)
        .map_or_else(|_| std::iter::once(0..text.len()).collect(), secrets);
    for secret in secrets {
        if let Some(secret) = blanked.get_mut(secret) {
            secret.fill(BLANK);
        }
    }
    blanked
}

/// Sorts ranges and merges those that overlap or touch.
fn merge_ranges(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    if ranges.is_empty() {
        return ranges;
    }
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    let mut disjoint: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match disjoint.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => disjoint.push(range),
        }
    }
    disjoint
}

/// Replaces secrets in a text with [`MASK`].
fn replace_with_mask<'t>(text: &'t str, secrets: &[Range<usize>]) -> Cow<'t, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for secret in secrets {
        out.push_str(text.get(from..secret.start).unwrap_or_default());
        out.push_str(MASK);
        from = secret.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::trace::{EventKind, HttpHeader};

    fn field(name: &str, value: &str) -> String {
        Redactor::default()
            .header(&HttpHeader::new(name, value))
            .value
            .raw()
            .to_owned()
    }

    fn text(text: &str) -> String {
        Redactor::default().text(&text.into()).raw().to_owned()
    }

    #[test]
    fn credentials_keep_their_scheme_and_cookies_their_names() {
        for (name, value, masked) in [
            ("Authorization", "Basic YWRhOmh1bnRlcjI=", "Basic REDACTED"),
            ("authorization", "s3cr3t", "REDACTED"),
            (
                "PROXY-AUTHORIZATION",
                "Digest username=\"ada\", response=\"x\"",
                "Digest REDACTED",
            ),
            (
                "Cookie",
                "session=abc; theme=dark;",
                "session=REDACTED; theme=REDACTED;",
            ),
            (
                "Set-Cookie",
                "id=1=2; Path=/; HttpOnly",
                "id=REDACTED; Path=/; HttpOnly",
            ),
            ("Set-Cookie", "bare", "REDACTED"),
            ("X-Api-Key", "k-123", "REDACTED"),
            (
                "Location",
                "https://ada:pw@h/?token=t",
                "https://REDACTED@h/?token=REDACTED",
            ),
            ("Accept", "*/*", "*/*"),
        ] {
            assert_eq!(field(name, value), masked, "{name}");
        }
    }

    #[test]
    fn urls_lose_their_users_and_their_tokens() {
        for (url, masked) in [
            (
                "https://ada:hunter2@h:8443/a?api_key=1&lang=en#x",
                "https://REDACTED@h:8443/a?api_key=REDACTED&lang=en#x",
            ),
            ("http://a@b@c/", "http://REDACTED@c/"),
            ("http://h/@user", "http://h/@user"),
            (
                "/cb?code=1&state=2#access_token=3&x=4",
                "/cb?code=REDACTED&state=2#access_token=REDACTED&x=4",
            ),
            ("/?%74oken=abc&%ff=1", "/?%74oken=REDACTED&%ff=1"),
            (
                "/?X-Amz-Signature=abc&API-Key=1&keys=2",
                "/?X-Amz-Signature=REDACTED&API-Key=REDACTED&keys=2",
            ),
            (
                "could not reach socks5://u:p@proxy:1080, nor https://h/?sig=1 \"",
                "could not reach socks5://REDACTED@proxy:1080, nor https://h/?sig=REDACTED \"",
            ),
            ("https://[::1]/naïve?q=東京", "https://[::1]/naïve?q=東京"),
        ] {
            assert_eq!(text(url), masked);
        }
    }

    #[test]
    fn secrets_are_found_wherever_they_stand() {
        for (input, masked) in [
            // Paths, and queries separated by semicolons (RFC 3986 §3.3).
            (
                "/a;token=T1/b;x=1/c;jsessionid=S2?d=1",
                "/a;token=REDACTED/b;x=1/c;jsessionid=REDACTED?d=1",
            ),
            ("/a/token=T1/b", "/a/token=REDACTED/b"),
            (
                "http://h/?a=1;sid=S/2;lang=en",
                "http://h/?a=1;sid=REDACTED",
            ),
            // A question mark in a query is a character like others.
            ("/?token=a?b/c&x=1", "/?token=REDACTED&x=1"),
            // Forms.
            (
                "grant_type=password&password=a/b&x=1",
                "grant_type=password&password=REDACTED&x=1",
            ),
            (
                "sent 'client_secret=abc&scope=x', refused",
                "sent 'client_secret=REDACTED&scope=x', refused",
            ),
            (
                "Digest token=\"a b\", realm=\"c\"",
                "Digest token=\"REDACTED\", realm=\"c\"",
            ),
            // URLs within URLs, encoded once, twice and three times.
            (
                "/?next=https://h/?token=T&x=1",
                "/?next=https://h/?token=REDACTED&x=1",
            ),
            (
                "/?next=https%3A%2F%2Fh%2F%3Ftoken%3DT%26x%3D1&y=2",
                "/?next=https%3A%2F%2Fh%2F%3Ftoken%3DREDACTED%26x%3D1&y=2",
            ),
            (
                "/?n=https%253A%252F%252Fh%253Ftoken%253DT&y=2",
                "/?n=https%253A%252F%252Fh%253Ftoken%253DREDACTED&y=2",
            ),
            (
                "/?n=%25253Ftoken%25253DT",
                "/?n=%25253Ftoken%25253DREDACTED",
            ),
            (
                "/?n=https%3A%2F%2Fada%3Apw%40h%2F",
                "/?n=https%3A%2F%2FREDACTED%40h%2F",
            ),
            // JSON.
            (
                "{\"token\":\"a\\\"b\",\"n\":1}",
                "{\"token\":\"REDACTED\",\"n\":1}",
            ),
            (
                "{\"pin\": 1234, 'api_key': 'x'}",
                "{\"pin\": REDACTED, 'api_key': 'REDACTED'}",
            ),
            (
                "\"{\\\"password\\\":\\\"x\\\"}\"",
                "\"{\\\"password\\\":\\\"REDACTED\\\"}\"",
            ),
            (
                "{\"token_type\":\"bearer\",\"expires_in\":3600}",
                "{\"token_type\":\"bearer\",\"expires_in\":3600}",
            ),
            // JSON Web Keys.
            (
                "{\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tL\",\"d\":\"jpsQnnGQmL-YBIffH1136c\"}",
                "{\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tL\",\"d\":\"REDACTED\"}",
            ),
            (
                "{\"d\":\"jpsQnnGQmL-YBIffH1136c\"}",
                "{\"d\":\"jpsQnnGQmL-YBIffH1136c\"}",
            ),
            // Fields in sentences.
            (
                "-H 'X-Auth-Key: a b' is wrong",
                "-H 'X-Auth-Key: REDACTED' is wrong",
            ),
            ("Cookie: a=1; b=2", "Cookie: a=REDACTED; b=REDACTED"),
        ] {
            assert_eq!(text(input), masked);
        }
    }

    #[test]
    fn users_are_found_however_a_url_is_written() {
        for (input, masked) in [
            ("//u:p@h/", "//REDACTED@h/"),
            ("http:\\\\u:p@h/", "http:\\\\REDACTED@h/"),
            ("http:/u:p@h/", "http:/REDACTED@h/"),
            ("http:u:p@h/", "http:REDACTED@h/"),
            ("\"https:\\/\\/u:p@h\\/\"", "\"https:\\/\\/REDACTED@h\\/\""),
            ("u:p@h/path", "REDACTED@h/path"),
            (
                "could not reach 'u:p@h:1'",
                "could not reach 'REDACTED@h:1'",
            ),
            ("https://u:pa/ss@h/", "https://REDACTED@h/"),
            ("https://u:pa#s?s@h/", "https://REDACTED@h/"),
            ("https://u:p'w@h/", "https://REDACTED@h/"),
            ("ldap://cn=x,dc=y:pw@h/", "ldap://REDACTED@h/"),
            ("http://h:80/@user", "http://h:80/@user"),
            ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
            ("mailto:ada@h.test", "mailto:ada@h.test"),
            ("at ada@h.test, 12:30", "at ada@h.test, 12:30"),
        ] {
            assert_eq!(text(input), masked);
        }
    }

    #[test]
    fn names_of_the_samples_are_masked_in_every_place() {
        const CANARY: &str = "Canary-7f3a";
        let listed = |list: &'static str| {
            list.lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
        };
        let headers = listed(include_str!("names/samples/secret_headers.txt"));
        for name in headers {
            assert!(!field(name, CANARY).contains(CANARY), "{name}");
            assert!(
                !text(&format!("sent {name}={CANARY}-{CANARY}, refused")).contains(CANARY),
                "{name}"
            );
        }
        let encoded = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        for name in listed(include_str!("names/samples/secret_parameters.txt")) {
            // `policy` is only a secret if it is long.
            let canary = "Canary-7f3a-Canary-7f3a";
            let url = format!("https://h/?{name}={canary}");
            let once = encoded(&url);
            let twice = encoded(&encoded(&url));
            for place in [
                url.clone(),
                format!("/#{name}={canary}"),
                format!("/a;{name}={canary}/b"),
                format!("x=1&{name}={canary}&y=2"),
                format!("/?next={once}&y=2"),
                format!("/?next={twice}"),
                format!("/?{}={canary}", encoded(name)),
                format!("{{\"{name}\":\"{canary}\"}}"),
            ] {
                assert!(
                    !text(&place).contains(canary) && !text(&place).contains(&encoded(canary)),
                    "{place}: {}",
                    text(&place)
                );
                for field_name in [
                    "Location",
                    "Referer",
                    "Link",
                    "Refresh",
                    "Content-Location",
                    "X-Anything",
                ] {
                    assert!(
                        !field(field_name, &place).contains(canary),
                        "{field_name}: {place}"
                    );
                }
            }
        }
        for name in listed(include_str!("names/samples/harmless.txt")) {
            for place in [
                format!("https://h/?{name}={CANARY}"),
                format!("/a;{name}={CANARY}"),
                format!("{{\"{name}\":\"{CANARY}\"}}"),
            ] {
                assert_eq!(text(&place), place);
            }
            assert_eq!(field(name, CANARY), CANARY, "{name}");
        }
    }

    #[test]
    fn cookies_are_masked_however_they_are_set() {
        for (name, value, masked) in [
            (
                "Cookie2",
                "$Version=1; sid=x",
                "$Version=REDACTED; sid=REDACTED",
            ),
            (
                "Set-Cookie2",
                "a=x; Version=1; Port=\"80\"",
                "a=REDACTED; Version=1; Port=\"80\"",
            ),
            (
                "Set-Cookie",
                "a=x; Expires=Wed, 21 Oct 2026 07:28:00 GMT, b=y; Secure",
                "a=REDACTED; Expires=Wed, 21 Oct 2026 07:28:00 GMT, b=REDACTED; Secure",
            ),
            (
                "Set-Cookie",
                "a=x; Path=/\nb=y; Path=/",
                "a=REDACTED; Path=/\nb=REDACTED; Path=/",
            ),
            (
                "Set-Cookie",
                "a=\"x;y\"; HttpOnly",
                "a=REDACTED;REDACTED; HttpOnly",
            ),
            ("X-Forwarded-Cookie", "a=x; b=y", "a=REDACTED; b=REDACTED"),
            ("Cookie", "a=\"x;y\"", "a=REDACTED;REDACTED"),
            ("X-Authorization", "Bearer x", "Bearer REDACTED"),
            ("Authorization", "Nonsense words", "REDACTED"),
        ] {
            assert_eq!(field(name, value), masked, "{name}: {value}");
        }
    }

    #[test]
    fn strict_rules_show_what_is_allowed() {
        let rules = RedactionRules::default().strict();
        let redactor = Redactor::with_rules(&rules);
        for (name, value, shown) in [
            ("Content-Type", "text/html", "text/html"),
            (
                "Location",
                "/a?page=2&q=abc#top",
                "/a?page=2&q=REDACTED#REDACTED",
            ),
            ("X-Trace", "abc", "REDACTED"),
            ("Access-Control-Allow-Origin", "*", "*"),
        ] {
            assert_eq!(
                redactor.header(&HttpHeader::new(name, value)).value.raw(),
                shown,
                "{name}"
            );
        }
        for (input, shown) in [
            ("https://h/a?x=1&page=2", "https://h/a?x=REDACTED&page=2"),
            ("https://h/a?x&y=1;z=2", "https://h/a?REDACTED&y=REDACTED"),
            ("/?n=https%3A%2F%2Fh%2F%3Fq%3D1", "/?n=REDACTED"),
            (
                "no answer within 5 s (--connect-timeout=5)",
                "no answer within 5 s (--connect-timeout=5)",
            ),
        ] {
            assert_eq!(redactor.text(&input.into()).raw(), shown);
        }
        assert_eq!(redactor.remote_text(&"Gone".into()).raw(), "REDACTED");
        assert_eq!(redactor.remote_text(&"".into()).raw(), "");
    }

    #[test]
    fn tokens_are_known_by_their_shape() {
        for (input, masked) in [
            (
                "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln, sorry",
                "got REDACTED, sorry",
            ),
            (
                "Authorization: Bearer 0123456789abcdef0123",
                "Authorization: Bearer REDACTED",
            ),
            ("key AKIAIOSFODNN7EXAMPLE.", "key REDACTED."),
            ("a bearer of bad news", "a bearer of bad news"),
        ] {
            assert_eq!(text(input), masked);
        }
    }

    #[test]
    fn what_was_secret_somewhere_is_secret_everywhere() {
        let mut rules = RedactionRules::default();
        let header = |name: &str, value: &str| HttpHeader::new(name, value);
        // Basic: ada:hunter2!
        let headers = vec![
            header("Authorization", "Basic YWRhOmh1bnRlcjIh"),
            header("Cookie", "theme=application; id=a/b+c9d0e1"),
        ];
        let head = |headers| EventKind::Trailers {
            exchange: crate::trace::ExchangeId(0),
            headers,
        };
        rules.learn(&head(headers));
        let text = |text: &str| {
            Redactor::with_rules(&rules)
                .text(&text.into())
                .raw()
                .to_owned()
        };
        for (input, masked) in [
            ("x hunter2! y", "x REDACTED y"),
            ("hunter2%21", "REDACTED"),
            (
                "/?back=a%2Fb%2Bc9d0e1&also=a%2fb%2bc9d0e1",
                "/?back=REDACTED&also=REDACTED",
            ),
            ("an application/json", "an application/json"),
        ] {
            assert_eq!(text(input), masked);
        }
        for before in ["", "1", "12", "123"] {
            let encoded = STANDARD.encode(format!("{before}:hunter2!:"));
            assert!(text(&encoded).contains(MASK), "{encoded}");
        }
        assert_eq!(
            field("X-Note", "hunter2!"),
            "hunter2!",
            "other rules do not know it"
        );
    }

    #[test]
    fn of_many_secrets_the_latest_are_known_and_those_that_the_user_told_of() {
        let mut rules = RedactionRules::default();
        rules.add_secret("told-by-the-user");
        for number in 0..1_000 {
            let headers = vec![HttpHeader::new(
                "Authorization",
                format!("Bearer token-number-{number:04}"),
            )];
            rules.learn(&EventKind::Trailers {
                exchange: crate::trace::ExchangeId(0),
                headers,
            });
        }
        let text = |text: &str| {
            Redactor::with_rules(&rules)
                .text(&text.into())
                .raw()
                .to_owned()
        };
        assert_eq!(
            text("told-by-the-user token-number-0999 token-number-0000"),
            "REDACTED REDACTED token-number-0000"
        );
    }

    #[test]
    fn the_user_names_more() {
        let patterns = ["order-(\\d+)".to_owned(), "(?i)acme".to_owned()];
        let rules = RedactionRules::with_patterns(&patterns).unwrap_or_default();
        assert_eq!(
            Redactor::with_rules(&rules)
                .text(&"order-4711 by ACME".into())
                .raw(),
            "order-REDACTED by REDACTED"
        );
        let refusal = RedactionRules::with_patterns(&["a".to_owned(), "hunter2(".to_owned()])
            .map_err(|error| error.to_string());
        assert_eq!(
            refusal,
            Err("pattern 2 is not a valid regular expression: unclosed group".to_owned())
        );
    }

    #[test]
    fn who_asks_for_secrets_gets_them() {
        let header = HttpHeader::new("Authorization", "Basic x");
        assert_eq!(Redactor::new(true).header(&header), header);
        assert_eq!(
            Redactor::new(true).text(&"http://a:b@c/".into()).raw(),
            "http://a:b@c/"
        );
    }
}
