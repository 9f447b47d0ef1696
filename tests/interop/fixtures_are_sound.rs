//! curl against the fixtures, so that a failure elsewhere is not the fixture's own.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::curl::{curl, figures};
use crate::fixture::apache::Apache;
use crate::fixture::backlog::FullBacklog;
use crate::fixture::certificate::{Authority, Flaw};
use crate::fixture::nginx::Nginx;
use crate::fixture::peer::Peer;
use crate::fixture::program::installed;
use crate::fixture::proxy::{microsocks, socks_replying, tinyproxy};
use crate::fixture::recorder::Recorder;
use crate::fixture::relay;
use crate::fixture::site::{PAGE, Ports, SLOWNESS, Site, TEXT};

/// What curl must find on both servers.
fn a_site_is_served(site: &Site, ports: Ports) {
    let root = site.authority.root();
    for host in ["127.0.0.1", "[::1]"] {
        for (options, version) in [(vec!["--http1.1"], "1.1"), (vec!["--http2"], "2")] {
            for (port, protocol) in [(ports.tls, ""), (ports.tls12, ""), (ports.tls13, "")] {
                let url = format!("https://{host}:{port}/page.txt{protocol}");
                let mut args = options.clone();
                args.extend(["--cacert", &root, &url]);
                let Some(found) = figures(&args) else { return };
                assert_eq!(
                    (found["http_code"].as_u64(), found["http_version"].as_str()),
                    (Some(200), Some(version)),
                    "{url}"
                );
                assert_eq!(found["size_download"], PAGE, "{url}");
            }
        }
        let plain = format!("http://{host}:{}", ports.plain);
        for (path, status, size) in [
            ("/page.txt", 200, PAGE),
            ("/private/page.txt", 401, 0),
            ("/closing/page.txt", 200, PAGE),
            ("/nothing", 404, 0),
        ] {
            let found = figures(&[format!("{plain}{path}")]).unwrap();
            assert_eq!(found["http_code"], status, "{path}");
            assert!(size == 0 || found["size_download"] == size, "{path}");
        }
        let found = figures(&[
            "-u",
            "alice:wonderland",
            &format!("{plain}/private/page.txt"),
        ])
        .unwrap();
        assert_eq!(found["http_code"], 200);
        let found = curl(&["--compressed", &format!("{plain}/gzip/text.html")]).unwrap();
        assert_eq!(found.stdout.len(), TEXT);
        let found = figures(&[
            "-H",
            "Accept-Encoding: gzip",
            &format!("{plain}/gzip/text.html"),
        ])
        .unwrap();
        assert!(
            found["size_download"].as_u64().unwrap() < 50_000,
            "compressed"
        );
        let found = figures(&["-L", "--cacert", &root, &format!("{plain}/to/tls")]).unwrap();
        assert_eq!(
            (found["http_code"].as_u64(), found["num_redirects"].as_u64()),
            (Some(200), Some(1))
        );
        let found = figures(&["-L", &format!("{plain}/chain/3")]).unwrap();
        assert_eq!(
            (found["http_code"].as_u64(), found["num_redirects"].as_u64()),
            (Some(200), Some(3))
        );
        let found = figures(&[format!("{plain}/slow")]).unwrap();
        assert!(found["time_starttransfer"].as_f64().unwrap() >= SLOWNESS.as_secs_f64());
        assert!(
            found["time_total"].as_f64().unwrap() - found["time_starttransfer"].as_f64().unwrap()
                >= SLOWNESS.as_secs_f64() * 0.8,
            "{found}"
        );
    }
    let refused = curl(&[
        "--tlsv1.3",
        "--cacert",
        &root,
        &format!("https://127.0.0.1:{}/", ports.tls12),
    ])
    .unwrap();
    assert_eq!(refused.status, Some(35), "{}", refused.errors());
}

#[test]
fn nginx_serves_the_site() {
    let site = Site::new();
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    a_site_is_served(&site, nginx.ports);
    let chunked = curl(&[
        "-i",
        &format!("http://127.0.0.1:{}/chunked/page.txt", nginx.ports.plain),
    ])
    .unwrap();
    assert!(
        chunked.text().contains("Transfer-Encoding: chunked"),
        "{}",
        chunked.text()
    );
}

#[test]
fn apache_serves_the_site() {
    let site = Site::new();
    let Some(apache) = Apache::start(&site) else {
        return;
    };
    a_site_is_served(&site, apache.ports);
    let brotli = curl(&[
        "--compressed",
        "-i",
        &format!("http://127.0.0.1:{}/br/text.html", apache.ports.plain),
    ])
    .unwrap();
    assert!(
        brotli.text().contains("Content-Encoding: br"),
        "{}",
        brotli.text()
    );
    let target = format!("https://127.0.0.1:{}/page.txt", apache.ports.tls);
    let root = site.authority.root();
    let through = figures(&[
        "-x",
        &format!("http://127.0.0.1:{}", apache.proxy),
        "--cacert",
        &root,
        &target,
    ])
    .unwrap();
    assert_eq!(
        (
            through["http_code"].as_u64(),
            through["http_connect"].as_u64()
        ),
        (Some(200), Some(200))
    );
    let refused = figures(&[
        "-x",
        &format!("http://127.0.0.1:{}", apache.private_proxy),
        "--cacert",
        &root,
        &target,
    ])
    .unwrap();
    assert_eq!(refused["http_connect"], 407);
}

