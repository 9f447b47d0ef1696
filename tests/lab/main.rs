//! The lab's servers, asked by clients that know nothing of them: curl, dig, and bare sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod http;
mod names;
mod pages;
mod placement;
mod proxies;
mod streams;
mod work;

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Output};
use std::time::Duration;

use tapline::lab::EmbeddedLab;
use tempfile::NamedTempFile;
use url::Url;

/// A running lab, and its root certificate where curl can read it.
struct Lab {
    servers: EmbeddedLab,
    ca: NamedTempFile,
}

impl Lab {
    fn start() -> Self {
        let servers = EmbeddedLab::start().unwrap();
        let mut ca = NamedTempFile::new().unwrap();
        ca.write_all(servers.ca_pem().as_bytes()).unwrap();
        Self { servers, ca }
    }

    /// The first URL in the catalogue that begins with this.
    fn entry_url(&self, beginning: &str) -> String {
        let catalogue = self.servers.catalogue();
        catalogue
            .into_iter()
            .map(|entry| entry.url)
            .find(|url| url.starts_with(beginning))
            .expect("it is in the catalogue")
    }

    /// A path of the main host.
    fn page(&self, path: &str) -> String {
        self.servers.start_url().replace("/users", path)
    }

    /// Runs curl with the lab's root trusted and every name leading to 127.0.0.1.
    fn curl(&self, arguments: &[&str]) -> Output {
        let ca = self.ca.path().to_str().unwrap();
        Command::new("curl")
            .args([
                "-sS",
                "--max-time",
                "60",
                "--cacert",
                ca,
                "--connect-to",
                "::127.0.0.1:",
            ])
            .args(arguments)
            .output()
            .unwrap()
    }

