//! The one place where secrets are masked: credentials and cookies in fields, user names and passwords in URLs, parameters that are called
//! like tokens, tokens of known shapes, what the user names, and whatever has the value of one of these elsewhere.
//!
//! Bodies are masked as a whole, since what is secret in them nobody can know. In the packets of connections in the clear bytes are
//! overwritten where they lie: see [`ClearText`].

mod clear_text;
mod fields;
mod known;
mod places;

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use regex::Regex;

use clear_text::BLANK;
pub use clear_text::ClearText;

use crate::trace::{Event, Failure, Header, ProxyStep, What};
use crate::units::Untrusted;
use known::Known;

/// Stands where a secret was.
pub const MASK: &str = "REDACTED";

/// What is a secret.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    patterns: Vec<Regex>,
    known: Known,
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.patterns.iter().map(Regex::as_str).eq(other.patterns.iter().map(Regex::as_str)) && self.known == other.known
    }
}

/// A pattern that is no regular expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is no regular expression: {reason}")]
pub struct BadPattern {
    pattern: String,
    reason: String,
}

impl BadPattern {
    fn new(pattern: &str, error: &regex::Error) -> Self {
        // It is drawn over several lines, of which the last says what is wrong.
        let drawn = error.to_string();
        let last = drawn.lines().last().unwrap_or_default();
        Self { pattern: pattern.to_owned(), reason: last.trim_start_matches("error: ").to_owned() }
    }
}

impl Rules {
    const PLAIN: Self = Self { patterns: Vec::new(), known: Known::NONE };
    /// Bytes that a compiled pattern may take.
    const LARGEST: usize = 1 << 20;

    /// What the user's patterns find is secret, too: of each its first group, or where it has none all of it.
    pub fn with_patterns(patterns: &[String]) -> Result<Self, BadPattern> {
        let compiled = |pattern: &String| {
            let built = regex::RegexBuilder::new(pattern).size_limit(Self::LARGEST).build();
            built.map_err(|error| BadPattern::new(pattern, &error))
        };
        Ok(Self { patterns: patterns.iter().map(compiled).collect::<Result<_, _>>()?, known: Known::NONE })
    }

    /// Takes in what in an event is secret by its place, so that it is found wherever else it stands. Events are learnt from before they are
    /// masked.
    pub fn learn(&mut self, what: &What) {
        match what {
            What::ExchangeStarted { url: text, .. } | What::Redirected { to: text, .. } => self.learn_text(text.raw()),
            What::RequestHead { target, headers, .. } => {
                self.learn_text(target.raw());
                self.learn_fields(headers);
            }
            What::Informational { headers, .. } | What::ResponseHead { headers, .. } | What::Trailers { headers, .. } => {
                self.learn_fields(headers);
            }
            _ => {}
        }
    }

    /// Takes in a secret.
    pub fn know(&mut self, secret: &str) {
        self.known.learn(secret);
        // `user:password`
        if let Some((_, password)) = secret.split_once(':') {
            self.known.learn(password);
        }
    }

    fn learn_text(&mut self, text: &str) {
        let mut users = Vec::new();
        places::users(text, &mut users);
        for user in of(text, &users) {
            self.know(&percent_decode_str(user).decode_utf8_lossy());
        }
        let mut values = Vec::new();
        places::parameters(text, &mut values);
        places::tokens(text, &mut values);
        of(text, &values).for_each(|value| self.learn_value(value));
    }

    fn learn_fields(&mut self, headers: &[Header]) {
        for header in headers {
            let value = header.value.raw();
            self.learn_text(value);
            let mut secrets = Vec::new();
            fields::secrets(header.name.raw(), value, &mut secrets);
            for secret in of(value, &secrets) {
                self.learn_value(secret);
                if let Some(pair) = STANDARD.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                    self.know(&pair);
                }
            }
        }
    }

    /// A value that is secret for its name. One that may as well be a word of a language is left: it would be found everywhere.
    fn learn_value(&mut self, value: &str) {
        const LONG: usize = 16;
        const SHORTEST: usize = 8;
        let is_word = value.bytes().all(|byte| byte.is_ascii_lowercase());
        if value.len() >= LONG || value.len() >= SHORTEST && !is_word {
            self.known.learn(value);
            self.known.learn(&percent_decode_str(value).decode_utf8_lossy());
        }
    }

    /// Where in a text secrets stand: in order and apart.
    fn secrets_in(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.find(text, &mut found);
        apart(found)
    }

    /// Where in a field's value.
    fn secrets_in_field(&self, name: &str, value: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        fields::secrets(name, value, &mut found);
        self.find(value, &mut found);
        apart(found)
    }

    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        places::users(text, found);
        places::parameters(text, found);
        places::tokens(text, found);
        self.known.find(text, found);
        self.patterns.iter().for_each(|pattern| places::matches(pattern, text, found));
    }
}

