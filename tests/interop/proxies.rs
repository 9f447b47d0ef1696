//! Proxies that open the way, and proxies that do not.

use crate::fixture::apache::Apache;
use crate::fixture::certificate::{Authority, Flaw};
use crate::fixture::message::{read_head, read_request, response};
use crate::fixture::peer::{Peer, drain, linger};
use crate::fixture::port;
use crate::fixture::proxy::{microsocks, socks_replying, socks_without_method, tinyproxy};
use crate::fixture::recorder::Recorder;
use crate::fixture::site::Site;
use crate::probe::{Report, phase, phase_names, probe};

use std::io::Write as _;

/// An HTTPS server to go to through a proxy.
fn secured(authority: &Authority) -> Peer {
    Peer::tls(
        authority
            .identity(Flaw::None)
            .server(rustls::ALL_VERSIONS, &[]),
        |mut stream| {
            if read_request(&mut stream).is_some() {
                let _ = stream.write_all(&response("200 OK", &[], b"hello"));
            }
        },
    )
}

fn through(authority: &Authority, proxy: &str, options: &[&str], url: &str) -> Report {
    let root = authority.root();
    probe(&[&["-x", proxy, "--cacert", &root], options, &[url]].concat())
}

/// The way was opened by the proxy, as a phase of its own, and the request went well.
fn went_through(report: &Report, proxy: &str) {
    let exchange = report.only();
    assert_eq!(exchange["status"], 200, "{report}");
    assert_eq!(
        exchange["remote"], proxy,
        "the connection is to the proxy\n{report}"
    );
    assert_eq!(
        phase_names(exchange),
        ["connect", "proxy", "tls", "send", "wait", "receive"],
        "{report}"
    );
    assert!(phase(exchange, "proxy").is_some_and(|took| took > 0.0));
    assert_eq!(exchange["tls"]["verified"], true);
}

#[test]
fn tinyproxy_opens_a_tunnel() {
    let Some(proxy) = tinyproxy() else { return };
    let authority = Authority::new();
    let server = secured(&authority);
    let url = format!("https://127.0.0.1:{}/", server.port());
    let address = format!("127.0.0.1:{}", proxy.port);
    went_through(
        &through(&authority, &format!("http://{address}"), &[], &url).ok(),
        &address,
    );
    // A scheme is not needed: curl takes it for HTTP.
    went_through(&through(&authority, &address, &[], &url).ok(), &address);
}

#[test]
fn tinyproxy_passes_plain_requests_on() {
    let Some(proxy) = tinyproxy() else { return };
    let server = Recorder::ok();
    let report = probe(&[
        "-x",
        &format!("http://127.0.0.1:{}", proxy.port),
        &server.url("/path"),
    ])
    .ok();
    assert_eq!(report.only()["status"], 200);
    let request = server.take_one();
    assert_eq!(
        (request.target.as_str(), request.header("host")),
        (
            "/path",
            Some(format!("127.0.0.1:{}", server.port()).as_str())
        )
    );
}

#[test]
fn apache_opens_a_tunnel_with_credentials_and_refuses_without() {
    let site = Site::new();
    let Some(apache) = Apache::start(&site) else {
        return;
    };
    let url = format!("https://127.0.0.1:{}/page.txt", apache.ports.tls);
    let open = format!("127.0.0.1:{}", apache.proxy);
    went_through(
        &through(
            &site.authority,
            &format!("http://{open}"),
            &["--http2"],
            &url,
        )
        .ok(),
        &open,
    );
    let private = format!("127.0.0.1:{}", apache.private_proxy);
    went_through(
        &through(
            &site.authority,
            &format!("http://alice:wonderland@{private}"),
            &[],
            &url,
        )
        .ok(),
        &private,
    );
    through(&site.authority, &format!("http://{private}"), &[], &url).failed(
        &["proxy"],
        &["proxy_auth_required"],
        &["407"],
    );
    through(
        &site.authority,
        &format!("http://alice:wrong@{private}"),
        &[],
        &url,
    )
    .failed(&["proxy"], &["proxy_auth_required"], &["407"]);
}

#[test]
fn microsocks_opens_a_tunnel() {
    let Some(proxy) = microsocks(None) else {
        return;
    };
    let authority = Authority::new();
    let server = secured(&authority);
    let address = format!("127.0.0.1:{}", proxy.port);
    for (scheme, host) in [
        ("socks5", "127.0.0.1"),
        ("socks5h", "127.0.0.1"),
        ("socks5h", "localhost"),
    ] {
        let url = format!("https://{host}:{}/", server.port());
        let report = through(&authority, &format!("{scheme}://{address}"), &[], &url).ok();
        went_through(&report, &address);
    }
}

