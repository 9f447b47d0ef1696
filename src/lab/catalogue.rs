//! What there is to see in the lab.

use super::broken;
use super::hosts::{API, BROKEN, NO_ADDRESS, PLAIN, REFUSED, RESET, SERVER_FAILURE, SILENCE};

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// The URL to ask for.
    pub url: String,
    /// What it shows, in one line.
    pub shows: &'static str,
}

/// The ports of the lab's servers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) https: u16,
    pub(super) http: u16,
    pub(super) refused: u16,
    pub(super) reset: u16,
    pub(super) broken: u16,
}

/// What answers well.
const PATHS: [(&str, &str); 14] = [
    ("/users", "a page of JSON, about 1 kB"),
    ("/delay/500", "the server thinks for half a second: a long wait"),
    ("/drip", "eight pieces, a tenth of a second apart: a long receive"),
    ("/bytes/10000000", "ten million bytes: many segments"),
    ("/redirect/3", "three redirects, then the page: a lane for each hop"),
    ("/elsewhere", "a redirect to another name: what stays home"),
    ("/cookie", "a cookie is set, and comes back after the redirect"),
    ("/gzip", "compressed with gzip; /br and /zstd are the same in brotli and Zstandard"),
    ("/chunked", "a body whose length is not told beforehand"),
    ("/trailers", "fields after the body"),
    ("/early-hints", "103 first, the answer 50 ms later"),
    ("/server-timing", "the server says what it spent its time on"),
    ("/headers", "the request as the server saw it"),
    ("/status/503", "any status you name"),
];

/// What goes wrong on the way, by host.
const FAULTS: [(&str, &str); 7] = [
    ("expired.lab.test", "a certificate that ended 12 days ago"),
    ("not-yet-valid.lab.test", "a certificate that begins in 7 days"),
    ("wrong-host.lab.test", "a certificate for another name"),
    ("self-signed.lab.test", "a certificate that vouches for itself"),
    ("incomplete-chain.lab.test", "a server that leaves out the intermediate certificate"),
    ("tls12.lab.test", "a server that speaks TLS 1.2 only: one more round trip"),
    ("tls13.lab.test", "a server that speaks TLS 1.3 only; try --tls-max 1.2"),
];

/// Every exhibit, what works first.
pub(super) fn exhibits(ports: Ports) -> Vec<Exhibit> {
    let https = ports.https;
    let good = PATHS.iter().map(|(path, shows)| Exhibit { url: format!("https://{API}:{https}{path}"), shows });
    let others = [
        (format!("http://{API}:{}/users", ports.http), "the same page in clear: no TLS phase"),
        (format!("https://alias.lab.test:{https}/users"), "an alias of an alias: two CNAME records"),
    ];
    let faults = FAULTS.iter().map(|(host, shows)| Exhibit { url: format!("https://{host}:{https}/users"), shows });
    let roads = [
        (format!("https://{REFUSED}:{}/", ports.refused), "a closed port: the connection is refused"),
        (format!("https://{RESET}:{}/", ports.reset), "the connection is reset within the TLS handshake"),
        (format!("https://{PLAIN}:{}/users", ports.http), "a server that does not speak TLS where it is expected"),
        (format!("https://nowhere.lab.test:{https}/"), "a name that does not exist"),
        (format!("https://{NO_ADDRESS}:{https}/"), "a name that has no address"),
        (format!("https://{SERVER_FAILURE}:{https}/"), "a name the DNS server fails to look up"),
        (format!("https://{SILENCE}:{https}/"), "a name the DNS server keeps silent about"),
    ];
    let broken = broken::WAYS.iter().map(|(path, shows)| Exhibit { url: format!("http://{BROKEN}:{}{path}", ports.broken), shows });
    let plain = |(url, shows)| Exhibit { url, shows };
    good.chain(others.map(plain)).chain(faults).chain(roads.map(plain)).chain(broken).collect()
}
