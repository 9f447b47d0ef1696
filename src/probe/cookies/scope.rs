//! Scope of a cookie: hosts, domains, paths and secure connections (RFC 6265bis §5.1.2 to §5.1.4).

use std::net::IpAddr;

use url::Url;

/// Returns the host of a URL in canonical form: lower case and ASCII (§5.1.2), an IPv6 address
/// without brackets.
pub(super) fn canonical_host(url: &Url) -> String {
    strip_brackets(url.host_str().unwrap_or_default()).to_ascii_lowercase()
}

/// Removes the brackets that an IPv6 address has in a URL.
pub(super) fn strip_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// Returns true if the host is the domain or a subdomain of it (§5.1.3). An IP address has no
/// parent domain.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    let is_below = || {
        host.strip_suffix(domain)
            .is_some_and(|below| below.ends_with('.'))
            && host.parse::<IpAddr>().is_err()
    };
    host == domain || (!domain.is_empty() && is_below())
}

/// Returns true if independent parties register names directly below this domain, as with `com`,
/// `co.uk` and `github.io`: a cookie for all of it would reach strangers
/// (<https://publicsuffix.org/>). A top-level domain that is not listed counts as one, too.
pub(super) fn is_public_suffix(domain: &str) -> bool {
    let name = domain.trim_end_matches('.');
    name.parse::<IpAddr>().is_err()
        && psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == name.as_bytes())
}

/// Returns the path of a cookie without a `Path` attribute: that of its URL up to the last slash
/// (§5.1.4).
pub(super) fn default_path(url: &Url) -> &[u8] {
    let path = url.path().as_bytes();
    let last = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    if path.starts_with(b"/") && last > 0 {
        path.get(..last).unwrap_or(b"/")
    } else {
        b"/"
    }
}

/// Returns true if `path` is the cookie's path or below it; only whole path segments match
/// (§5.1.4).
pub(super) fn path_matches(path: &[u8], cookie_path: &[u8]) -> bool {
    path.strip_prefix(cookie_path).is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(b"/") || cookie_path.ends_with(b"/")
    })
}

/// Returns true if no third party can read or change the traffic: over TLS, and to this machine
/// itself. RFC 6265bis §5.8.3 leaves the definition to the user agent and mentions `localhost`;
/// curl and browsers treat it as secure.
pub(super) fn is_secure(url: &Url) -> bool {
    let host = canonical_host(url);
    let name = host.strip_suffix('.').unwrap_or(&host);
    url.scheme() == "https"
        || name == "localhost"
        || name.ends_with(".localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn subdomains_begin_at_a_dot() {
        for (host, domain, wanted) in [
            ("example.com", "example.com", true),
            ("www.example.com", "example.com", true),
            ("a.b.example.com", "example.com", true),
            ("badexample.com", "example.com", false),
            ("example.com", "www.example.com", false),
            ("example.com.", "example.com", false),
            ("www.example.com.", "example.com.", true),
            ("example.com", "", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "0.0.1", false),
            ("::1", "::1", true),
        ] {
            assert_eq!(domain_matches(host, domain), wanted, "{host} {domain}");
        }
    }

    #[test]
    fn suffixes_are_those_of_the_list_and_unknown_last_labels() {
        for name in [
            "com",
            "co.uk",
            "co.uk.",
            "github.io",
            "other.kawasaki.jp",
            "foo.ck",
            "test",
            "localhost",
            "xn--p1ai",
        ] {
            assert!(is_public_suffix(name), "{name}");
        }
        for name in [
            "example.com",
            "bbc.co.uk",
            "someone.github.io",
            "city.kawasaki.jp",
            "www.ck",
            "example.test",
            "127.0.0.1",
            "::1",
            "",
        ] {
            assert!(!is_public_suffix(name), "{name}");
        }
    }

    #[test]
    fn paths_match_at_slashes() {
        for (path, cookie_path, wanted) in [
            ("/", "/", true),
            ("/deep", "/", true),
            ("/deep", "/deep", true),
            ("/deep/", "/deep", true),
            ("/deep/x", "/deep", true),
            ("/deep/x", "/deep/", true),
            ("/deep", "/deep/", false),
            ("/deeper", "/deep", false),
            ("/Deep", "/deep", false),
            ("/", "/deep", false),
        ] {
            assert_eq!(
                path_matches(path.as_bytes(), cookie_path.as_bytes()),
                wanted,
                "{path} {cookie_path}"
            );
        }
    }

    #[test]
    fn a_path_is_the_urls_up_to_its_last_slash() {
        for (url, wanted) in [
            ("http://h", "/"),
            ("http://h/", "/"),
            ("http://h/a", "/"),
            ("http://h/a/", "/a"),
            ("http://h/a/b", "/a"),
            ("http://h/a/b?c/d", "/a"),
            ("http://h/a//", "/a/"),
            ("http://h/%c3%a9/x", "/%c3%a9"),
        ] {
            assert_eq!(
                default_path(&Url::parse(url).unwrap()),
                wanted.as_bytes(),
                "{url}"
            );
        }
    }

    #[test]
    fn this_machine_is_as_secure_as_tls() {
        for url in [
            "https://h/",
            "http://localhost/",
            "http://LOCALHOST:8080/",
            "http://a.localhost./",
            "http://127.1.2.3/",
            "http://[::1]/",
        ] {
            assert!(is_secure(&Url::parse(url).unwrap()), "{url}");
        }
        for url in [
            "http://h/",
            "http://localhost.example/",
            "http://notlocalhost/",
            "http://10.0.0.1/",
        ] {
            assert!(!is_secure(&Url::parse(url).unwrap()), "{url}");
        }
    }
}
