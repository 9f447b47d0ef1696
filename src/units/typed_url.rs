//! URLs as users type them, split into scheme and rest.
//!
//! The grammar is that of browsers (the WHATWG URL standard) if a scheme is written, and curl's
//! guess if none is: `http:/host` is a URL with a scheme, `host:8080/path` is a host with a port.
//! Anything that different programs could read as different hosts is an error.

use thiserror::Error;
use url::Url;

/// Schemes that are unlikely to be host names, so what follows their colon is neither a port nor a
/// password.
const NON_HOST_SCHEMES: [&str; 9] = [
    "about",
    "blob",
    "data",
    "file",
    "ftp",
    "javascript",
    "mailto",
    "urn",
    "view-source",
];

/// A typed URL, split at its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedUrl<'a> {
    /// The scheme as written, if there is one.
    pub scheme: Option<&'a str>,
    /// Everything after the scheme, its colon and its slashes.
    pub rest: &'a str,
}

/// Why a typed text is not an unambiguous URL. Messages never contain a user name or a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TypedUrlError {
    /// It contains a tab, a line break or another control character. Browsers drop some of them
    /// silently.
    #[error(
        "it contains a control character, such as a tab or a line break; remove it, or write it \
         as %09 or %0A"
    )]
    ControlCharacter,
    /// There is no host: it is empty, a path, a query or a fragment.
    #[error("it has no host")]
    NoHost,
    /// It begins with two slashes and has no scheme.
    #[error("it begins with // but has no scheme; write http:// or https:// before the host")]
    NoScheme,
    /// `http:8080` is a host named http to some programs and port 8080 to others.
    #[error(
        "'{0}:' followed by a number could be a scheme or a host with a port; write {0}:// for \
         the scheme, http://{0}:PORT/ for the host"
    )]
    SchemeOrHost(String),
    /// Neither a scheme followed by slashes nor a host with a port.
    #[error("'{0}:' is neither a scheme followed by // nor a host with a port")]
    NeitherSchemeNorPort(String),
    /// `http://a\@b/` is host a to browsers and host b to others.
    #[error(
        "it has a \\ in or after its host, which browsers and other programs read differently; \
         write / or %5C"
    )]
    Backslash,
    /// `http://http://host/` is host http to browsers and to curl, which nobody means.
    #[error("it has a second scheme, after the first or in place of a port; remove one of them")]
    SecondScheme,
    /// `http://a@b@c/` is host c to some programs and invalid to others.
    #[error("it has more than one @ before its path; write an @ in a user name or password as %40")]
    SeveralAtSigns,
    /// Port 0 cannot be connected to.
    #[error("connecting to port 0 is not possible")]
    PortZero,
    /// The host or the port is malformed.
    #[error("{0}")]
    Malformed(#[from] url::ParseError),
}

impl<'a> TypedUrl<'a> {
    /// Parses a typed text. Surrounding whitespace is ignored.
    ///
    /// # Errors
    /// It names no host, or programs would disagree on which.
    pub fn parse(text: &'a str) -> Result<Self, TypedUrlError> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if text.chars().any(char::is_control) {
            return Err(TypedUrlError::ControlCharacter);
        }
        let typed = match split_scheme(text) {
            Some((name, rest)) => parse_with_colon(text, name, rest)?,
            None => parse_without_colon(text)?,
        };
        typed.check_authority()
    }

    /// The whole URL, with a default scheme if none was written.
    pub fn with_scheme_or(&self, default: &str) -> String {
        format!("{}://{}", self.scheme.unwrap_or(default), self.rest)
    }

    /// The `http` or `https` URL.
    ///
    /// # Errors
    /// The host or the port is invalid.
    pub fn web_url(&self) -> Result<Url, TypedUrlError> {
        let url = match Url::parse(&self.with_scheme_or("http")) {
            Err(url::ParseError::EmptyHost) => return Err(TypedUrlError::NoHost),
            parsed => parsed?,
        };
        match (url.host_str(), url.port()) {
            (None | Some(""), _) => Err(TypedUrlError::NoHost),
            (_, Some(0)) => Err(TypedUrlError::PortZero),
            _ => Ok(url),
        }
    }

    /// Returns true if the scheme is `http` or `https`, or absent.
    pub fn is_web(&self) -> bool {
        self.scheme.is_none_or(is_web)
    }

    /// Rejects authorities that programs read differently: backslashes, a second scheme, several
    /// `@`.
    fn check_authority(self) -> Result<Self, TypedUrlError> {
        let end = self
            .rest
            .find(['/', '?', '#', '\\'])
            .unwrap_or(self.rest.len());
        let (authority, behind) = self.rest.split_at(end);
        if behind.starts_with('\\') {
            return Err(TypedUrlError::Backslash);
        }
        if authority.ends_with(':') && behind.starts_with("//") {
            return Err(TypedUrlError::SecondScheme);
        }
        if authority.matches('@').count() > 1 {
            return Err(TypedUrlError::SeveralAtSigns);
        }
        Ok(self)
    }
}