#[test]
fn microsocks_wants_credentials() {
    let Some(proxy) = microsocks(Some(("alice", "wonderland"))) else {
        return;
    };
    let authority = Authority::new();
    let server = secured(&authority);
    let url = format!("https://127.0.0.1:{}/", server.port());
    let address = format!("127.0.0.1:{}", proxy.port);
    went_through(
        &through(
            &authority,
            &format!("socks5h://alice:wonderland@{address}"),
            &[],
            &url,
        )
        .ok(),
        &address,
    );
    for given in ["", "alice:wrong@"] {
        let report = through(
            &authority,
            &format!("socks5h://{given}{address}"),
            &[],
            &url,
        );
        // microsocks closes on a wrong password after it has said so.
        report.failed(
            &["proxy"],
            &["proxy_auth_required", "proxy_closed"],
            &[&address],
        );
    }
}

/// With `socks5` the name is looked up here, with `socks5h` by the proxy.
#[test]
fn who_looks_the_name_up() {
    let Some(proxy) = microsocks(None) else {
        return;
    };
    let server = Recorder::ok();
    let dns = crate::fixture::dns::DnsServer::with_addresses(&crate::fixture::dns::LOOPBACKS[1..]);
    let at = dns.address().to_string();
    let url = format!("http://here.test:{}/", server.port());
    probe(&[
        "-x",
        &format!("socks5://127.0.0.1:{}", proxy.port),
        "--dns-servers",
        &at,
        &url,
    ])
    .ok();
    assert!(
        dns.asked()
            .iter()
            .any(|question| question.name == "here.test")
    );
    let before = dns.asked().len();
    // The proxy asks this machine's resolver, which does not know the name.
    probe(&[
        "-x",
        &format!("socks5h://127.0.0.1:{}", proxy.port),
        "--dns-servers",
        &at,
        "--max-time",
        "20",
        &url,
    ])
    .failed(
        &["proxy"],
        &["proxy_refused", "proxy_timeout", "proxy_closed"],
        &["here.test"],
    );
    assert_eq!(dns.asked().len(), before);
}

#[test]
fn http_proxies_that_refuse() {
    let authority = Authority::new();
    for (status, code) in [
        ("403 Forbidden", "proxy_refused"),
        ("407 Proxy Authentication Required", "proxy_auth_required"),
        ("502 Bad Gateway", "proxy_refused"),
        ("503 Service Unavailable", "proxy_refused"),
        ("302 Found", "proxy_refused"),
    ] {
        let proxy = Peer::saying(format!(
            "HTTP/1.1 {status}\r\nContent-Length: 4\r\nLocation: \
                http://elsewhere.test/\r\n\r\nno!\n"
        ));
        let report = through(
            &authority,
            &format!("http://{}", proxy.address()),
            &["-L"],
            "https://www.test/",
        )
        .failed(&["proxy"], &[code], &[&status[..3], "www.test:443"]);
        assert_eq!(phase_names(report.only()), ["connect", "proxy"]);
    }
}

