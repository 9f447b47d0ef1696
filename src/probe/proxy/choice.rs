//! Choice of the proxy for a URL, and the exclusions of `--noproxy`.

use std::net::IpAddr;

use url::{Host, Url};

use crate::probe::Spec;
use crate::probe::spec::Proxy;

/// Returns the proxy for a URL; `None` if there is none or `--noproxy` excludes the host.
///
/// Patterns are curl's: `*` for every host; a name for itself and its subdomains, with or without a
/// leading dot; an IP address; a network such as `192.0.2.0/24`. As an extension, `host:port`
/// excludes only this port.
pub(in crate::probe) fn proxy_for<'a>(spec: &'a Spec, url: &Url) -> Option<&'a Proxy> {
    let proxy = spec.proxy.as_ref()?;
    let port = url.port_or_known_default();
    let patterns = spec
        .no_proxy
        .iter()
        .flat_map(|list| list.split([',', ' ']))
        .filter(|pattern| !pattern.is_empty());
    let excluded = match url.host()? {
        Host::Domain(name) => patterns
            .into_iter()
            .any(|pattern| matches_name(pattern, name, port)),
        Host::Ipv4(ip) => patterns
            .into_iter()
            .any(|pattern| matches_ip(pattern, ip.into(), port)),
        Host::Ipv6(ip) => patterns
            .into_iter()
            .any(|pattern| matches_ip(pattern, ip.into(), port)),
    };
    (!excluded).then_some(proxy)
}

fn matches_name(pattern: &str, name: &str, port: Option<u16>) -> bool {
    let (pattern, wanted) = split_port(pattern);
    let pattern = pattern
        .trim_start_matches('.')
        .trim_end_matches('.')
        .to_ascii_lowercase();
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let under = |name: &str| {
        name.strip_suffix(pattern.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    matches_port(wanted, port) && !pattern.is_empty() && (pattern == "*" || under(&name))
}

fn matches_ip(pattern: &str, ip: IpAddr, port: Option<u16>) -> bool {
    if pattern == "*" {
        return true;
    }
    if let Some((network, bits)) = pattern.split_once('/') {
        return network
            .parse()
            .is_ok_and(|network| bits.parse().is_ok_and(|bits| in_network(ip, network, bits)));
    }
    if pattern.parse() == Ok(ip) {
        return true;
    }
    let (pattern, wanted) = split_port(pattern);
    let pattern = pattern.trim_start_matches('[').trim_end_matches(']');
    matches_port(wanted, port) && pattern.parse() == Ok(ip)
}

/// Splits a pattern from the port it is limited to.
fn split_port(pattern: &str) -> (&str, Option<u16>) {
    match pattern.rsplit_once(':') {
        Some((host, port)) => port
            .parse()
            .map_or((pattern, None), |port| (host, Some(port))),
        None => (pattern, None),
    }
}

fn matches_port(wanted: Option<u16>, port: Option<u16>) -> bool {
    wanted.is_none() || wanted == port
}

/// Returns true if the first `bits` bits of both addresses are equal.
fn in_network(ip: IpAddr, network: IpAddr, bits: u32) -> bool {
    let differing = match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            u128::from(u32::from(ip) ^ u32::from(network)) << 96
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => u128::from(ip) ^ u128::from(network),
        _ => return false,
    };
    let width = if ip.is_ipv4() { 32 } else { 128 };
    bits <= width && differing.leading_zeros() >= bits
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn is_proxied(no_proxy: &str, url: &str) -> bool {
        let url = Url::parse(url).unwrap();
        let mut spec = Spec::get(url.clone());
        spec.proxy = Some(Proxy::parse("proxy.test").unwrap());
        spec.no_proxy = vec![no_proxy.to_owned()];
        proxy_for(&spec, &url).is_some()
    }

    #[test]
    fn names_match_themselves_and_their_subdomains() {
        for pattern in [
            "example.com",
            ".example.com",
            "EXAMPLE.com.",
            "other,example.com",
            "other example.com",
            "*",
        ] {
            assert!(!is_proxied(pattern, "http://example.com/"), "{pattern}");
            assert!(!is_proxied(pattern, "http://www.example.com/"), "{pattern}");
            assert!(
                !is_proxied(pattern, "http://www.example.com./"),
                "{pattern}"
            );
        }
        for pattern in ["", "ample.com", "www.example.com", "example.co", "."] {
            assert!(is_proxied(pattern, "http://example.com/"), "{pattern}");
        }
    }

    #[test]
    fn addresses_match_exactly_or_by_network() {
        for (pattern, url) in [
            ("192.0.2.7", "http://192.0.2.7/"),
            ("192.0.2.0/24", "http://192.0.2.7/"),
            ("0.0.0.0/0", "http://192.0.2.7/"),
            ("::1", "http://[::1]/"),
            ("[::1]", "http://[::1]/"),
            ("2001:db8::/32", "http://[2001:db8:1::1]/"),
            ("*", "http://[::1]/"),
        ] {
            assert!(!is_proxied(pattern, url), "{pattern} {url}");
        }
        for (pattern, url) in [
            ("192.0.2.0/25", "http://192.0.2.200/"),
            ("192.0.2.0/33", "http://192.0.2.0/"),
            ("192.0.2.0/x", "http://192.0.2.0/"),
            ("0.0.0.0/0", "http://[::1]/"),
            ("2.7", "http://192.0.2.7/"),
        ] {
            assert!(is_proxied(pattern, url), "{pattern} {url}");
        }
    }

    #[test]
    fn a_port_limits_a_pattern() {
        assert!(!is_proxied("example.com:80", "http://example.com/"));
        assert!(is_proxied("example.com:80", "https://example.com/"));
        assert!(!is_proxied("[::1]:8080", "http://[::1]:8080/"));
        assert!(is_proxied("[::1]:8080", "http://[::1]/"));
    }

    #[test]
    fn without_a_proxy_there_is_none() {
        let url = Url::parse("http://example.com/").unwrap();
        assert_eq!(proxy_for(&Spec::get(url.clone()), &url), None);
    }
}