/// Parses a text that starts like a scheme, `name:`.
fn parse_with_colon<'a>(
    text: &'a str,
    name: &'a str,
    rest: &'a str,
) -> Result<TypedUrl<'a>, TypedUrlError> {
    let schemed = |rest| {
        Ok(TypedUrl {
            scheme: Some(name),
            rest,
        })
    };
    let is_known = NON_HOST_SCHEMES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    if rest.starts_with(['/', '\\']) {
        return schemed(rest.trim_start_matches(['/', '\\']));
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let is_port = !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_digit());
    match (is_port, is_web(name)) {
        (true, true) => Err(TypedUrlError::SchemeOrHost(name.to_ascii_lowercase())),
        (true, false) => Ok(TypedUrl {
            scheme: None,
            rest: text,
        }),
        (false, true) if rest.is_empty() => Err(TypedUrlError::NoHost),
        (false, true) => schemed(rest),
        (false, false) if is_known => schemed(rest),
        (false, false) if authority.contains('@') => Ok(TypedUrl {
            scheme: None,
            rest: text,
        }),
        (false, false) => Err(TypedUrlError::NeitherSchemeNorPort(name.to_owned())),
    }
}

/// Parses a text without a scheme: a host, possibly with user information and a port.
fn parse_without_colon(text: &str) -> Result<TypedUrl<'_>, TypedUrlError> {
    match text.as_bytes() {
        [b'/' | b'\\', b'/' | b'\\', ..] => Err(TypedUrlError::NoScheme),
        [] | [b'/' | b'\\' | b'?' | b'#', ..] => Err(TypedUrlError::NoHost),
        _ => Ok(TypedUrl {
            scheme: None,
            rest: text,
        }),
    }
}