    /// What curl wrote, for a transfer that has to succeed.
    #[track_caller]
    fn fetch(&self, arguments: &[&str]) -> String {
        let output = self.curl(arguments);
        assert!(
            output.status.success(),
            "curl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Asks the lab's DNS server.
    fn dig(&self, arguments: &[&str]) -> String {
        let port = self.servers.dns_server().port().to_string();
        let fixed = [
            "@127.0.0.1",
            "-p",
            &port,
            "+tries=1",
            "+time=2",
            "+noall",
            "+answer",
            "+comments",
        ];
        let output = Command::new("dig")
            .args(fixed)
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Whether a program is there; if not, says so where the test runner does not hide it.
fn has(program: &str) -> bool {
    let is_there = Command::new(program).arg("-V").output().is_ok()
        || Command::new(program).arg("-v").output().is_ok();
    if !is_there {
        io::stderr()
            .write_all(format!("SKIPPED: {program} is not installed\n").as_bytes())
            .unwrap();
    }
    is_there
}

fn port_of(url: &str) -> u16 {
    Url::parse(url).unwrap().port().unwrap()
}

#[test]
fn the_page_comes_over_every_version_of_http() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let (secure, plain) = (lab.servers.start_url(), lab.entry_url("http://"));
    for (arguments, version) in [
        (["--http2", &secure], "2"),
        (["--http1.1", &secure], "1.1"),
        (["--http1.1", &plain], "1.1"),
        (["--http2-prior-knowledge", &plain], "2"),
    ] {
        let told = lab.fetch(
            &[
                &arguments[..],
                &[
                    "-w",
                    "%{http_version} %{http_code} %{content_type} %{ssl_verify_result}",
                ],
            ]
            .concat(),
        );
        let (page, told) = told.split_once("}\n").unwrap();
        assert!(page.starts_with("{\"users\":["), "{page}");
        assert_eq!(
            told,
            format!("{version} 200 application/json 0"),
            "{arguments:?}"
        );
    }
}

#[test]
fn it_listens_on_ipv6_where_there_is_ipv6() {
    let has_v6 = TcpListener::bind("[::1]:0").is_ok();
    let lab = Lab::start();
    let port = port_of(&lab.servers.start_url());
    assert_eq!(TcpStream::connect(("::1", port)).is_ok(), has_v6);
}

#[test]
fn an_interim_response_comes_before_the_final_one() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    for version in ["--http1.1", "--http2"] {
        let twice = [lab.page("/early-hints"), lab.page("/early-hints")];
        let told = lab.fetch(&[version, "-i", &twice[0], &twice[1]]);
        let statuses: Vec<&str> = told
            .lines()
            .filter(|line| line.starts_with("HTTP/"))
            .map(|line| line.split(' ').nth(1).unwrap())
            .collect();
        assert_eq!(statuses, ["103", "200", "103", "200"], "{version}: {told}");
    }
}

#[test]
fn an_interim_response_never_lands_within_another() {
    let lab = Lab::start();
    let port = port_of(&lab.entry_url("http://"));
    let talk = |requests: &str| {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(requests.as_bytes()).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        answers
    };
    let pipelined = talk(
        "GET /bytes/64 HTTP/1.1\r\nHost: a\r\n\r\nGET /early-hints HTTP/1.1\r\nHost: a\r\n\r\nGET \
            /early-hints HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    let statuses: Vec<&str> = pipelined
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &pipelined[at + 9..at + 12])
        .collect();
    assert_eq!(statuses, ["200", "103", "200", "103", "200"], "{pipelined}");
    assert!(
        pipelined.contains(
            "0123456789abcdefghijklmnopqrstuvwxyz-0123456789ABCDEFGHIJKLMNOP\nHTTP/1.1 103"
        ),
        "{pipelined}"
    );
    assert!(
        talk("GET /early-hints HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200"),
        "HTTP/1.0 has no interim responses"
    );
}

#[test]
fn trailers_follow_the_body() {
    let lab = Lab::start();
    let mut stream =
        TcpStream::connect((Ipv4Addr::LOCALHOST, port_of(&lab.entry_url("http://")))).unwrap();
    stream
        .write_all(
            b"GET /trailers HTTP/1.1\r\nHost: api.lab.test\r\nTE: \
        trailers\r\nConnection: close, TE\r\n\r\n",
        )
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, last) = answer.split_once("\r\n0\r\n").expect("the last chunk");
    assert!(last.starts_with("content-digest: sha-256=:"), "{last}");
    if has("curl") {
        let told = lab.curl(&["--http2", "-v", &lab.page("/trailers")]);
        assert!(String::from_utf8_lossy(&told.stderr).contains("< content-digest: sha-256=:"));
    }
}

#[test]
fn bodies_are_as_long_as_they_say() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    for version in ["--http1.1", "--http2"] {
        for length in ["0", "1", "65535", "65536", "3000000"] {
            let told = lab.fetch(&[
                version,
                "-o",
                "/dev/null",
                "-w",
                "%{size_download} %{http_code}",
                &lab.page(&format!("/bytes/{length}")),
            ]);
            assert_eq!(told, format!("{length} 200"), "{version}");
        }
        for coding in ["gzip", "br", "zstd"] {
            let told = lab.fetch(&[
                version,
                "-o",
                "/dev/null",
                "-D",
                "-",
                &lab.page(&format!("/{coding}")),
            ]);
            assert!(
                told.contains(&format!("content-encoding: {coding}")),
                "{told}"
            );
        }
        let drops = lab.fetch(&[version, &lab.page("/drip")]);
        assert_eq!(drops.lines().count(), 8);
    }
    let chunked = lab.fetch(&["--http1.1", "-i", &lab.page("/chunked")]);
    assert!(
        chunked.contains("transfer-encoding: chunked") && chunked.trim_end().ends_with('}'),
        "{chunked}"
    );
}

#[test]
fn uploads_are_counted() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&vec![b'x'; 3_000_000]).unwrap();
    for version in ["--http1.1", "--http2"] {
        let told = lab.fetch(&[
            version,
            "-T",
            file.path().to_str().unwrap(),
            &lab.page("/upload"),
        ]);
        assert_eq!(told, "{\"received\":3000000}\n", "{version}");
    }
    assert_eq!(
        lab.fetch(&[
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            &lab.page("/upload")
        ]),
        "405"
    );
}

