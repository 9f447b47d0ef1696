//! The JSON document against real servers: every field is there and says what is known to be so.

use serde_json::{Value, json};

use crate::fixture::apache::Apache;
use crate::fixture::nginx::Nginx;
use crate::fixture::program::{is_root, skipped};
use crate::fixture::site::{PAGE, Ports, Site};
use crate::probe::{Report, command, header, phase, phase_names, probe, report};

/// One way to reach a server.
struct Way {
    host: &'static str,
    port: u16,
    option: &'static str,
    http: &'static str,
    /// TLS version, where there is TLS.
    tls: Option<&'static str>,
}

fn ways(ports: Ports) -> Vec<Way> {
    let mut ways = Vec::new();
    for host in ["127.0.0.1", "[::1]"] {
        ways.push(Way {
            host,
            port: ports.plain,
            option: "--http1.1",
            http: "HTTP/1.1",
            tls: None,
        });
        for (option, http) in [("--http1.1", "HTTP/1.1"), ("--http2", "HTTP/2")] {
            for (port, tls) in [
                (ports.tls, "TLSv1.3"),
                (ports.tls12, "TLSv1.2"),
                (ports.tls13, "TLSv1.3"),
            ] {
                ways.push(Way {
                    host,
                    port,
                    option,
                    http,
                    tls: Some(tls),
                });
            }
        }
    }
    ways
}

#[test]
fn nginx_is_described_on_every_way_to_it() {
    let site = Site::new();
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    every_way_is_described(&site, nginx.ports, "nginx");
}

#[test]
fn apache_is_described_on_every_way_to_it() {
    let site = Site::new();
    let Some(apache) = Apache::start(&site) else {
        return;
    };
    every_way_is_described(&site, apache.ports, "Apache");
}

fn every_way_is_described(site: &Site, ports: Ports, server: &str) {
    let root = site.authority.root();
    for way in ways(ports) {
        let scheme = if way.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}:{}/page.txt", way.host, way.port);
        let report = probe(&[way.option, "--cacert", &root, &url]).ok();
        the_run_is_described(&report);
        let exchange = report.only();
        the_exchange_is_described(exchange, &url, &way);
        the_messages_are_described(exchange, server, &way);
        the_phases_follow_each_other(exchange);
    }
}

fn the_run_is_described(report: &Report) {
    let json = &report.json;
    assert_eq!(json["schema"], "tapline/summary/1");
    assert_eq!(
        json["tool"],
        json!({"name": "tapline", "version": env!("CARGO_PKG_VERSION")})
    );
    let started = json["started_at"].as_str().expect("started_at");
    let fraction = started.split_once('.').expect("a fraction of a second").1;
    assert!(
        started.as_bytes()[10] == b'T' && fraction.len() == 10 && fraction.ends_with('Z'),
        "RFC 3339 with nanoseconds: {started}"
    );
    assert_eq!(json["capture"]["state"], "off");
}

fn the_exchange_is_described(exchange: &Value, url: &str, way: &Way) {
    assert_eq!(exchange["url"], url);
    assert_eq!(exchange["method"], "GET");
    assert_eq!(exchange["status"], 200);
    assert_eq!(exchange["http_version"], way.http, "{url}");
    assert_eq!(exchange["reused_connection"], false);
    assert_eq!(exchange["remote"], format!("{}:{}", way.host, way.port));
    assert!(
        exchange["local"]
            .as_str()
            .is_some_and(|local| local.starts_with(&format!("{}:", way.host))),
        "{exchange:#}"
    );
    let expected: &[&str] = match way.tls {
        Some(_) => &["connect", "tls", "send", "wait", "receive"],
        None => &["connect", "send", "wait", "receive"],
    };
    // A literal address is not looked up.
    assert_eq!(phase_names(exchange), expected, "{url}");
    let attempts = exchange["tcp"]["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (&attempts[0]["address"], &attempts[0]["outcome"]),
        (&exchange["remote"], &json!("connected"))
    );
    assert!(
        attempts[0]["duration_ns"]
            .as_u64()
            .is_some_and(|took| took > 0)
    );
    let tcp = &exchange["tcp"];
    assert!(tcp["mss"].as_u64().is_some_and(|mss| mss >= 536), "{tcp:#}");
    assert!(tcp["rtt_ns"].as_u64().is_some_and(|rtt| rtt > 0), "{tcp:#}");
    // On a busy machine a tail-loss probe may fire even on loopback (RFC 8985 §7), so that the
    // count need not be 0.
    assert!(tcp["retransmits"].is_u64(), "{tcp:#}");
    the_tls_is_described(&exchange["tls"], way);
}

