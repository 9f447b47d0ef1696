//! Redirects: what is followed, what is sent along, what stays home.

use crate::curl::curl;
use crate::fixture::apache::Apache;
use crate::fixture::certificate::{Authority, Flaw};
use crate::fixture::message::{Received, response};
use crate::fixture::nginx::Nginx;
use crate::fixture::peer::Peer;
use crate::fixture::recorder::Recorder;
use crate::fixture::site::{PAGE, Site};
use crate::probe::{Report, probe};

/// A server that redirects everything to one place and sets a cookie with it.
fn redirecting(status: &'static str, to: String) -> Recorder {
    Recorder::answering(move |_| {
        response(
            status,
            &[("Location", &to), ("Set-Cookie", "hop=1; Path=/")],
            b"",
        )
    })
}

/// The credentials and fields that a user might give.
const GIVEN: [&str; 10] = [
    "-u",
    "alice:wonderland",
    "-H",
    "X-Api-Key: k3y",
    "-H",
    "Cookie: session=s3cret",
    "-b",
    "jar=j4r",
    "-e",
    "http://referrer.test/",
];

fn statuses(report: &Report) -> Vec<u64> {
    report
        .exchanges()
        .iter()
        .filter_map(|exchange| exchange["status"].as_u64())
        .collect()
}

#[test]
fn not_followed_unless_asked() {
    let target = Recorder::ok();
    let start = redirecting("302 Found", target.url("/"));
    let report = probe(&[start.url("/")]).ok();
    assert_eq!(statuses(&report), [302]);
    assert!(target.take().is_empty());
}

/// Within the same origin everything goes along, and the connection is used again.
#[test]
fn the_same_origin_gets_everything() {
    let server = Recorder::answering(|request| match request.target.as_str() {
        "/start" => response(
            "302 Found",
            &[("Location", "end"), ("Set-Cookie", "hop=1; Path=/")],
            b"",
        ),
        _ => response("200 OK", &[], b"there"),
    });
    let report = probe(&[&["-L"], GIVEN.as_slice(), &[&server.url("/start")]].concat()).ok();
    assert_eq!(statuses(&report), [302, 200]);
    assert_eq!(report.exchange(0)["reused_connection"], false);
    assert_eq!(report.exchange(1)["reused_connection"], true, "{report}");
    let requests = server.take();
    let last = &requests[1];
    assert_eq!(last.target, "/end");
    assert_eq!(
        last.header("authorization"),
        requests[0].header("authorization")
    );
    assert!(last.header("authorization").is_some());
    assert_eq!(last.header("x-api-key"), Some("k3y"));
    assert_eq!(
        last.header("cookie"),
        Some("session=s3cret"),
        "a field of the user's own replaces the jar's, as with curl"
    );
}

fn nothing_private(request: &Received) {
    for name in ["authorization", "x-api-key"] {
        assert_eq!(request.header(name), None, "{name} went along: {request:?}");
    }
    let cookies: Vec<_> = request
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"))
        .collect();
    assert!(
        cookies
            .iter()
            .all(|(_, value)| !value.contains("s3cret") && !value.contains("j4r")),
        "cookies went along: {request:?}"
    );
}

#[test]
fn another_port_gets_nothing_private() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let target = Recorder::ok();
        let start = redirecting(status, target.url("/end"));
        let report = probe(&[&["-L"], GIVEN.as_slice(), &[&start.url("/")]].concat()).ok();
        assert_eq!(report.exchanges().len(), 2, "{report}");
        let first = start.take_one();
        assert_eq!(
            (
                first.header("x-api-key"),
                first.header("authorization").is_some()
            ),
            (Some("k3y"), true)
        );
        nothing_private(&target.take_one());
    }
}

#[test]
fn another_host_gets_nothing_private() {
    let target = Recorder::ok();
    let to = format!("http://other.test:{}/end", target.port());
    let start = redirecting("302 Found", to);
    let resolve = format!("other.test:{}:127.0.0.1", target.port());
    probe(
        &[
            &["-L", "--resolve", &resolve],
            GIVEN.as_slice(),
            &[&start.url("/")],
        ]
        .concat(),
    )
    .ok();
    nothing_private(&target.take_one());
}

