//! What there is to see in the lab.

use super::echo::ECHO_DATAGRAMS;
use super::hosts::{API, ECHO_HOST, Host, PROXY};
use super::oddities::{LOOP, NO_ADDRESS, SERVER_FAILURE, SILENCE};
use super::places::Places;
use super::proxy::SOCKS;
use super::service::Service;
use super::web::{HTTP, HTTPS};

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// What it is listed under.
    pub group: &'static str,
    /// The URL to ask for.
    pub url: String,
    /// What it shows, in one line.
    pub shows: &'static str,
}

/// What exhibits are listed under, in this order.
pub(super) mod group {
    pub(in crate::lab) const ANSWERS: &str = "Answers";
    pub(in crate::lab) const SERVERS: &str = "Servers";
    pub(in crate::lab) const NAMES: &str = "Names";
    pub(in crate::lab) const VERSIONS: &str = "Versions of HTTP";
    pub(in crate::lab) const TRUST: &str = "TLS and certificates";
    pub(in crate::lab) const WAY: &str = "On the way";
    pub(in crate::lab) const WRONG: &str = "HTTP gone wrong";
}

/// What the first host shows.
pub(super) const PAGES: [(&str, &str); 25] = [
    ("/users", "a page of JSON, about 1 kB"),
    (
        "/delay/500",
        "the server thinks for half a second: a long wait",
    ),
    (
        "/drip",
        "eight pieces, a tenth of a second apart: a long receive",
    ),
    ("/bytes/10000000", "ten million bytes: many segments"),
    (
        "/redirect/3",
        "three redirects, then the page: a lane for each hop",
    ),
    ("/elsewhere", "a redirect to another name: what stays home"),
    (
        "/cookie",
        "a cookie is set, and comes back after the redirect",
    ),
    (
        "/gzip",
        "compressed with gzip; /br and /zstd are the same in brotli and Zstandard",
    ),
    ("/chunked", "a body whose length is not told beforehand"),
    ("/trailers", "fields after the body"),
    ("/early-hints", "103 first, the answer 50 ms later"),
    (
        "/server-timing",
        "the server says what it spent its time on",
    ),
    ("/headers", "the request as the server saw it"),
    ("/status/503", "any status you name"),
    (
        "/users/1",
        "one user, to PUT, PATCH and DELETE; POST /users makes one; Accept: application/xml",
    ),
    (
        "/etag",
        "a page with an entity tag: 304 for those who send it in If-None-Match",
    ),
    (
        "/cache",
        "a page that is fresh for a minute: Age, Last-Modified, 304",
    ),
    (
        "/upload",
        "send a body with -T or -d: it is counted; with Upload-Complete: ?0 it may be resumed",
    ),
    (
        "/rate-limited",
        "five requests at once, one more each second: 429 with Retry-After",
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
    ("/poll/short", "the events so far; POST /poll makes one"),
    (
        "/poll/long",
        "the answer waits for the next event, 30 s at most",
    ),
];

/// What is seen beside a host: under another name, or at another port.
const BESIDES: [Beside; 4] = [
    Beside {
        host: API,
        name: API,
        service: HTTP,
        path: "/users",
        shows: "the same page in clear: no TLS phase",
    },
    Beside {
        host: API,
        name: "alias.lab.test",
        service: HTTPS,
        path: "/users",
        shows: "an alias of an alias: two CNAME records",
    },
    Beside {
        host: ECHO_HOST,
        name: ECHO_HOST,
        service: ECHO_DATAGRAMS,
        path: "",
        shows: "whatever you send over UDP comes back",
    },
    Beside {
        host: PROXY,
        name: PROXY,
        service: SOCKS,
        path: "",
        shows: "a SOCKS5 proxy: give this URL to -x, with class:lab@ or without",
    },
];

/// What is listed after what a host shows itself.
struct Beside {
    host: &'static str,
    name: &'static str,
    service: Service,
    path: &'static str,
    shows: &'static str,
}

/// What goes wrong when the name is looked up.
const NAMES: [(&str, &str); 5] = [
    ("nowhere.lab.test", "a name that does not exist"),
    (NO_ADDRESS, "a name that has no address"),
    (SERVER_FAILURE, "a name the DNS server fails to look up"),
    (
        LOOP[0],
        "two aliases that stand for each other: no address at the end",
    ),
    (SILENCE, "a name the DNS server keeps silent about"),
];

/// Every exhibit of a lab that has a network of its own.
pub fn exhibits_of_network() -> Vec<Exhibit> {
    exhibits(&Places::on_network(true))
}

/// Every exhibit, what works first.
pub(super) fn exhibits(places: &Places) -> Vec<Exhibit> {
    let names = NAMES.iter().map(|(name, shows)| Exhibit {
        group: group::NAMES,
        url: places.url(name, &HTTPS, "/"),
        shows,
    });
    places
        .ground
        .hosts()
        .flat_map(|host| sights(host, places))
        .chain(names)
        .collect()
}

fn sights(host: &'static Host, places: &Places) -> Vec<Exhibit> {
    let own = host.services.first().into_iter().flat_map(|service| {
        host.sights.iter().map(move |(path, shows)| Exhibit {
            group: host.group,
            url: places.url(host.name, service, path),
            shows,
        })
    });
    let besides = BESIDES.iter().filter(|beside| beside.host == host.name);
    own.chain(besides.map(|beside| Exhibit {
        group: host.group,
        url: places.url(beside.name, &beside.service, beside.path),
        shows: beside.shows,
    }))
    .collect()
}