#[test]
fn redirects_lead_somewhere_or_in_a_circle() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let count = [
        "-L",
        "-o",
        "/dev/null",
        "-w",
        "%{num_redirects} %{http_code}",
    ];
    assert_eq!(
        lab.fetch(&[&count[..], &[&lab.page("/redirect/3")]].concat()),
        "3 200"
    );
    assert_eq!(
        lab.fetch(&[&count[..], &[&lab.page("/elsewhere")]].concat()),
        "1 200"
    );
    assert!(
        lab.fetch(&["-L", "-c", "/dev/null", &lab.page("/cookie")])
            .contains("session=2f8d6c")
    );
    assert_eq!(
        lab.curl(&["-L", "--max-redirs", "5", &lab.page("/loop")])
            .status
            .code(),
        Some(47)
    );
}

#[test]
fn the_server_tells_its_times_and_any_status() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let told = lab.fetch(&["-o", "/dev/null", "-D", "-", &lab.page("/server-timing")]);
    assert!(
        told.contains("server-timing: db;desc=\"look it up\";dur="),
        "{told}"
    );
    for (path, status) in [
        ("/status/503", "503"),
        ("/status/204", "204"),
        ("/status/99", "400"),
        ("/bytes/x", "400"),
        ("/nothing", "404"),
    ] {
        assert_eq!(
            lab.fetch(&["-o", "/dev/null", "-w", "%{http_code}", &lab.page(path)]),
            status,
            "{path}"
        );
    }
}

#[test]
fn hosts_fail_in_the_way_they_say() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let is_openssl = lab.fetch(&["-V"]).contains(" OpenSSL/");
    // OpenSSL's verify results: 9 not yet valid, 10 expired, 18 self-signed leaf, 20 no local
    // issuer certificate.
    for (host, verified) in [
        ("not-yet-valid", "9"),
        ("expired", "10"),
        ("self-signed", "18"),
        ("incomplete-chain", "20"),
    ] {
        let output = lab.curl(&[
            "-w",
            "%{ssl_verify_result}",
            &lab.entry_url(&format!("https://{host}")),
        ]);
        assert_eq!(output.status.code(), Some(60), "{host}");
        assert!(
            !is_openssl || output.stdout == verified.as_bytes(),
            "{host}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    for (url, codes) in [
        ("https://wrong-host", &[60][..]),
        ("https://refused", &[7]),
        ("https://reset", &[35, 56]),
    ] {
        let code = lab.curl(&[&lab.entry_url(url)]).status.code().unwrap();
        assert!(codes.contains(&code), "{url}: {code}");
    }
    for (host, arguments) in [
        ("tls12", ["--tlsv1.3", "--tls-max", "1.3"]),
        ("tls13", ["--tlsv1.2", "--tls-max", "1.2"]),
    ] {
        let url = lab.entry_url(&format!("https://{host}"));
        assert_eq!(
            lab.curl(&[&arguments[..], &[&url]].concat()).status.code(),
            Some(35),
            "{host}"
        );
        lab.fetch(&[&url]);
    }
}

#[test]
fn http_is_broken_in_every_way_it_says() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    // curl's exit codes: 1 unsupported protocol (a malformed status line), 8 weird reply, 18
    // partial file, 28 timeout, 35 TLS, 52 nothing, 56 receive error. Versions of curl differ
    // in which of them they choose.
    for (path, codes) in [
        ("malformed-status", &[1, 8, 56][..]),
        ("short-body", &[18]),
        ("reset-body", &[56]),
        ("bad-chunk", &[56]),
        ("slow-head", &[28]),
        ("endless", &[28]),
        ("silence", &[28]),
    ] {
        let port = port_of(&lab.entry_url("http://broken"));
        let code = lab
            .curl(&[
                "--max-time",
                "2",
                &format!("http://broken.lab.test:{port}/{path}"),
            ])
            .status
            .code()
            .unwrap();
        assert!(codes.contains(&code), "{path}: {code}");
    }
    // Not every curl minds two lengths, so this one is looked at as it comes.
    let mut stream = TcpStream::connect((
        Ipv4Addr::LOCALHOST,
        port_of(&lab.entry_url("http://broken")),
    ))
    .unwrap();
    stream
        .write_all(b"GET /conflicting-lengths HTTP/1.1\r\nHost: broken.lab.test\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("Content-Length: 5\r\nContent-Length: 7\r\n"),
        "{answer}"
    );
    assert_eq!(
        lab.curl(&[&lab.entry_url("https://plain")]).status.code(),
        Some(35)
    );
}