/// The same host and even the same port number, but the scheme differs: a TLS peer redirects down
/// to plain HTTP.
#[test]
fn another_scheme_gets_nothing_private() {
    let target = Recorder::ok();
    let to = format!("http://localhost:{}/end", target.port());
    let authority = Authority::new();
    let start = Peer::tls(
        authority
            .identity(Flaw::None)
            .server(rustls::ALL_VERSIONS, &[]),
        move |mut stream| {
            if crate::fixture::message::read_request(&mut stream).is_some() {
                let _ = stream.write_all(&response("302 Found", &[("Location", &to)], b""));
            }
        },
    );
    let url = format!("https://localhost:{}/", start.port());
    probe(
        &[
            &["-4", "-L", "--cacert", &authority.root()],
            GIVEN.as_slice(),
            &[&url],
        ]
        .concat(),
    )
    .ok();
    nothing_private(&target.take_one());
}

#[test]
fn trusted_locations_get_everything() {
    let target = Recorder::ok();
    let start = redirecting("302 Found", target.url("/end"));
    probe(
        &[
            &["-L", "--location-trusted"],
            GIVEN.as_slice(),
            &[&start.url("/")],
        ]
        .concat(),
    )
    .ok();
    let (first, second) = (start.take_one(), target.take_one());
    assert!(first.header("authorization").is_some());
    assert_eq!(
        second.header("authorization"),
        first.header("authorization")
    );
    assert_eq!(second.header("x-api-key"), Some("k3y"));
    // As with curl it says to follow, too.
    probe(&["--location-trusted", &start.url("/")]).ok();
    assert_eq!(target.take().len(), 1);
}

/// Back at the first origin, what stayed home stays home: the way led through somebody else.
#[test]
fn a_way_through_somebody_else_and_back() {
    let there = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let known = std::sync::Arc::clone(&there);
    let home = Recorder::answering(move |request| match request.target.as_str() {
        "/" => response(
            "302 Found",
            &[("Location", known.get().expect("known"))],
            b"",
        ),
        _ => response("200 OK", &[], b""),
    });
    let away = redirecting("302 Found", home.url("/back"));
    there.set(away.url("/")).expect("once");
    probe(&[&["-L"], GIVEN.as_slice(), &[&home.url("/")]].concat()).ok();
    let requests = home.take();
    assert_eq!(requests.len(), 2);
    nothing_private(&away.take_one());
    nothing_private(&requests[1]);
}

/// RFC 9110 §15.4 and curl: POST becomes GET after 301, 302 and 303, and stays POST after 307 and
/// 308.
#[test]
fn methods_change_as_with_curl() {
    for (status, options) in [
        ("301 Moved Permanently", ["-d", "data"].as_slice()),
        ("302 Found", &["-d", "data"]),
        ("303 See Other", &["-d", "data"]),
        ("307 Temporary Redirect", &["-d", "data"]),
        ("308 Permanent Redirect", &["-d", "data"]),
        ("303 See Other", &["-I"]),
    ] {
        let target = Recorder::ok();
        let start = redirecting(status, target.url("/end"));
        // The body goes to another origin if all are trusted.
        probe(&[&["--location-trusted"], options, &[&start.url("/")]].concat()).ok();
        let ours = (start.take_one(), target.take_one());
        let Some(run) = curl(
            &[
                &["--location-trusted", "-o", "/dev/null"],
                options,
                &[&start.url("/")],
            ]
            .concat(),
        ) else {
            return;
        };
        assert_eq!(run.status, Some(0), "{}", run.errors());
        let theirs = (start.take_one(), target.take_one());
        for (our, their) in [(&ours.0, &theirs.0), (&ours.1, &theirs.1)] {
            assert_eq!(
                (&our.method, &our.body),
                (&their.method, &their.body),
                "{status} {options:?}"
            );
            assert_eq!(
                our.header("content-type"),
                their.header("content-type"),
                "{status} {options:?}"
            );
            assert_eq!(
                our.header("content-length"),
                their.header("content-length"),
                "{status} {options:?}"
            );
        }
    }
}

/// RFC 9110 §15.4: only POST may become GET after 301 and 302, everything does after 303. (curl
/// keeps the word of `-X` and drops the body, which makes a PUT of nothing.)
#[test]
fn other_methods_keep_their_meaning() {
    for (status, method, body) in [
        ("301 Moved Permanently", "PUT", "data"),
        ("302 Found", "PUT", "data"),
        ("303 See Other", "GET", ""),
        ("307 Temporary Redirect", "PUT", "data"),
        ("308 Permanent Redirect", "PUT", "data"),
    ] {
        let target = Recorder::ok();
        let start = redirecting(status, target.url("/end"));
        probe(&[
            "--location-trusted",
            "-X",
            "PUT",
            "-d",
            "data",
            &start.url("/"),
        ])
        .ok();
        let request = target.take_one();
        assert_eq!(
            (request.method.as_str(), request.body.as_slice()),
            (method, body.as_bytes()),
            "{status}"
        );
    }
}

