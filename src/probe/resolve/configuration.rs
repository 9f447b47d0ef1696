//! Configuration of the stub resolver: name servers, search list and timeouts.

use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::system_conf::read_system_conf;

use super::https::DohServer;
use crate::sys::interface_index;
use crate::trace::DnsTransport;

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Maximum number of servers used. The C library uses three.
const MAX_SERVERS: usize = 8;
/// Maximum number of domains in the search list.
const MAX_SEARCH_DOMAINS: usize = 16;

/// Configuration of the stub resolver (`resolv.conf(5)`).
pub(super) struct ResolverConfiguration {
    /// Name servers in the order they are queried.
    pub(super) servers: Vec<NameServer>,
    /// Search list: domains that are appended to short names.
    search: Vec<Name>,
    /// Number of dots from which a name is first tried as it is.
    ndots: usize,
    /// Time to wait for a response.
    pub(super) timeout: Duration,
    /// Number of times that silent servers are queried.
    pub(super) attempts: usize,
    /// Whether queries use EDNS (RFC 6891).
    pub(super) edns: bool,
}

/// A name server.
pub(super) struct NameServer {
    /// Address and port.
    pub(super) address: SocketAddr,
    /// DNS over HTTPS, if the server is queried that way.
    pub(super) https: Option<Arc<DohServer>>,
}

impl NameServer {
    /// Returns the transport of the first query.
    pub(super) const fn transport(&self) -> DnsTransport {
        if self.https.is_some() {
            DnsTransport::Https
        } else {
            DnsTransport::Udp
        }
    }
}

impl ResolverConfiguration {
    /// Reads the system's configuration. The error says why it has no server.
    pub(super) fn from_system() -> Result<Self, String> {
        let (config, options) = read_system_conf().map_err(|error| match error {
            NetError::Io(error) => format!("{RESOLV_CONF} lists no DNS server ({error})"),
            error => format!("{RESOLV_CONF} lists no DNS server ({error})"),
        })?;
        let servers = system_servers(&config);
        let search = config.domain().into_iter().chain(config.search());
        Ok(Self {
            search: search.take(MAX_SEARCH_DOMAINS).cloned().collect(),
            ndots: options.ndots,
            ..Self::from_servers(servers, &options)
        })
    }

    /// Creates a configuration with these servers, over UDP and TCP, without a search list.
    pub(super) fn from_addresses(servers: &[SocketAddr]) -> Self {
        let servers = servers
            .iter()
            .map(|address| NameServer {
                address: *address,
                https: None,
            })
            .collect();
        Self::from_servers(servers, &ResolverOpts::default())
    }

    /// Creates a configuration with one server over HTTPS, at any of its addresses.
    pub(super) fn from_doh(server: &Arc<DohServer>, addresses: &[SocketAddr]) -> Self {
        let servers = addresses
            .iter()
            .map(|address| NameServer {
                address: *address,
                https: Some(Arc::clone(server)),
            })
            .collect();
        Self::from_servers(servers, &ResolverOpts::default())
    }

    fn from_servers(mut servers: Vec<NameServer>, options: &ResolverOpts) -> Self {
        servers.truncate(MAX_SERVERS);
        Self {
            servers,
            search: Vec::new(),
            ndots: 1,
            timeout: options
                .timeout
                .clamp(Duration::from_secs(1), Duration::from_secs(60)),
            attempts: options.attempts.clamp(1, 5),
            edns: options.edns0,
        }
    }

    /// Returns the addresses of the servers.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    /// Returns the fully qualified names that a host name may denote, in the order they are tried.
    /// A final dot makes a name fully qualified. A name with fewer than `ndots` dots is tried in
    /// the search list first, any other name last.
    pub(super) fn candidates(&self, name: &Name) -> Vec<Name> {
        let mut as_it_is = name.clone();
        as_it_is.set_fqdn(true);
        if name.is_fqdn() {
            return vec![as_it_is];
        }
        let dots = usize::from(name.num_labels()).saturating_sub(1);
        let mut names: Vec<Name> = self
            .search
            .iter()
            .filter_map(|domain| name.clone().append_domain(domain).ok())
            .collect();
        for name in &mut names {
            name.set_fqdn(true);
        }
        names.insert(if dots >= self.ndots { 0 } else { names.len() }, as_it_is);
        let mut distinct: Vec<Name> = Vec::with_capacity(names.len());
        for name in names {
            if !distinct.contains(&name) {
                distinct.push(name);
            }
        }
        distinct
    }
}

