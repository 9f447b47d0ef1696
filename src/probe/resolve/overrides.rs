//! Overrides by the user: `--resolve` and `--connect-to`.

use std::net::IpAddr;

use super::strip_brackets;
use crate::probe::Spec;

/// Returns the addresses of the first `--resolve` that matches.
pub(super) fn addresses_from_resolve<'a>(
    spec: &'a Spec,
    host: &str,
    port: u16,
) -> Option<&'a [IpAddr]> {
    let fits = |rule: &&crate::probe::spec::ResolveRule| {
        rule.port == port && (rule.host == "*" || same_host(&rule.host, host))
    };
    spec.resolve
        .iter()
        .find(fits)
        .map(|rule| rule.addresses.as_slice())
}

/// Returns where to connect for `host:port`: the target of the first `--connect-to` that matches,
/// else the same host and port.
pub(in crate::probe) fn connect_target(spec: &Spec, host: &str, port: u16) -> (String, u16) {
    let rule = spec.connect_to.iter().find(|rule| {
        rule.port.is_none_or(|wanted| wanted == port)
            && rule
                .host
                .as_deref()
                .is_none_or(|wanted| wanted.is_empty() || same_host(wanted, host))
    });
    let to_host = rule
        .and_then(|rule| rule.to_host.as_deref())
        .filter(|host| !host.is_empty())
        .unwrap_or(host);
    (
        to_host.to_owned(),
        rule.and_then(|rule| rule.to_port).unwrap_or(port),
    )
}

fn same_host(a: &str, b: &str) -> bool {
    let bare = |host| strip_brackets(host).trim_end_matches('.').to_owned();
    bare(a).eq_ignore_ascii_case(&bare(b))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use url::Url;

    use super::*;
    use crate::probe::spec::{ConnectToRule, ResolveRule};

    fn spec() -> Spec {
        Spec::get(Url::parse("http://api.test/").unwrap())
    }

    #[test]
    fn the_first_resolve_that_fits_wins() {
        let mut spec = spec();
        let rule = |host: &str, port, address: &str| ResolveRule {
            host: host.to_owned(),
            port,
            addresses: vec![address.parse().unwrap()],
        };
        spec.resolve = vec![
            rule("api.test", 443, "192.0.2.1"),
            rule("*", 443, "192.0.2.2"),
            rule("api.test", 80, "192.0.2.3"),
        ];
        let address =
            |host, port| addresses_from_resolve(&spec, host, port).map(|all| all[0].to_string());
        assert_eq!(address("API.test", 443).as_deref(), Some("192.0.2.1"));
        assert_eq!(address("api.test.", 443).as_deref(), Some("192.0.2.1"));
        assert_eq!(address("other.test", 443).as_deref(), Some("192.0.2.2"));
        assert_eq!(address("api.test", 80).as_deref(), Some("192.0.2.3"));
        assert_eq!(address("api.test", 81), None);
    }

    #[test]
    fn connect_to_replaces_host_and_port() {
        let mut spec = spec();
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let rule = |host: &str, port, to_host: &str, to_port| ConnectToRule {
            host: text(host),
            port,
            to_host: text(to_host),
            to_port,
        };
        spec.connect_to = vec![
            rule("api.test", Some(443), "backend.test", Some(8443)),
            rule("::1", None, "v6.test", None),
            rule("", Some(81), "", Some(8081)),
        ];
        assert_eq!(
            connect_target(&spec, "API.test", 443),
            ("backend.test".to_owned(), 8443)
        );
        assert_eq!(
            connect_target(&spec, "api.test", 80),
            ("api.test".to_owned(), 80)
        );
        assert_eq!(
            connect_target(&spec, "[::1]", 80),
            ("v6.test".to_owned(), 80)
        );
        assert_eq!(
            connect_target(&spec, "any.test", 81),
            ("any.test".to_owned(), 8081)
        );
    }
}
