//! The one place where secrets are masked: credentials and cookies in fields, user names and passwords in URLs, and
//! parameters of a query that look like tokens. Bodies are left alone: what is secret in them nobody can know.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::trace::{Event, Failure, Header, ProxyStep, What};
use crate::units::Untrusted;

/// Stands where a secret was.
pub const MASK: &str = "REDACTED";

/// Masks secrets in what is shown or written, unless the user asked for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redactor {
    with_secrets: bool,
}

impl Redactor {
    /// One that masks, or with `with_secrets` one that does not.
    pub const fn new(with_secrets: bool) -> Self {
        Self { with_secrets }
    }

    /// A URL, a request target, or a sentence that may hold one.
    pub fn text(self, text: &Untrusted) -> Untrusted {
        if self.with_secrets { text.clone() } else { Untrusted::new(mask_text(text.raw())) }
    }

    /// The value of a query's parameter, name and value decoded.
    pub fn parameter(self, name: &str, value: &str) -> Untrusted {
        let hidden = !self.with_secrets && is_secret_parameter(name);
        if hidden { MASK.into() } else { self.text(&value.into()) }
    }

    /// A field line.
    pub fn header(self, header: &Header) -> Header {
        if self.with_secrets {
            return header.clone();
        }
        Header { name: header.name.clone(), value: Untrusted::new(mask_field(header.name.raw(), header.value.raw())) }
    }

    /// Field lines.
    pub fn headers(self, headers: &[Header]) -> Vec<Header> {
        headers.iter().map(|header| self.header(header)).collect()
    }

    /// An event.
    pub fn event(self, event: &Event) -> Event {
        let mut event = event.clone();
        if !self.with_secrets {
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
            What::Informational { headers, .. } | What::ResponseHead { headers, .. } | What::Trailers { headers, .. } => {
                *headers = self.headers(headers);
            }
            What::Redirected { to: text, .. }
            | What::Note { text, .. }
            | What::ProxyTalked { step: ProxyStep { text, .. }, .. }
            | What::Failed { failure: Failure { message: text, .. }, .. }
            | What::ControlMeasured { error: Some(text), .. } => *text = self.text(text),
            _ => {}
        }
    }
}

/// Fields that are secret as a whole, but for a first word that names the scheme.
const CREDENTIALS: [&str; 2] = ["authorization", "proxy-authorization"];
/// Fields that are secret as a whole.
const TOKENS: [&str; 9] = [
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "x-access-token",
    "x-csrf-token",
    "x-xsrf-token",
    "x-amz-security-token",
    "private-token",
];

/// A field's value without what is secret in it.
fn mask_field<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    if CREDENTIALS.iter().any(is) {
        return Cow::Owned(mask_credentials(value));
    }
    if TOKENS.iter().any(is) {
        return Cow::Borrowed(MASK);
    }
    if is(&"cookie") {
        return Cow::Owned(value.split(';').map(mask_pair).collect::<Vec<_>>().join(";"));
    }
    if is(&"set-cookie") {
        let (pair, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
        return Cow::Owned(mask_pair(pair) + attributes);
    }
    mask_text(value)
}

/// `Bearer abc` → `Bearer REDACTED` (RFC 9110 §11.4); a value of one word is the secret itself.
fn mask_credentials(value: &str) -> String {
    match value.trim_start().split_once(' ') {
        Some((scheme, _)) => format!("{scheme} {MASK}"),
        None => MASK.to_owned(),
    }
}

/// `name=value` → `name=REDACTED`; a cookie without a name is all value.
fn mask_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None if pair.trim().is_empty() => pair.to_owned(),
        None => MASK.to_owned(),
    }
}

/// Query parameters whose value is a secret, in lower case and without `-` and `_`.
const PARAMETERS: [&str; 26] = [
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "sessiontoken",
    "token",
    "apikey",
    "key",
    "password",
    "passwd",
    "pwd",
    "secret",
    "clientsecret",
    "sig",
    "signature",
    "code",
    "auth",
    "authorization",
    "jwt",
    "sessionid",
    "xamzsignature",
    "xamzcredential",
    "xamzsecuritytoken",
    "xgoogsignature",
    "xgoogcredential",
    "awsaccesskeyid",
];

/// Text without the user information of URLs (`//user:password@`) and without values of token-like query parameters.
fn mask_text(text: &str) -> Cow<'_, str> {
    match mask_user(text) {
        Cow::Borrowed(text) => mask_parameters(text),
        Cow::Owned(text) => Cow::Owned(mask_parameters(&text).into_owned()),
    }
}

/// `://user:password@host` → `://REDACTED@host`, wherever it stands.
fn mask_user(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, authority) = rest.split_at(at + 3);
        out.push_str(before);
        let end = authority.find(|c: char| "/?#\\\"'<> ".contains(c) || c.is_control()).unwrap_or(authority.len());
        let (within, after) = authority.split_at(end);
        match within.rsplit_once('@') {
            Some((_, host)) => out.extend([MASK, "@", host]),
            None => out.push_str(within),
        }
        rest = after;
    }
    if out.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(out + rest) }
}

/// `?token=abc&page=2` → `?token=REDACTED&page=2`, wherever it stands.
fn mask_parameters(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['?', '&', '#']) {
        let (before, parameter) = rest.split_at(at + 1);
        out.push_str(before);
        let end = parameter.find(|c: char| "?&#\"'<> ".contains(c) || c.is_control()).unwrap_or(parameter.len());
        let (within, after) = parameter.split_at(end);
        match within.split_once('=') {
            Some((name, _)) if is_secret_parameter(name) => out.extend([name, "=", MASK]),
            _ => out.push_str(within),
        }
        rest = after;
    }
    if out.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(out + rest) }
}

fn is_secret_parameter(name: &str) -> bool {
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    let plain: String = decoded.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    PARAMETERS.contains(&plain.as_str())
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
    fn who_asks_for_secrets_gets_them() {
        let header = Header::new("Authorization", "Basic x");
        assert_eq!(Redactor::new(true).header(&header), header);
        assert_eq!(Redactor::new(true).text(&"http://a:b@c/".into()).raw(), "http://a:b@c/");
    }
}