/// A body that would lose its protection stays home, and so does a form.
#[test]
fn a_body_is_not_sent_in_clear_after_tls() {
    let target = Recorder::ok();
    let to = format!("http://localhost:{}/end", target.port());
    let authority = Authority::new();
    let start = Peer::tls(
        authority
            .identity(Flaw::None)
            .server(rustls::ALL_VERSIONS, &[]),
        move |mut stream| {
            if crate::fixture::message::read_request(&mut stream).is_some() {
                let _ = stream.write_all(&response(
                    "308 Permanent Redirect",
                    &[("Location", &to)],
                    b"",
                ));
            }
        },
    );
    let url = format!("https://localhost:{}/", start.port());
    let root = authority.root();
    for body in [["-d", "secret"], ["-F", "a=secret"]] {
        let options = [&["-4", "-L", "--cacert", &root], body.as_slice(), &[&url]].concat();
        let report = probe(&options).failed(
            &["receive"],
            &["redirect_loses_tls"],
            &["308", &url[..url.len() - 1], "http://localhost"],
        );
        assert!(
            report.json["outcome"]["error"]["hint"]
                .as_str()
                .unwrap()
                .contains("--location-trusted"),
            "{report}"
        );
        assert_eq!(statuses(&report), [308]);
        assert!(target.take().is_empty());
        probe(&[options.as_slice(), &["--location-trusted"]].concat()).ok();
        assert!(String::from_utf8_lossy(&target.take_one().body).contains("secret"));
    }
}

/// A server that wants to know its clients, and leads on.
fn knowing_its_clients(
    authority: &Authority,
    version: &'static rustls::SupportedProtocolVersion,
    to: Option<String>,
) -> Peer {
    let config = authority
        .identity(Flaw::None)
        .server_for_known_clients(authority, &[version]);
    Peer::tls(config, move |mut stream| {
        while let Some(request) = crate::fixture::message::read_request(&mut stream) {
            let answer = match &to {
                Some(to) if request.target == "/" => {
                    response("302 Found", &[("Location", to)], b"")
                }
                _ => response("200 OK", &[], b"known"),
            };
            let _ = stream.write_all(&answer);
        }
    })
}

#[test]
fn a_client_certificate_is_shown_to_its_own_origin_only() {
    let authority = Authority::new();
    let client = authority.identity(Flaw::None);
    let (cert, key, root) = (
        client.chain_file.to_str().unwrap(),
        client.key_file.to_str().unwrap(),
        authority.root(),
    );
    let options = ["-4", "-L", "--cacert", &root, "--cert", cert, "--key", key];
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let other = knowing_its_clients(&authority, version, None);
        let home = knowing_its_clients(
            &authority,
            version,
            Some(format!("https://localhost:{}/end", other.port())),
        );
        let url = format!("https://localhost:{}/", home.port());
        let report = probe(&[options.as_slice(), &[&url]].concat());
        let report = report.failed(
            &["tls", "send", "wait"],
            &["tls_client_certificate"],
            &["client certificate"],
        );
        assert_eq!(
            report.exchange(0)["redirect"]["withheld"],
            serde_json::json!(["client certificate"])
        );
        assert_eq!(report.exchange(0)["status"], 302);
        probe(&[options.as_slice(), &["--location-trusted", &url]].concat()).ok();
        let itself = knowing_its_clients(&authority, version, Some("/end".to_owned()));
        probe(
            &[
                options.as_slice(),
                &[&format!("https://localhost:{}/", itself.port())],
            ]
            .concat(),
        )
        .ok();
    }
}

#[test]
fn a_limit_of_redirects() {
    let server = Recorder::answering(|request| {
        let step: u32 = request.target.trim_start_matches('/').parse().unwrap_or(0);
        response("302 Found", &[("Location", &format!("/{}", step + 1))], b"")
    });
    let report = probe(&["-L", "--max-redirs", "3", &server.url("/0")]).failed(
        &["receive", "wait"],
        &["too_many_redirects"],
        &["3"],
    );
    assert_eq!(statuses(&report), [302; 4]);
    assert_eq!(server.take().len(), 4);
}

