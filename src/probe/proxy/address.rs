//! Parsing of a proxy's address as users write it.

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::{Host, Url};

use crate::probe::spec::{Proxy, ProxyKind};
use crate::units::{Secret, TypedUrl, TypedUrlError};

/// Error in a proxy's address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProxyAddressError {
    /// The address has no host.
    #[error(
        "the proxy address {0:?} has no host; write it as [scheme://][user:password@]host[:port]"
    )]
    NoHost(String),
    /// The address is ambiguous, or not a URL.
    #[error("invalid proxy address: {0}; write it as [scheme://][user:password@]host[:port]")]
    InvalidUrl(#[from] TypedUrlError),
    /// The scheme is not a proxy protocol.
    #[error("{0:?} is not a proxy scheme; supported are http, https, socks5 and socks5h")]
    UnknownScheme(String),
    /// SOCKS version 4.
    #[error("{0} proxies are not supported; most such proxies also support socks5 or socks5h")]
    Socks4(String),
    /// The host or port cannot be parsed.
    #[error("the proxy address {address:?} cannot be parsed: {reason}")]
    Malformed {
        /// The address as given, without credentials.
        address: String,
        /// The parser's message.
        reason: String,
    },
}

impl Proxy {
    /// Parses `[scheme://][user:password@]host[:port]` as curl's `-x` does. The default scheme is
    /// `http`; the default port is 443 for `https` and 1080 for all others. User and password are
    /// percent-decoded.
    ///
    /// # Errors
    ///
    /// [`ProxyAddressError`] says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, ProxyAddressError> {
        let (scheme, rest) = match TypedUrl::parse(text) {
            Ok(typed) => (typed.scheme.unwrap_or("http"), typed.rest),
            Err(TypedUrlError::NoHost) => ("http", ""),
            Err(mistake) => return Err(mistake.into()),
        };
        let kind = kind_of(scheme)?;
        let shown = || {
            rest.rsplit_once('@')
                .map_or(rest, |(_, host)| host)
                .to_owned()
        };
        let malformed = |reason: url::ParseError| ProxyAddressError::Malformed {
            address: shown(),
            reason: reason.to_string(),
        };
        if rest
            .rsplit_once('@')
            .map_or(rest, |(_, host)| host)
            .trim_end_matches('/')
            .is_empty()
        {
            return Err(ProxyAddressError::NoHost(shown()));
        }
        // With a scheme that the URL standard does not define, the parser drops no default port and
        // does not rewrite the host.
        let url = Url::parse(&format!("proxy://{rest}")).map_err(malformed)?;
        let host = url
            .host_str()
            .ok_or_else(|| ProxyAddressError::NoHost(shown()))?;
        let host = match Host::parse(host).map_err(malformed)? {
            Host::Domain(name) => name,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let default_port = if kind == ProxyKind::Https { 443 } else { 1080 };
        let port = url.port().unwrap_or(default_port);
        if port == 0 {
            return Err(TypedUrlError::PortZero.into());
        }
        Ok(Self {
            kind,
            host,
            port,
            credentials: decoded_credentials(&url),
        })
    }
}

fn kind_of(scheme: &str) -> Result<ProxyKind, ProxyAddressError> {
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok(ProxyKind::Http),
        "https" => Ok(ProxyKind::Https),
        "socks5" => Ok(ProxyKind::Socks5),
        "socks5h" => Ok(ProxyKind::Socks5h),
        socks4 @ ("socks" | "socks4" | "socks4a") => {
            Err(ProxyAddressError::Socks4(socks4.to_owned()))
        }
        _ => Err(ProxyAddressError::UnknownScheme(scheme.to_owned())),
    }
}

fn decoded_credentials(url: &Url) -> Option<Secret<(String, String)>> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decoded(url.username());
    let password = decoded(url.password().unwrap_or_default());
    (!user.is_empty() || !password.is_empty()).then(|| Secret::new((user, password)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn parts(text: &str) -> (ProxyKind, String, u16) {
        let proxy = Proxy::parse(text).unwrap();
        (proxy.kind, proxy.host, proxy.port)
    }

    #[test]
    fn scheme_and_port_have_the_defaults_of_curl() {
        assert_eq!(
            parts("proxy.test"),
            (ProxyKind::Http, "proxy.test".to_owned(), 1080)
        );
        assert_eq!(
            parts("http://proxy.test:80/"),
            (ProxyKind::Http, "proxy.test".to_owned(), 80)
        );
        assert_eq!(
            parts("HTTPS://Proxy.Test"),
            (ProxyKind::Https, "proxy.test".to_owned(), 443)
        );
        assert_eq!(
            parts("socks5://127.0.0.1"),
            (ProxyKind::Socks5, "127.0.0.1".to_owned(), 1080)
        );
        assert_eq!(
            parts("socks5h://[::1]:9050"),
            (ProxyKind::Socks5h, "::1".to_owned(), 9050)
        );
        assert_eq!(
            parts("localhost:3128"),
            (ProxyKind::Http, "localhost".to_owned(), 3128)
        );
        assert_eq!(
            parts("http:/proxy.test:3128"),
            (ProxyKind::Http, "proxy.test".to_owned(), 3128)
        );
        assert_eq!(
            parts("SOCKS5:/proxy.test"),
            (ProxyKind::Socks5, "proxy.test".to_owned(), 1080)
        );
        assert_eq!(
            parts("user:pw@proxy.test:3128"),
            (ProxyKind::Http, "proxy.test".to_owned(), 3128)
        );
    }

    #[test]
    fn credentials_are_percent_decoded_and_secret() {
        let proxy = Proxy::parse("http://us%3Aer:p%40ss@proxy.test:3128").unwrap();
        assert_eq!(
            proxy.credentials.as_ref().unwrap().expose(),
            &("us:er".to_owned(), "p@ss".to_owned())
        );
        assert!(!format!("{proxy:?}").contains("p@ss"));
        assert_eq!(Proxy::parse("http://proxy.test").unwrap().credentials, None);
    }

    #[test]
    fn a_bad_address_is_named_without_its_password() {
        assert_eq!(
            Proxy::parse("socks4://h").unwrap_err(),
            ProxyAddressError::Socks4("socks4".to_owned())
        );
        assert_eq!(
            Proxy::parse("ftp://h").unwrap_err(),
            ProxyAddressError::UnknownScheme("ftp".to_owned())
        );
        assert_eq!(
            Proxy::parse("").unwrap_err(),
            ProxyAddressError::NoHost(String::new())
        );
        assert_eq!(
            Proxy::parse("http://u:hunter2@").unwrap_err(),
            ProxyAddressError::NoHost(String::new())
        );
        for text in [
            "http:8080",
            "//h",
            "h\\@u:hunter2",
            "u:hunter2@h@i",
            "u:hunter2",
            "http://u:hunter2@h:0",
        ] {
            let error = Proxy::parse(text).unwrap_err();
            assert!(
                matches!(error, ProxyAddressError::InvalidUrl(_)),
                "{text}: {error}"
            );
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        for text in [
            "http://u:hunter2@h:99999",
            "http://u:hunter2@h:port",
            "http://u:hunter2@[::1",
            "http://u:hunter2@a b",
        ] {
            let error = Proxy::parse(text).unwrap_err();
            assert!(
                matches!(error, ProxyAddressError::Malformed { .. }),
                "{text}: {error}"
            );
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