/// Masks secrets in what is shown or written, unless the user asked for them.
#[derive(Clone, Copy, Debug)]
pub struct Redactor<'a>(Option<&'a Rules>);

impl Default for Redactor<'_> {
    fn default() -> Self {
        Self::new(false)
    }
}

impl<'a> Redactor<'a> {
    /// One that masks what is secret by its place, or with `with_secrets` one that masks nothing.
    pub const fn new(with_secrets: bool) -> Self {
        static PLAIN: Rules = Rules::PLAIN;
        Self(if with_secrets { None } else { Some(&PLAIN) })
    }

    /// One that masks by rules.
    pub const fn by(rules: &'a Rules) -> Self {
        Self(Some(rules))
    }

    /// A URL, a request target, or a sentence that may hold one.
    pub fn text(self, text: &Untrusted) -> Untrusted {
        let Some(rules) = self.0 else { return text.clone() };
        Untrusted::new(masked(text.raw(), &rules.secrets_in(text.raw())))
    }

    /// The value of a query's parameter, name and value decoded.
    pub fn parameter(self, name: &str, value: &str) -> Untrusted {
        let hidden = self.0.is_some() && places::is_secret_name(name);
        if hidden { MASK.into() } else { self.text(&value.into()) }
    }

    /// A field line.
    pub fn header(self, header: &Header) -> Header {
        let Some(rules) = self.0 else { return header.clone() };
        let value = header.value.raw();
        let secrets = rules.secrets_in_field(header.name.raw(), value);
        Header { name: header.name.clone(), value: Untrusted::new(masked(value, &secrets)) }
    }

    /// Field lines.
    pub fn headers(self, headers: &[Header]) -> Vec<Header> {
        headers.iter().map(|header| self.header(header)).collect()
    }

    /// An event.
    pub fn event(self, event: &Event) -> Event {
        let mut event = event.clone();
        if self.0.is_some() {
            self.mask_event(&mut event.what);
        }
        event
    }

    fn mask_event(self, what: &mut What) {
        match what {
            What::ExchangeStarted { url, .. } => *url = self.text(url),
            What::RequestHead { target, headers, .. } => {
                *target = self.text(target);
                *headers = self.headers(headers);
            }
            What::Informational { headers, .. } | What::Trailers { headers, .. } => *headers = self.headers(headers),
            What::ResponseHead { headers, reason, .. } => {
                *reason = self.text(reason);
                *headers = self.headers(headers);
            }
            What::BodyPreview { text, .. } if !text.raw().is_empty() => *text = MASK.into(),
            What::Redirected { to: text, .. }
            | What::Note { text, .. }
            | What::DnsFailed { reason: text, .. }
            | What::ProxyTalked { step: ProxyStep { text, .. }, .. }
            | What::Failed { failure: Failure { message: text, .. }, .. }
            | What::ControlMeasured { error: Some(text), .. } => *text = self.text(text),
            _ => {}
        }
    }
}

/// A text with asterisks in the place of secrets, as long as it was. One that is not UTF-8 is a secret as a whole.
pub fn blanked(text: &[u8]) -> Vec<u8> {
    blanked_by(text, |text| Rules::PLAIN.secrets_in(text))
}

/// The same of a field line, `Name: value`.
pub fn blanked_field(line: &[u8]) -> Vec<u8> {
    blanked_by(line, |line| {
        let Some((name, value)) = line.split_once(':') else { return Rules::PLAIN.secrets_in(line) };
        let begin = name.len() + 1;
        Rules::PLAIN.secrets_in_field(name, value).into_iter().map(|secret| begin + secret.start..begin + secret.end).collect()
    })
}

fn blanked_by(text: &[u8], secrets: impl Fn(&str) -> Vec<Range<usize>>) -> Vec<u8> {
    let mut blanked = text.to_vec();
    let secrets = std::str::from_utf8(text).map_or_else(|_| std::iter::once(0..text.len()).collect(), secrets);
    for secret in secrets {
        if let Some(secret) = blanked.get_mut(secret) {
            secret.fill(BLANK);
        }
    }
    blanked
}

/// The parts of a text.
fn of<'t>(text: &'t str, ranges: &[Range<usize>]) -> impl Iterator<Item = &'t str> {
    ranges.iter().filter_map(|range| text.get(range.clone()))
}

