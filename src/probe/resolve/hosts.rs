//! Names that need no DNS: `localhost` and the hosts file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Path of the hosts file.
const HOSTS_FILE: &str = "/etc/hosts";
/// Maximum number of bytes read of it. Block lists for advertisements have some megabytes.
const MAX_BYTES: u64 = 16 << 20;

/// Returns the loopback addresses for `localhost` and its subdomains, which are never queried (RFC
/// 6761 §6.3).
pub(super) fn localhost_addresses(host: &str) -> Option<Vec<IpAddr>> {
    let host = host.trim_end_matches('.');
    let last_label = host.rsplit('.').next().unwrap_or(host);
    last_label
        .eq_ignore_ascii_case("localhost")
        .then(|| vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()])
}

/// Returns the host's addresses in the hosts file; none if it is not listed or there is no such
/// file.
pub(super) fn in_hosts_file(host: &str) -> Vec<IpAddr> {
    File::open(HOSTS_FILE)
        .map(|file| parse_hosts_file(BufReader::new(file.take(MAX_BYTES)), host))
        .unwrap_or_default()
}

/// Parses lines of an address and its names; `#` begins a comment (`hosts(5)`).
fn parse_hosts_file(mut lines: impl BufRead, host: &str) -> Vec<IpAddr> {
    let host = host.trim_end_matches('.').as_bytes();
    let mut found = Vec::new();
    let mut line = Vec::new();
    while matches!(lines.read_until(b'\n', &mut line), Ok(1..)) {
        found.extend(address_for(&line, host));
        line.clear();
    }
    found
}

fn address_for(line: &[u8], host: &[u8]) -> Option<IpAddr> {
    let line = line.split(|byte| *byte == b'#').next()?;
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let address = words.next()?;
    if !words.any(|name| name.eq_ignore_ascii_case(host)) {
        return None;
    }
    std::str::from_utf8(address).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &[u8], host: &str) -> Vec<String> {
        parse_hosts_file(file, host)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_line_that_names_the_host_counts() {
        let file =
            b"# hosts\n127.0.0.1\tlocalhost\n\n192.0.2.1 db db.test # the old one: 192.0.2.9 \
                db\n2001:db8::1  DB.test\r\n192.0.2.3 other";
        assert_eq!(found(file, "db.test"), ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(found(file, "db.test."), ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(found(file, "other"), ["192.0.2.3"]);
        assert_eq!(found(file, "the"), [""; 0]);
        assert_eq!(found(file, "192.0.2.3"), [""; 0]);
    }

    #[test]
    fn a_file_of_another_format_has_no_hosts() {
        assert_eq!(
            found(b"nonsense db\n\xff\xfe db\n::1%lo db\n", "db"),
            [""; 0]
        );
    }

    #[test]
    fn localhost_is_this_machine() {
        for host in ["localhost", "LOCALHOST.", "api.localhost", "a.b.localhost."] {
            assert_eq!(
                localhost_addresses(host).map(|all| all.len()),
                Some(2),
                "{host}"
            );
        }
        for host in ["localhost.test", "notlocalhost", ""] {
            assert_eq!(localhost_addresses(host), None, "{host}");
        }
    }
}