#[test]
fn small_proxies_pass_requests_on() {
    let server = Recorder::ok();
    if let Some(proxy) = tinyproxy() {
        let found = figures(&[
            "-x",
            &format!("http://127.0.0.1:{}", proxy.port),
            "-p",
            &server.url("/"),
        ])
        .unwrap();
        assert_eq!(found["http_code"], 200);
    }
    if let Some(proxy) = microsocks(Some(("alice", "wonderland"))) {
        let found = figures(&[
            "-x",
            &format!("socks5h://alice:wonderland@127.0.0.1:{}", proxy.port),
            &server.url("/"),
        ])
        .unwrap();
        assert_eq!(found["http_code"], 200);
    }
    let refusing = socks_replying(5);
    let refused = curl(&[
        "-x",
        &format!("socks5h://{}", refusing.address()),
        &server.url("/"),
    ])
    .unwrap();
    assert_eq!(refused.status, Some(97), "{}", refused.errors());
}

#[test]
fn certificates_are_as_bad_as_they_say() {
    let authority = Authority::new();
    for (flaw, said) in [
        (Flaw::None, ""),
        (Flaw::Expired, "expired"),
        (Flaw::NotYetValid, "not yet valid"),
        (
            Flaw::WrongHost,
            "no alternative certificate subject name matches",
        ),
        (Flaw::SelfSigned, "self-signed certificate"),
        (
            Flaw::IncompleteChain,
            "unable to get local issuer certificate",
        ),
    ] {
        let config = authority.identity(flaw).server(rustls::ALL_VERSIONS, &[]);
        let peer = Peer::tls(config, |mut stream| {
            if crate::fixture::message::read_request(&mut stream).is_some() {
                let _ =
                    stream.write_all(&crate::fixture::message::response("200 OK", &[], b"hello"));
            }
        });
        let url = format!("https://localhost:{}/", peer.port());
        let Some(run) = curl(&["-4", "--cacert", &authority.root(), &url]) else {
            return;
        };
        assert_eq!(
            run.status,
            Some(if flaw == Flaw::None { 0 } else { 60 }),
            "{flaw:?}: {}",
            run.errors()
        );
        assert!(run.errors().contains(said), "{flaw:?}: {}", run.errors());
    }
}

#[test]
fn a_full_backlog_lets_nobody_in() {
    let full = FullBacklog::new();
    let url = format!("http://{}/", full.address());
    let Some(run) = curl(&["--connect-timeout", "0.5", &url]) else {
        return;
    };
    assert_eq!(run.status, Some(28), "{}", run.errors());
}

#[test]
fn the_relay_is_a_long_line() {
    let server = Recorder::ok();
    let near = std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
    let relay = relay::to(
        near,
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        Duration::from_millis(20),
    );
    let Some(found) = figures(&[relay.url("/")]) else {
        return;
    };
    let (first, connected) = (
        found["time_starttransfer"].as_f64().unwrap(),
        found["time_connect"].as_f64().unwrap(),
    );
    assert!(first - connected >= 0.040, "{found}");
}

#[test]
fn the_dns_server_answers_ordinary_programs() {
    use crate::fixture::dns::{Answer, CNAME, Data, DnsServer, LOOPBACKS, labels};
    let dns = DnsServer::start(|question| {
        let mut answer = Answer::addresses(question, &LOOPBACKS);
        if question.name.starts_with("alias") {
            answer.records.insert(
                0,
                (
                    labels(&question.name),
                    CNAME,
                    60,
                    Data::Alias(vec![b"a\x1b[2Jb".to_vec(), b"test".to_vec()]),
                ),
            );
        }
        if question.name.starts_with("cut") && !question.over_tcp {
            return Answer {
                truncated: true,
                ..Answer::empty(0)
            }
            .reply(question);
        }
        answer.reply(question)
    });
    let Some(program) = installed("dig") else {
        return;
    };
    let ask = |name: &str, kind: &str| {
        let mut dig = std::process::Command::new(&program);
        dig.args([
            "@127.0.0.1",
            "-p",
            &dns.address().port().to_string(),
            name,
            kind,
            "+noall",
            "+comments",
            "+answer",
        ]);
        crate::probe::run(dig).text()
    };
    assert!(ask("www.test", "A").contains("127.0.0.1"));
    assert!(ask("www.test", "AAAA").contains("::1"));
    assert!(
        ask("cut.test", "A").contains("127.0.0.1"),
        "asked again over TCP"
    );
    let alias = ask("alias.test", "A");
    assert!(
        alias.contains("CNAME") && alias.contains("\\027[2Jb"),
        "{alias}"
    );
    assert!(!alias.contains("malformed"), "{alias}");
}

#[test]
fn the_frames_are_http_2() {
    use crate::fixture::frames::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, fields, frame, lines, server,
    };
    let block = fields("200", &[("content-type", "text/plain")]);
    let peer = server(move |stream| {
        let bytes = [
            frame(HEADERS, END_HEADERS, 1, &fields("103", &[])),
            frame(HEADERS, 0, 1, &block[..9]),
            frame(CONTINUATION, END_HEADERS, 1, &block[9..]),
            frame(DATA, 8, 1, b"\x03hello worldxxx"),
            frame(
                HEADERS,
                END_HEADERS | END_STREAM,
                1,
                &lines(&[("x-sum", "11")]),
            ),
        ];
        let _ = stream.write_all(&bytes.concat());
    });
    let Some(run) = curl(&["--http2-prior-knowledge", "-i", &peer.url("/")]) else {
        return;
    };
    assert_eq!(run.status, Some(0), "{}", run.errors());
    for said in [
        "HTTP/2 103",
        "HTTP/2 200",
        "content-type: text/plain",
        "hello world",
    ] {
        assert!(run.text().contains(said), "{said}: {}", run.text());
    }
}