/// In order, none within or behind another without a gap.
fn apart(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// A text with the mask in the place of secrets.
fn masked<'t>(text: &'t str, secrets: &[Range<usize>]) -> Cow<'t, str> {
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
    use super::*;

    fn field(name: &str, value: &str) -> String {
        Redactor::default().header(&Header::new(name, value)).value.raw().to_owned()
    }

    fn text(text: &str) -> String {
        Redactor::default().text(&text.into()).raw().to_owned()
    }

    #[test]
    fn credentials_keep_their_scheme_and_cookies_their_names() {
        for (name, value, masked) in [
            ("Authorization", "Basic YWRhOmh1bnRlcjI=", "Basic REDACTED"),
            ("authorization", "s3cr3t", "REDACTED"),
            ("PROXY-AUTHORIZATION", "Digest username=\"ada\", response=\"x\"", "Digest REDACTED"),
            ("Cookie", "session=abc; theme=dark;", "session=REDACTED; theme=REDACTED;"),
            ("Set-Cookie", "id=1=2; Path=/; HttpOnly", "id=REDACTED; Path=/; HttpOnly"),
            ("Set-Cookie", "bare", "REDACTED"),
            ("X-Api-Key", "k-123", "REDACTED"),
            ("Location", "https://ada:pw@h/?token=t", "https://REDACTED@h/?token=REDACTED"),
            ("Accept", "*/*", "*/*"),
        ] {
            assert_eq!(field(name, value), masked, "{name}");
        }
    }

    #[test]
    fn urls_lose_their_users_and_their_tokens() {
        for (url, masked) in [
            ("https://ada:hunter2@h:8443/a?api_key=1&lang=en#x", "https://REDACTED@h:8443/a?api_key=REDACTED&lang=en#x"),
            ("http://a@b@c/", "http://REDACTED@c/"),
            ("http://h/@user", "http://h/@user"),
            ("/cb?code=1&state=2#access_token=3&x=4", "/cb?code=REDACTED&state=2#access_token=REDACTED&x=4"),
            ("/?%74oken=abc&%ff=1", "/?%74oken=REDACTED&%ff=1"),
            ("/?X-Amz-Signature=abc&API-Key=1&keys=2", "/?X-Amz-Signature=REDACTED&API-Key=REDACTED&keys=2"),
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
    fn tokens_are_known_by_their_shape() {
        for (told, masked) in [
            ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln, sorry", "got REDACTED, sorry"),
            ("Authorization: Bearer 0123456789abcdef0123", "Authorization: Bearer REDACTED"),
            ("key AKIAIOSFODNN7EXAMPLE.", "key REDACTED."),
            ("a bearer of bad news", "a bearer of bad news"),
        ] {
            assert_eq!(text(told), masked);
        }
    }

    #[test]
    fn what_was_secret_somewhere_is_secret_everywhere() {
        let mut rules = Rules::default();
        let header = |name: &str, value: &str| Header::new(name, value);
        // Basic: ada:hunter2!
        let headers = vec![header("Authorization", "Basic YWRhOmh1bnRlcjIh"), header("Cookie", "theme=application; id=a/b+c9d0e1")];
        let head = |headers| What::Trailers { exchange: crate::trace::ExchangeId(0), headers };
        rules.learn(&head(headers));
        let text = |text: &str| Redactor::by(&rules).text(&text.into()).raw().to_owned();
        for (told, masked) in [
            ("x hunter2! y", "x REDACTED y"),
            ("hunter2%21", "REDACTED"),
            ("/?back=a%2Fb%2Bc9d0e1&also=a%2fb%2bc9d0e1", "/?back=REDACTED&also=REDACTED"),
            ("an application/json", "an application/json"),
        ] {
            assert_eq!(text(told), masked);
        }
        for before in ["", "1", "12", "123"] {
            let encoded = STANDARD.encode(format!("{before}:hunter2!:"));
            assert!(text(&encoded).contains(MASK), "{encoded}");
        }
        assert_eq!(field("X-Note", "hunter2!"), "hunter2!", "other rules do not know it");
    }

    #[test]
    fn the_user_names_more() {
        let patterns = ["order-(\\d+)".to_owned(), "(?i)acme".to_owned()];
        let rules = Rules::with_patterns(&patterns).unwrap_or_default();
        assert_eq!(Redactor::by(&rules).text(&"order-4711 by ACME".into()).raw(), "order-REDACTED by REDACTED");
        let refusal = Rules::with_patterns(&["(".to_owned()]).map_err(|error| error.to_string());
        assert!(refusal.is_err_and(|sentence| sentence.starts_with("\"(\" is no regular expression")));
    }

    #[test]
    fn who_asks_for_secrets_gets_them() {
        let header = Header::new("Authorization", "Basic x");
        assert_eq!(Redactor::new(true).header(&header), header);
        assert_eq!(Redactor::new(true).text(&"http://a:b@c/".into()).raw(), "http://a:b@c/");
    }
}