#[test]
fn names_are_looked_up() {
    if !has("dig") {
        return;
    }
    let lab = Lab::start();
    assert!(
        lab.dig(&["api.lab.test", "A"])
            .contains("api.lab.test.\t\t60\tIN\tA\t127.0.0.1")
    );
    let has_v6 = TcpListener::bind("[::1]:0").is_ok();
    assert_eq!(
        lab.dig(&["api.lab.test", "AAAA"]).contains("AAAA\t::1"),
        has_v6
    );
    for transport in ["+notcp", "+tcp"] {
        let chain = lab.dig(&["alias.lab.test", "A", transport]);
        let records: Vec<&str> = chain
            .lines()
            .filter(|line| line.contains("\tIN\t"))
            .collect();
        assert_eq!(records.len(), 3, "{chain}");
        assert!(
            records[0].ends_with("CNAME\twww.lab.test.")
                && records[1].ends_with("CNAME\tapi.lab.test."),
            "{chain}"
        );
    }
    for (name, status) in [
        ("nowhere.lab.test", "NXDOMAIN"),
        ("example.com", "NXDOMAIN"),
        ("servfail.lab.test", "SERVFAIL"),
    ] {
        assert!(
            lab.dig(&[name]).contains(&format!("status: {status}")),
            "{name}"
        );
    }
    let no_address = lab.dig(&["noaddress.lab.test", "A"]);
    assert!(
        no_address.contains("NOERROR") && !no_address.contains("\tIN\t"),
        "{no_address}"
    );
    assert!(
        lab.dig(&["silent.lab.test"])
            .contains("no servers could be reached")
    );
}

#[test]
fn nonsense_and_a_crowd_do_not_stop_it() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let ports = [
        port_of(&lab.servers.start_url()),
        port_of(&lab.entry_url("http://")),
    ];
    for port in ports {
        for nonsense in [
            &b"\x16\x03\x01\xff\xff\x01\x00"[..],
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff",
            b"\0\0\0\0",
            b"GET / HTTP/9.9\r\n\r\n",
            b"",
        ] {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .unwrap()
                .write_all(nonsense)
                .unwrap();
        }
    }
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .send_to(b"\xff\xff\xff", lab.servers.dns_server())
        .unwrap();
    let crowd: Vec<TcpStream> = (0..300)
        .filter_map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, ports[0])).ok())
        .collect();
    assert!(crowd.len() > 256);
    drop(crowd);
    assert!(
        lab.fetch(&[&lab.servers.start_url()])
            .starts_with("{\"users\":[")
    );
}

#[test]
fn it_leaves_nothing_behind() {
    let lab = EmbeddedLab::start().unwrap();
    let (tcp, dns) = (
        SocketAddr::from((Ipv4Addr::LOCALHOST, port_of(&lab.start_url()))),
        lab.dns_server(),
    );
    let mut held = TcpStream::connect(tcp).unwrap();
    drop(lab);
    held.set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    assert!(
        !matches!(held.read(&mut [0; 1]), Ok(1..)),
        "the connection ended with the lab"
    );
    assert_eq!(
        TcpStream::connect(tcp).unwrap_err().kind(),
        io::ErrorKind::ConnectionRefused
    );
    UdpSocket::bind(dns).unwrap();
}

#[test]
fn every_lab_is_its_own() {
    let (one, other) = (EmbeddedLab::start().unwrap(), EmbeddedLab::start().unwrap());
    assert_ne!(one.ca_pem(), other.ca_pem());
    assert_ne!(
        (one.start_url(), one.dns_server()),
        (other.start_url(), other.dns_server())
    );
    assert!(
        one.catalogue()
            .iter()
            .any(|entry| entry.url == one.start_url())
    );
}

#[test]
fn entries_are_told_apart_without_their_ports() {
    let catalogue = EmbeddedLab::start().unwrap().catalogue();
    let bare = |url: &str| {
        let mut url = Url::parse(url).unwrap();
        url.set_port(None).unwrap();
        url
    };
    let urls: HashSet<Url> = catalogue.iter().map(|entry| bare(&entry.url)).collect();
    assert_eq!(urls.len(), catalogue.len());
}