/// Splits at the first colon if a valid scheme precedes it (RFC 3986 §3.1).
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(':')?;
    let mut bytes = name.bytes();
    let is_scheme = bytes.next()?.is_ascii_alphabetic()
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some((name, rest))
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<String, TypedUrlError> {
        TypedUrl::parse(text)?.web_url().map(String::from)
    }

    /// Agrees with browsers if a scheme is written, and with curl if none is.
    #[test]
    fn a_typed_url_reaches_the_host_that_is_meant() {
        for (text, wanted) in [
            ("http://host", "http://host/"),
            ("https://host/p?q#f", "https://host/p?q#f"),
            ("HTTP://HOST/P", "http://host/P"),
            ("http:/host", "http://host/"),
            ("https:/host/p", "https://host/p"),
            ("HTTP:/host", "http://host/"),
            ("HtTpS:/u:p@host", "https://u:p@host/"),
            ("http:///host", "http://host/"),
            ("http:////host", "http://host/"),
            ("http:\\\\host", "http://host/"),
            ("http:\\/host", "http://host/"),
            ("http:/\\host", "http://host/"),
            ("https:host", "https://host/"),
            ("https:host/p", "https://host/p"),
            ("https:host:8443/p", "https://host:8443/p"),
            ("https:user:pw@host/", "https://user:pw@host/"),
            ("host", "http://host/"),
            ("host/path", "http://host/path"),
            ("host:8080/path", "http://host:8080/path"),
            ("host:8080?q", "http://host:8080/?q"),
            ("localhost:3000", "http://localhost:3000/"),
            ("redis:6379", "http://redis:6379/"),
            ("ftp:2121/", "http://ftp:2121/"),
            ("example.com:80", "http://example.com/"),
            ("user@host", "http://user@host/"),
            ("user:pw@host/", "http://user:pw@host/"),
            ("user:1234@host/", "http://user:1234@host/"),
            ("user:p:w@host:81/", "http://user:p%3Aw@host:81/"),
            ("[::1]:80", "http://[::1]/"),
            ("[::1]:81/p", "http://[::1]:81/p"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("1.2.3.4", "http://1.2.3.4/"),
            ("  http://host/ \t\n", "http://host/"),
            ("host/a:b", "http://host/a:b"),
            ("host/http://other/", "http://host/http://other/"),
            ("host?u=http://other/", "http://host/?u=http://other/"),
            ("http://host?@other/", "http://host/?@other/"),
            ("http://host#@other/", "http://host/#@other/"),
            ("http://host/@other", "http://host/@other"),
            ("http://host/a\\b", "http://host/a/b"),
            ("http://host/a b", "http://host/a%20b"),
            ("http://@host/", "http://host/"),
            ("http://ex%61mple.com/", "http://example.com/"),
            ("http://example\u{3002}com/", "http://example.com/"),
            ("http://example\u{ff0e}com/", "http://example.com/"),
            ("http://b\u{fc}cher.test/", "http://xn--bcher-kva.test/"),
            ("http://\u{ff11}27.0.0.1/", "http://127.0.0.1/"),
            ("http://2130706433/", "http://127.0.0.1/"),
            ("http://0x7f.1/", "http://127.0.0.1/"),
            ("http://0177.0.0.1/", "http://127.0.0.1/"),
            ("http://host:/", "http://host/"),
            ("http://host:00080/", "http://host/"),
            ("http://http:8080/", "http://http:8080/"),
        ] {
            assert_eq!(url(text).as_deref(), Ok(wanted), "{text:?}");
        }
    }

    #[test]
    fn urls_without_a_host_or_with_two_are_errors() {
        use TypedUrlError::{
            Backslash, ControlCharacter, NeitherSchemeNorPort, NoHost, NoScheme, PortZero,
            SchemeOrHost, SecondScheme, SeveralAtSigns,
        };
        for (text, wanted) in [
            ("", NoHost),
            ("   ", NoHost),
            ("http:", NoHost),
            ("http:/", NoHost),
            ("http://", NoHost),
            ("https:///", NoHost),
            ("http://?q", NoHost),
            ("http://#f", NoHost),
            ("http://:80/", NoHost),
            ("http://user@/", NoHost),
            ("http://user:pw@:80/", NoHost),
            ("/path", NoHost),
            ("?query", NoHost),
            ("#fragment", NoHost),
            ("//host/", NoScheme),
            ("\\\\host\\share", NoScheme),
            ("http:8080", SchemeOrHost("http".into())),
            ("HTTPS:443/path", SchemeOrHost("https".into())),
            ("host:port/", NeitherSchemeNorPort("host".into())),
            ("host:", NeitherSchemeNorPort("host".into())),
            ("user:secret", NeitherSchemeNorPort("user".into())),
            ("http://host\\@evil/", Backslash),
            ("http://host\\path", Backslash),
            ("host\\@evil/", Backslash),
            ("http://http://host/", SecondScheme),
            ("http://https://u:hunter2@host/", SecondScheme),
            ("http:https://host/", SecondScheme),
            ("u:hunter2@h://x", SecondScheme),
            ("http://a@b@c/", SeveralAtSigns),
            ("a:p@ss@c/", SeveralAtSigns),
            ("http://host:0/", PortZero),
            ("host:0", PortZero),
            ("http://exa\nmple.com/", ControlCharacter),
            ("ht\ttp://host/", ControlCharacter),
            ("http://host/\r\nX: y", ControlCharacter),
            ("http://host/\u{0}", ControlCharacter),
            ("http://host/\u{7f}", ControlCharacter),
        ] {
            assert_eq!(url(text), Err(wanted), "{text:?}");
        }
        for text in [
            "http://host:65536/",
            "http://host:99999999999999999999/",
            "host:65536",
            "http://host:port/",
            "http://[::1/",
            "http://[::1%25eth0]/",
            "http://a b/",
            "http://host%00/",
            "http://host%2Fevil/",
            "http://256.256.256.256/",
            "http://1.2.3.4.5/",
            "http://a<b/",
            "http://xn--/",
        ] {
            assert!(
                matches!(url(text), Err(TypedUrlError::Malformed(_))),
                "{text:?}: {:?}",
                url(text)
            );
        }
    }

    /// Callers decide what to do with schemes other than the web's.
    #[test]
    fn other_schemes_are_recognized_by_name() {
        for (text, scheme, rest) in [
            ("file:///etc/passwd", "file", "etc/passwd"),
            ("file:/etc/passwd", "file", "etc/passwd"),
            ("javascript:alert(1)", "javascript", "alert(1)"),
            ("mailto:joe@host", "mailto", "joe@host"),
            ("data:,x", "data", ",x"),
            ("ftp://host/", "ftp", "host/"),
            ("wss://host/", "wss", "host/"),
            ("sse+http://host/", "sse+http", "host/"),
            ("socks5h://u:p@[::1]:9050", "socks5h", "u:p@[::1]:9050"),
            ("host:/path", "host", "path"),
        ] {
            let typed = TypedUrl::parse(text).unwrap();
            assert_eq!(
                (typed.scheme, typed.rest, typed.is_web()),
                (Some(scheme), rest, false),
                "{text:?}"
            );
        }
    }

    #[test]
    fn errors_do_not_contain_the_password() {
        for text in [
            "http://u:hunter2@h:0/",
            "u:hunter2@h@i/",
            "u:hunter2",
            "http://u:hunter2@",
            "http://u:hunter2@h\\",
            "http://u:hunter2@h:x",
        ] {
            let message = url(text).unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