#[test]
fn http_proxies_that_do_not_speak_http() {
    let authority = Authority::new();
    let ask = |proxy: &Peer| {
        through(
            &authority,
            &format!("http://{}", proxy.address()),
            &["--max-time", "5"],
            "https://www.test/",
        )
    };
    ask(&Peer::saying("SSH-2.0-OpenSSH_9.2\r\n\r\n")).failed(
        &["proxy"],
        &["proxy_protocol"],
        &["127.0.0.1"],
    );
    ask(&Peer::saying("HTTP/1.1 huh\r\n\r\n")).failed(
        &["proxy"],
        &["proxy_protocol"],
        &["127.0.0.1"],
    );
    ask(&Peer::saying("")).failed(&["proxy"], &["proxy_closed"], &["127.0.0.1"]);
    let endless = Peer::tcp(|mut stream| {
        let _ = read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream
            .write_all(b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")
            .is_ok()
        {}
    });
    ask(&endless).failed(&["proxy"], &["proxy_protocol"], &["127.0.0.1"]);
    let silent = Peer::tcp(|mut stream| drain(&mut stream));
    through(
        &authority,
        &format!("http://{}", silent.address()),
        &["--max-time", "3"],
        "https://www.test/",
    )
    .failed(&["proxy"], &["proxy_timeout"], &["127.0.0.1"]);
}

#[test]
fn socks_proxies_that_refuse() {
    // RFC 1928 §6: general failure, not allowed, network, host, refused, expired, command, address
    // type, and one unassigned.
    for (reply, said) in [
        (1, "reply 1"),
        (2, "reply 2"),
        (3, "reply 3"),
        (4, "reply 4"),
        (5, "reply 5"),
        (6, "reply 6"),
        (7, "reply 7"),
        (8, "reply 8"),
        (99, "reply 99"),
    ] {
        let proxy = socks_replying(reply);
        let report = probe(&[
            "-x",
            &format!("socks5h://{}", proxy.address()),
            "http://www.test/",
        ]);
        report.failed(
            &["proxy"],
            if reply == 99 {
                &["proxy_protocol", "proxy_refused"]
            } else {
                &["proxy_refused"]
            },
            &["www.test", said],
        );
    }
    let proxy = socks_without_method();
    probe(&[
        "-x",
        &format!("socks5h://{}", proxy.address()),
        "http://www.test/",
    ])
    .failed(&["proxy"], &["proxy_auth_required"], &["127.0.0.1"]);
}

#[test]
fn socks_proxies_that_do_not_speak_socks() {
    for bytes in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let proxy = Peer::tcp(move |mut stream| {
            let mut greeting = [0; 3];
            let _ = std::io::Read::read_exact(&mut stream, &mut greeting);
            let _ = stream.write_all(bytes.as_bytes());
            linger(&stream);
        });
        let code = if bytes.is_empty() {
            "proxy_closed"
        } else {
            "proxy_protocol"
        };
        probe(&[
            "-x",
            &format!("socks5h://{}", proxy.address()),
            "http://www.test/",
        ])
        .failed(&["proxy"], &[code], &["127.0.0.1"]);
    }
}

#[test]
fn no_proxy_there() {
    let address = format!("127.0.0.1:{}", port::closed());
    probe(&["-x", &format!("http://{address}"), "https://www.test/"]).failed(
        &["connect"],
        &["connect_refused"],
        &[&address, "proxy"],
    );
}

#[test]
fn hosts_that_need_no_proxy() {
    let server = Recorder::ok();
    let proxy = Recorder::ok();
    probe(&[
        "-x",
        &proxy.url(""),
        "--noproxy",
        "127.0.0.1",
        &server.url("/"),
    ])
    .ok();
    assert_eq!((proxy.take().len(), server.take().len()), (0, 1));
}

/// curl's variables are honoured: lower case for http, and `NO_PROXY`.
#[test]
fn proxies_of_the_environment() {
    let server = Recorder::ok();
    let proxy = Recorder::ok();
    for (variables, via) in [
        (
            [("http_proxy", proxy.url("")), ("no_proxy", String::new())],
            1,
        ),
        (
            [
                ("http_proxy", proxy.url("")),
                ("no_proxy", "127.0.0.1".to_owned()),
            ],
            0,
        ),
        // A server can set HTTP_PROXY for a CGI program, so that curl does not read it.
        (
            [("HTTP_PROXY", proxy.url("")), ("no_proxy", String::new())],
            0,
        ),
        (
            [("all_proxy", proxy.url("")), ("no_proxy", String::new())],
            1,
        ),
    ] {
        let mut command = crate::probe::command(&[
            "probe",
            "--format",
            "json",
            "--capture",
            "off",
            &server.url("/"),
        ]);
        command.envs(variables.clone());
        crate::probe::report(command).ok();
        assert_eq!(
            (proxy.take().len(), server.take().len()),
            (via, 1 - via),
            "{variables:?}"
        );
    }
}

/// The proxy's credentials go to the proxy alone, and the server's to the server.
#[test]
fn credentials_reach_only_whom_they_are_for() {
    let Some(socks) = microsocks(Some(("alice", "wonderland"))) else {
        return;
    };
    let server = Recorder::ok();
    let report = probe(&[
        "-x",
        &format!("socks5h://alice:wonderland@127.0.0.1:{}", socks.port),
        "-u",
        "bob:builder",
        &server.url("/"),
    ])
    .ok();
    let request = server.take_one();
    assert_eq!(request.header("proxy-authorization"), None);
    assert_eq!(
        request.header("authorization"),
        Some("Basic Ym9iOmJ1aWxkZXI=")
    );
    let document = report.json.to_string();
    assert!(
        !document.contains("wonderland")
            && !document.contains("builder")
            && !document.contains("Ym9iOmJ1aWxkZXI="),
        "{report}"
    );
}