#[test]
fn a_circle() {
    let site = Site::new();
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    let url = format!("http://127.0.0.1:{}/loop", nginx.ports.plain);
    probe(&["-L", "--max-redirs", "10", &url]).failed(
        &["receive", "wait"],
        &["too_many_redirects"],
        &["/loop"],
    );
}

#[test]
fn places_that_cannot_be_followed() {
    for to in [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "javascript:alert(1)",
    ] {
        let start = redirecting("302 Found", to.to_owned());
        probe(&["-L", &start.url("/")]).failed(&["receive", "wait"], &["bad_redirect"], &[]);
    }
}

/// The second server cannot be reached: the run fails there, and the first exchange is still told.
#[test]
fn a_redirect_into_nothing() {
    let port = crate::fixture::port::closed();
    let start = redirecting("302 Found", format!("http://127.0.0.1:{port}/"));
    let report = probe(&["-L", &start.url("/")]).failed(
        &["connect"],
        &["connect_refused"],
        &[&format!("127.0.0.1:{port}")],
    );
    assert_eq!(report.exchanges().len(), 2, "{report}");
    assert_eq!(report.exchange(0)["status"], 302);
}

#[test]
fn a_redirect_without_a_location_is_a_response() {
    let peer = Peer::saying("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(statuses(&probe(&["-L", &peer.url("/")]).ok()), [302]);
}

/// Cookies are kept for those hops alone that they are for (RFC 6265 §5.4).
#[test]
fn cookies_across_hops() {
    let server = Recorder::answering(|request| match request.target.as_str() {
        "/start" => {
            let fields = [
                ("Location", "/private/end"),
                ("Set-Cookie", "all=1; Path=/"),
                ("Set-Cookie", "there=2; Path=/private"),
                ("Set-Cookie", "elsewhere=3; Path=/public"),
                ("Set-Cookie", "secure=4; Path=/; Secure"),
                ("Set-Cookie", "foreign=5; Domain=other.test"),
            ];
            response("302 Found", &fields, b"")
        }
        _ => response("200 OK", &[], b""),
    });
    let url = format!("http://www.test:{}/start", server.port());
    // `-b ''` switches curl's cookie engine on.
    let options = [
        "-L",
        "-b",
        "",
        "--resolve",
        &format!("www.test:{}:127.0.0.1", server.port()),
        &url,
    ];
    probe(&options).ok();
    let ours = server.take();
    let cookies = |request: &Received| {
        let mut cookies: Vec<String> = request
            .header("cookie")
            .unwrap_or_default()
            .split("; ")
            .map(str::to_owned)
            .collect();
        cookies.sort();
        cookies
    };
    assert_eq!(cookies(&ours[1]), ["all=1", "there=2"]);
    let Some(run) = curl(&options) else { return };
    assert_eq!(run.status, Some(0), "{}", run.errors());
    let theirs = server.take();
    assert_eq!(cookies(&ours[1]), cookies(&theirs[1]));
}

#[test]
fn real_servers_redirect() {
    let site = Site::new();
    let root = site.authority.root();
    let (nginx, apache) = (Nginx::start(&site), Apache::start(&site));
    for ports in nginx
        .iter()
        .map(|server| server.ports)
        .chain(apache.iter().map(|server| server.ports))
    {
        let plain = format!("http://127.0.0.1:{}", ports.plain);
        for (path, expected) in [
            ("/to/page", [302, 200].as_slice()),
            ("/to/port", &[302, 200]),
            ("/to/tls", &[302, 200]),
            ("/chain/3", &[301, 307, 308, 200]),
        ] {
            let report = probe(&["-L", "--cacert", &root, &format!("{plain}{path}")]).ok();
            assert_eq!(statuses(&report), expected, "{path}");
            let last = report.exchanges().last().unwrap();
            assert_eq!(last["response"]["body_bytes"], PAGE);
            for exchange in report.exchanges() {
                let starts: Vec<_> = exchange["phases"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(|phase| phase["start_ns"].as_u64())
                    .collect();
                assert!(starts.is_sorted(), "{exchange:#}");
            }
        }
        let report = probe(&[
            "-L",
            "--cacert",
            &root,
            &format!("https://127.0.0.1:{}/to/plain", ports.tls),
        ])
        .ok();
        assert_eq!(statuses(&report), [302, 200]);
        assert_eq!(report.exchange(1)["tls"], serde_json::Value::Null);
    }
}
