//! The lab's catalogue: URLs to try, each with a description.

use super::addresses::AddressBook;
use super::dns_faults::{ALIAS_LOOP, NO_ADDRESS, SERVER_FAILURE, SILENT_NAME};
use super::echo::ECHO_DATAGRAMS;
use super::hosts::{API, ECHO_HOST, Host, PROXY};
use super::http_service::{HTTP, HTTPS};
use super::proxy::SOCKS;
use super::service::Service;

/// A URL to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// Group heading.
    pub group: &'static str,
    /// URL.
    pub url: String,
    /// Description in one line.
    pub description: &'static str,
}

/// Group headings, in the order of the list.
pub(super) mod group {
    pub(in crate::lab) const PAGES: &str = "Pages";
    pub(in crate::lab) const SERVERS: &str = "Servers";
    pub(in crate::lab) const NAMES: &str = "DNS names";
    pub(in crate::lab) const VERSIONS: &str = "HTTP versions";
    pub(in crate::lab) const CERTIFICATES: &str = "TLS and certificates";
    pub(in crate::lab) const CONNECTION_FAILURES: &str = "Connection failures";
    pub(in crate::lab) const BROKEN_HTTP: &str = "Broken HTTP";
}

/// Paths of the first host.
pub(super) const API_PATHS: [(&str, &str); 25] = [
    ("/users", "a page of JSON, about 1 kB"),
    (
        "/delay/500",
        "the server takes half a second to respond: a long wait",
    ),
    ("/drip", "eight chunks, 100 ms apart: a long receive"),
    ("/bytes/10000000", "ten million bytes: many segments"),
    (
        "/redirect/3",
        "three redirects, then the page: a lane for each hop",
    ),
    (
        "/elsewhere",
        "a redirect to another host: credentials are not sent along",
    ),
    (
        "/cookie",
        "sets a cookie, which is sent back after the redirect",
    ),
    (
        "/gzip",
        "compressed with gzip; /br and /zstd use brotli and Zstandard",
    ),
    ("/chunked", "a body whose length is not declared in advance"),
    ("/trailers", "trailer fields after the body"),
    ("/early-hints", "103 first, the response 50 ms later"),
    (
        "/server-timing",
        "the server reports where it spent its time",
    ),
    ("/headers", "the request as the server received it"),
    ("/status/503", "any status you choose"),
    (
        "/users/1",
        "one user: GET, PUT, PATCH, DELETE; POST /users creates one; try Accept: application/xml",
    ),
    (
        "/etag",
        "a page with an entity tag: 304 if If-None-Match matches",
    ),
    (
        "/cache",
        "a page that is fresh for a minute: Age, Last-Modified, 304",
    ),
    (
        "/upload",
        "send a body with -T or -d: its bytes are counted; resumable with Upload-Complete: ?0",
    ),
    (
        "/rate-limited",
        "a burst of five requests, then one per second: 429 with Retry-After",
    ),
    ("/auth/basic", "401 with a challenge; -u class:lab works"),
    (
        "/auth/bearer",
        "401 with a challenge; -H 'Authorization: Bearer lab-token' works",
    ),
    (
        "/auth/cookie",
        "401 with a challenge; -b session=2f8d6c works",
    ),
    (
        "/auth/apikey",
        "401 with a challenge; -H 'X-API-Key: lab-key' works",
    ),
    ("/poll/short", "the events so far; POST /poll adds one"),
    (
        "/poll/long",
        "the response waits for the next event, for 30 s at most",
    ),
];

/// Entries beyond a host's own paths: under another name, or on another port.
const ADDITIONAL_ENTRIES: [AdditionalEntry; 4] = [
    AdditionalEntry {
        host: API,
        name: API,
        service: HTTP,
        path: "/users",
        description: "the same page over HTTP: no TLS phase",
    },
    AdditionalEntry {
        host: API,
        name: "alias.lab.test",
        service: HTTPS,
        path: "/users",
        description: "an alias of an alias: two CNAME records",
    },
    AdditionalEntry {
        host: ECHO_HOST,
        name: ECHO_HOST,
        service: ECHO_DATAGRAMS,
        path: "",
        description: "echoes whatever you send over UDP",
    },
    AdditionalEntry {
        host: PROXY,
        name: PROXY,
        service: SOCKS,
        path: "",
        description: "a SOCKS5 proxy: pass this URL to -x, with or without class:lab@",
    },
];

/// An entry listed after a host's own paths.
struct AdditionalEntry {
    host: &'static str,
    name: &'static str,
    service: Service,
    path: &'static str,
    description: &'static str,
}

/// Names whose DNS lookup fails.
const FAILING_NAMES: [(&str, &str); 5] = [
    ("nowhere.lab.test", "a name that does not exist"),
    (NO_ADDRESS, "a name that has no address"),
    (
        SERVER_FAILURE,
        "a name for which the DNS server reports SERVFAIL",
    ),
    (
        ALIAS_LOOP[0],
        "two aliases that refer to each other: no address",
    ),
    (
        SILENT_NAME,
        "a name that the DNS server does not answer for",
    ),
];

/// Every entry of a lab in a private network.
pub fn network_catalogue() -> Vec<CatalogueEntry> {
    all_entries(&AddressBook::on_network(true))
}

/// Every entry, working ones first.
pub(super) fn all_entries(addresses: &AddressBook) -> Vec<CatalogueEntry> {
    let names = FAILING_NAMES
        .iter()
        .map(|(name, description)| CatalogueEntry {
            group: group::NAMES,
            url: addresses.url(name, &HTTPS, "/"),
            description,
        });
    addresses
        .placement
        .hosts()
        .flat_map(|host| host_entries(host, addresses))
        .chain(names)
        .collect()
}

fn host_entries(host: &'static Host, addresses: &AddressBook) -> Vec<CatalogueEntry> {
    let own = host.services.first().into_iter().flat_map(|service| {
        host.paths
            .iter()
            .map(move |(path, description)| CatalogueEntry {
                group: host.group,
                url: addresses.url(host.name, service, path),
                description,
            })
    });
    let additional = ADDITIONAL_ENTRIES
        .iter()
        .filter(|entry| entry.host == host.name);
    own.chain(additional.map(|entry| CatalogueEntry {
        group: host.group,
        url: addresses.url(entry.name, &entry.service, entry.path),
        description: entry.description,
    }))
    .collect()
}
