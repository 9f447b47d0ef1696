//! Assignment of HAR entries to connections.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::log::HarEntry;
use super::recent_map::RecentMap;
use crate::trace::{ConnectionId, Endpoint};

/// The connections of a file. A connection that is not used for some 16,000 others is forgotten; an
/// entry that names it later gets a new one.
#[derive(Default)]
pub(super) struct HarConnections {
    /// The connections, by their name in the file and the remote endpoint.
    known: RecentMap<(String, Endpoint), ConnectionId>,
    count: u32,
}

/// The connection of an entry.
pub(super) struct UsedConnection {
    pub(super) id: ConnectionId,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
    /// Whether it was used before.
    pub(super) reused: bool,
}

impl HarConnections {
    /// The connection of an entry; `None` if the file does not say the server's address. An entry
    /// that connected itself gets a new one; other entries share one if its name and remote
    /// endpoint are the same.
    pub(super) fn connection_of(
        &mut self,
        entry: &HarEntry<'_>,
        url: Option<&url::Url>,
        connected: bool,
    ) -> Option<UsedConnection> {
        let remote =
            HarEntry::parse_endpoint(&entry.remote).or_else(|| server_endpoint(entry, url?))?;
        let key = (connection_name(entry).to_owned(), remote.clone());
        let known = if connected {
            None
        } else {
            self.known.get(&key)
        };
        let id = known.unwrap_or_else(|| {
            let id = ConnectionId(self.count);
            self.count = self.count.saturating_add(1);
            self.known.insert(key, id);
            id
        });
        let local =
            HarEntry::parse_endpoint(&entry.local).unwrap_or_else(|| unspecified_endpoint(&remote));
        Some(UsedConnection {
            id,
            local,
            remote,
            reused: !connected,
        })
    }
}

/// The unspecified address, used if the local one is unknown (RFC 1122 §3.2.1.3, RFC 4291 §2.5.2).
const fn unspecified_endpoint(remote: &Endpoint) -> Endpoint {
    match remote {
        Endpoint::Ip(SocketAddr::V6(_)) => Endpoint::Ip(SocketAddr::new(
            IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
            0,
        )),
        _ => Endpoint::Ip(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)),
    }
}

/// The connection's name in the file. Chromium and Firefox write the server's port into
/// `connection`, which should be a unique ID.
fn connection_name<'e>(entry: &'e HarEntry<'_>) -> &'e str {
    entry
        .connection_id
        .non_empty()
        .or_else(|| entry.connection.non_empty())
        .unwrap_or_default()
}

/// The server's endpoint: its address, possibly in brackets, and the port of the URL.
fn server_endpoint(entry: &HarEntry<'_>, url: &url::Url) -> Option<Endpoint> {
    let address: IpAddr = entry
        .server_address
        .non_empty()?
        .trim_matches(['[', ']'])
        .parse()
        .ok()?;
    let port = url.port_or_known_default()?;
    Some(SocketAddr::new(address, port).into())
}