fn the_tls_is_described(tls: &Value, way: &Way) {
    let Some(version) = way.tls else {
        assert_eq!(*tls, Value::Null);
        return;
    };
    assert_eq!(tls["version"], version);
    let suite = tls["cipher_suite"].as_str().expect("a cipher suite");
    assert_eq!(suite.contains("_WITH_"), version == "TLSv1.2", "{suite}");
    assert!(
        tls["key_exchange"]
            .as_str()
            .is_some_and(|group| !group.is_empty()),
        "{tls:#}"
    );
    assert_eq!(
        tls["alpn"],
        if way.http == "HTTP/2" {
            "h2"
        } else {
            "http/1.1"
        }
    );
    assert!(
        tls["handshake"] == "full" || tls["handshake"] == "hello_retry",
        "{tls:#}"
    );
    assert_eq!(tls["verified"], true);
    let chain = tls["certificates"].as_array().expect("certificates");
    assert_eq!(chain.len(), 2);
    let (leaf, intermediate) = (&chain[0], &chain[1]);
    assert!(
        leaf["subject"]
            .as_str()
            .is_some_and(|name| name.contains("Interop Leaf")),
        "{leaf:#}"
    );
    assert_eq!(leaf["issuer"], intermediate["subject"]);
    assert!(
        leaf["not_before"]
            .as_str()
            .is_some_and(|time| time.starts_with("2024-01-01T00:00:00")),
        "{leaf:#}"
    );
    assert!(
        leaf["not_after"]
            .as_str()
            .is_some_and(|time| time.starts_with("2080-01-01T00:00:00")),
        "{leaf:#}"
    );
    let digest = leaf["sha256"].as_str().expect("a digest");
    assert!(
        digest.len() == 64 && digest.bytes().all(|c| c.is_ascii_hexdigit()),
        "{digest}"
    );
}

