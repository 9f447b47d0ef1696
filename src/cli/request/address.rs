//! Values of `--resolve`, `--connect-to` and `--dns-servers`.

use std::net::{IpAddr, SocketAddr};

use super::masked_text;
use crate::cli::exit::UsageError;
use crate::probe::spec::{ConnectToRule, ResolveRule};

/// `[+]HOST:PORT:ADDRESS[,ADDRESS]...`
pub(super) fn parse_resolve_rule(rule: &str) -> Result<ResolveRule, UsageError> {
    let wrong = |why: &str| {
        UsageError::new(format!(
            "--resolve '{}': {why}; expected HOST:PORT:ADDRESS[,ADDRESS]",
            masked_text(rule)
        ))
    };
    let rule = rule.strip_prefix('+').unwrap_or(rule);
    // The host may be an IPv6 address in brackets; the addresses after the port need none.
    let host_end = rule
        .find(']')
        .map_or(0, |at| if rule.starts_with('[') { at } else { 0 });
    let parts = rule
        .get(host_end..)
        .unwrap_or_default()
        .split_once(':')
        .and_then(|(end, rest)| {
            let (port, addresses) = rest.split_once(':')?;
            Some((rule.get(..host_end + end.len())?, port, addresses))
        });
    let Some((host, port, addresses)) = parts else {
        return Err(wrong("a part is missing"));
    };
    let host = parse_host_name(host)
        .map_err(|why| wrong(&why))?
        .ok_or_else(|| wrong("the host is missing"))?;
    let port = port
        .parse()
        .map_err(|_| wrong(&format!("'{}' is not a port", masked_text(port))))?;
    let addresses = addresses
        .split(',')
        .map(|text| {
            parse_bare_ip(text.trim())
                .ok_or_else(|| wrong(&format!("'{}' is not an IP address", masked_text(text))))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(ResolveRule {
        host,
        port,
        addresses,
    })
}

/// `HOST1:PORT1:HOST2:PORT2`. Each part may be empty; IPv6 addresses are written in brackets.
pub(super) fn parse_connect_to_rule(rule: &str) -> Result<ConnectToRule, UsageError> {
    let wrong = |why: &str| {
        UsageError::new(format!(
            "--connect-to '{}': {why}; expected HOST1:PORT1:HOST2:PORT2",
            masked_text(rule)
        ))
    };
    let parts = split_outside_brackets(rule);
    let [host, port, to_host, to_port] = parts.as_slice() else {
        return Err(wrong("it must have four parts"));
    };
    let host_of = |text: &str| parse_host_name(text).map_err(|why| wrong(&why));
    let port_of = |text: &str| {
        if text.is_empty() {
            Ok(None)
        } else {
            text.parse()
                .map(Some)
                .map_err(|_| wrong(&format!("'{}' is not a port", masked_text(text))))
        }
    };
    Ok(ConnectToRule {
        host: host_of(host)?,
        port: port_of(port)?,
        to_host: host_of(to_host)?,
        to_port: port_of(to_port)?,
    })
}

/// `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`. The default port is 53.
pub(super) fn parse_dns_server(text: &str) -> Result<SocketAddr, UsageError> {
    const PORT: u16 = 53;
    let text = text.trim();
    parse_bare_ip(text)
        .map(|ip| SocketAddr::new(ip, PORT))
        .or_else(|| text.parse().ok())
        .ok_or_else(|| {
            UsageError::new(format!(
                "--dns-servers: '{}' is not an IP address; expected 192.0.2.1, 192.0.2.1:5353 or \
                 [2001:db8::1]:53",
                masked_text(text)
            ))
        })
}

/// Normalizes a host for comparison: lower case, without brackets. Refuses characters that no host
/// name contains.
fn parse_host_name(text: &str) -> Result<Option<String>, String> {
    if text
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || "/\\@?#".contains(c))
    {
        return Err(format!("'{}' is not a host name", masked_text(text)));
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    Ok((!bare.is_empty()).then(|| bare.to_ascii_lowercase()))
}

fn parse_bare_ip(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse().ok()
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut inside = false;
    for (i, c) in text.char_indices() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            ':' if !inside => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn resolve_takes_several_addresses_of_both_families() {
        let rule = parse_resolve_rule("API.test:443:127.0.0.1,[::1],2001:db8::1").unwrap();
        assert_eq!(
            (rule.host.as_str(), rule.port, rule.addresses.len()),
            ("api.test", 443, 3)
        );
        assert!(parse_resolve_rule("api.test:443").is_err());
        for wrong in [
            "api.test:http:127.0.0.1",
            ":443:127.0.0.1",
            "u@h:443:127.0.0.1",
            "http://h:443:127.0.0.1",
            "h/p:443:127.0.0.1",
            "[::1:80:::1",
        ] {
            assert!(parse_resolve_rule(wrong).is_err(), "{wrong}");
        }
        let rule = parse_resolve_rule("[::1]:443:::1,127.0.0.1").unwrap();
        assert_eq!(
            (rule.host.as_str(), rule.port, rule.addresses.len()),
            ("::1", 443, 2)
        );
        assert_eq!(parse_resolve_rule("+*:80:127.0.0.1").unwrap().host, "*");
    }

    #[test]
    fn connect_to_takes_empty_parts_and_brackets() {
        let rule = parse_connect_to_rule("::[::1]:8443").unwrap();
        assert_eq!(
            rule,
            ConnectToRule {
                host: None,
                port: None,
                to_host: Some("::1".into()),
                to_port: Some(8443)
            }
        );
        for wrong in [
            "a:1:b",
            "a:1:u@b:1",
            "a:1:b/c:1",
            "http://a:1:b:1",
            "a:x:b:1",
        ] {
            assert!(parse_connect_to_rule(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dns_server_may_leave_out_its_port() {
        for (text, wanted) in [
            ("192.0.2.1", "192.0.2.1:53"),
            ("192.0.2.1:5353", "192.0.2.1:5353"),
            ("::1", "[::1]:53"),
            ("[::1]:99", "[::1]:99"),
        ] {
            assert_eq!(parse_dns_server(text).unwrap(), wanted.parse().unwrap());
        }
        assert!(parse_dns_server("dns.example").is_err());
    }
}