/// Returns the system's servers. The library lists a server once for each transport.
fn system_servers(config: &ResolverConfig) -> Vec<NameServer> {
    let mut servers: Vec<NameServer> = Vec::new();
    for server in config.name_servers() {
        let port = server
            .connections
            .first()
            .map_or(53, |connection| connection.port);
        let address = match server.ip {
            IpAddr::V6(ip) if ip.is_unicast_link_local() => {
                SocketAddrV6::new(ip, port, 0, scope_in_resolv_conf(ip)).into()
            }
            ip => SocketAddr::new(ip, port),
        };
        if servers.iter().all(|known| known.address != address) {
            servers.push(NameServer {
                address,
                https: None,
            });
        }
    }
    servers
}

/// Returns the scope of a link-local server. Home routers often announce one, and its address is
/// usable only together with an interface (`nameserver fe80::1%eth0`), which the library drops.
fn scope_in_resolv_conf(ip: Ipv6Addr) -> u32 {
    fs::read_to_string(RESOLV_CONF)
        .ok()
        .and_then(|text| parse_scope(&text, ip))
        .unwrap_or(0)
}

fn parse_scope(resolv_conf: &str, ip: Ipv6Addr) -> Option<u32> {
    let servers = resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"));
    let mut scopes = servers.filter_map(|server| {
        server
            .trim()
            .split_once('%')
            .filter(|(address, _)| address.parse() == Ok(ip))
    });
    let (_, name) = scopes.next()?;
    name.parse().ok().or_else(|| interface_index(name))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn candidates(host: &str, search: &[&str], ndots: usize) -> Vec<String> {
        let search = search
            .iter()
            .map(|domain| Name::from_ascii(domain).unwrap())
            .collect();
        let configuration = ResolverConfiguration {
            search,
            ndots,
            ..ResolverConfiguration::from_addresses(&[])
        };
        configuration
            .candidates(&Name::from_ascii(host).unwrap())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_short_name_is_looked_for_in_the_search_list_first() {
        assert_eq!(
            candidates("db", &["corp.test", "test"], 1),
            ["db.corp.test.", "db.test.", "db."]
        );
        assert_eq!(
            candidates("db.eu", &["corp.test"], 2),
            ["db.eu.corp.test.", "db.eu."]
        );
        assert_eq!(candidates("db", &[], 1), ["db."]);
    }

    #[test]
    fn a_name_with_enough_dots_is_tried_as_it_is_first() {
        assert_eq!(
            candidates("www.example.com", &["corp.test"], 1),
            ["www.example.com.", "www.example.com.corp.test."]
        );
    }

    #[test]
    fn a_final_dot_ends_the_name() {
        assert_eq!(candidates("db.", &["corp.test"], 1), ["db."]);
    }

    #[test]
    fn a_link_local_server_keeps_its_interface() {
        let file = "# router\nnameserver 192.0.2.1\nnameserver fe80::2%3\n nameserver\tfe80::1%lo \
            \nnameserver fe80::3%nowhere\n";
        let of = |ip: &str| parse_scope(file, ip.parse().unwrap());
        assert_eq!(
            (of("fe80::2"), of("fe80::3"), of("fe80::4")),
            (Some(3), None, None)
        );
        assert_eq!(of("fe80::1"), interface_index("lo"));
    }

    #[test]
    fn the_same_name_is_tried_once() {
        assert_eq!(candidates("db", &["test", "test."], 1), ["db.test.", "db."]);
    }
}