fn the_messages_are_described(exchange: &Value, server: &str, way: &Way) {
    let (request, response) = (&exchange["request"], &exchange["response"]);
    assert!(
        request["header_bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes > 20),
        "{request:#}"
    );
    assert_eq!(request["body_bytes"], 0);
    let host = if way.http == "HTTP/2" {
        header(request, ":authority")
    } else {
        header(request, "host")
    };
    assert_eq!(host, Some(format!("{}:{}", way.host, way.port).as_str()));
    assert!(
        header(request, "user-agent").is_some_and(|agent| agent.starts_with("tapline/")),
        "{request:#}"
    );
    assert!(
        header(response, "server").is_some_and(|name| name.contains(server)),
        "{response:#}"
    );
    // HTTP/1.1 keeps the case of the wire, HTTP/2 has only lower case.
    let name = if way.http == "HTTP/2" {
        "content-length"
    } else {
        "Content-Length"
    };
    let headers = response["headers"].as_array().expect("headers");
    assert!(
        headers
            .iter()
            .any(|pair| pair[0] == name && pair[1] == "1024"),
        "{response:#}"
    );
    assert!(
        response["header_bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes > 20),
        "{response:#}"
    );
    assert_eq!(response["body_bytes"], PAGE);
    assert_eq!(response["decoded_bytes"], PAGE);
    assert_eq!(response["informational"], json!([]));
}

/// Each phase begins where the one before it ended, or later, and the last one ends with the
/// exchange. What lies between two phases is this program's own work. That it stays within 2 % of
/// the total is held where the total is long enough for a busy machine's scheduling not to be more
/// than that by itself: on the slow page and the large body.
fn the_phases_follow_each_other(exchange: &Value) {
    let mut end = exchange["start_ns"].as_i64().expect("a start");
    for phase in exchange["phases"]
        .as_array()
        .expect("phases")
        .iter()
        .filter(|phase| phase["clock"] == "app")
    {
        let (start, took) = (
            phase["start_ns"].as_i64().expect("a start"),
            phase["duration_ns"].as_i64().expect("a duration"),
        );
        assert!(
            start >= end,
            "{} begins before the phase before it has ended\n{exchange:#}",
            phase["name"]
        );
        end = start + took;
    }
    let whole = exchange["start_ns"]
        .as_i64()
        .zip(exchange["duration_ns"].as_i64())
        .map(|(start, took)| start + took);
    assert!(whole.is_some_and(|whole| whole >= end), "{exchange:#}");
    let total = exchange["curl"]["time_total"].as_f64().expect("a total") * 1e9;
    assert!(
        (total - exchange["duration_ns"].as_f64().unwrap_or_default()).abs() < 1000.0,
        "curl's total is the exchange's\n{exchange:#}"
    );
}

#[test]
fn the_phases_of_a_slow_page_sum_to_its_total() {
    let site = Site::new();
    let root = site.authority.root();
    let mut ports = Vec::new();
    let (nginx, apache) = (Nginx::start(&site), Apache::start(&site));
    ports.extend(nginx.as_ref().map(|server| server.ports));
    ports.extend(apache.as_ref().map(|server| server.ports));
    for ports in ports {
        for option in ["--http1.1", "--http2"] {
            let report = probe(&[
                option,
                "--cacert",
                &root,
                &format!("https://127.0.0.1:{}/slow", ports.tls),
            ])
            .ok();
            let exchange = report.only();
            let total = exchange["curl"]["time_total"].as_f64().expect("a total") * 1e9;
            let sum: f64 = phase_names(exchange)
                .iter()
                .filter_map(|name| phase(exchange, name))
                .sum();
            assert!(
                (total - sum).abs() <= total * 0.02,
                "phases sum to {sum} ns, the total is {total} ns\n{exchange:#}"
            );
        }
    }
}

#[test]
fn curl_marks_are_cumulative_and_in_order() {
    let site = Site::new();
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    let report = probe(&[
        "--cacert",
        &site.authority.root(),
        &format!("https://localhost:{}/page.txt", nginx.ports.tls),
    ])
    .ok();
    let exchange = report.only();
    let marks = [
        "time_namelookup",
        "time_connect",
        "time_appconnect",
        "time_pretransfer",
        "time_starttransfer",
        "time_total",
    ]
    .map(|name| {
        exchange["curl"][name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name}\n{exchange:#}"))
    });
    assert!(marks.is_sorted() && marks[0] > 0.0, "{marks:?}");
    assert!(
        phase_names(exchange).contains(&"dns"),
        "a name is looked up, in the hosts file too\n{exchange:#}"
    );
}

#[test]
fn captured_packets_agree_with_what_was_transferred() {
    if !is_root() {
        return skipped("only root may capture");
    }
    let site = Site::new();
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    let url = format!("http://127.0.0.1:{}/page.txt", nginx.ports.plain);
    let report = report(command(&[
        "probe",
        "--format",
        "json",
        "--capture",
        "on",
        &url,
    ]))
    .ok();
    let capture = &report.json["capture"];
    assert_eq!(
        (&capture["state"], &capture["interface"]),
        (&json!("on"), &json!("lo")),
        "{capture:#}"
    );
    assert!(
        capture["packets"]
            .as_u64()
            .is_some_and(|packets| packets >= 6),
        "{capture:#}"
    );
    assert_eq!(capture["dropped"], 0);
    assert!(capture["link_type"].is_string());
    let exchange = report.only();
    let (sent, received) = (
        &exchange["segments"]["sent"],
        &exchange["segments"]["received"],
    );
    let response = &exchange["response"];
    let message = response["header_bytes"]
        .as_u64()
        .zip(response["body_bytes"].as_u64())
        .map(|(head, body)| head + body);
    // What is sent again, which a busy machine brings about even on loopback, is payload once more.
    for (counts, message) in [
        (sent, exchange["request"]["header_bytes"].as_u64()),
        (received, message),
    ] {
        let (bytes, again) = (
            counts["payload_bytes"].as_u64(),
            counts["retransmitted"].as_u64(),
        );
        assert!(
            bytes == message || (again > Some(0) && bytes > message),
            "{exchange:#}"
        );
    }
    let wire: Vec<&Value> = exchange["phases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|phase| phase["clock"] == "wire")
        .collect();
    assert!(
        wire.iter().any(|phase| phase["name"] == "connect"),
        "{exchange:#}"
    );
}
