//! What fails on purpose fails with the verdict it should.

use super::place::{has, is_possible, probed, run};

#[test]
fn curl_refuses_each_bad_certificate() {
    if !is_possible("verdicts") || !has("curl") {
        return;
    }
    // 60: the peer's certificate cannot be trusted; 35: the handshake failed; 7: refused.
    for (url, code) in [
        ("https://expired.lab.test/users", 60),
        ("https://not-yet-valid.lab.test/users", 60),
        ("https://wrong-host.lab.test/users", 60),
        ("https://self-signed.lab.test/users", 60),
        ("https://incomplete-chain.lab.test/users", 60),
        ("https://reset.lab.test/", 35),
        ("https://refused.lab.test/", 7),
    ] {
        let output = run(
            &["--rtt", "0ms"],
            &["curl", "-sS", "-o", "/dev/null", "--max-time", "20", url],
        );
        assert_eq!(
            output.status.code(),
            Some(code),
            "{url}: {}",
            super::place::told(&output)
        );
    }
}

#[test]
fn each_failure_has_its_name() {
    if !is_possible("failures") {
        return;
    }
    for (url, phase, code) in [
        (
            "https://expired.lab.test/users",
            "tls",
            "tls_certificate_expired",
        ),
        (
            "https://wrong-host.lab.test/users",
            "tls",
            "tls_certificate_wrong_host",
        ),
        ("https://dropped.lab.test/", "connect", "connect_timeout"),
        ("https://stalled.lab.test/", "tls", "tls_timeout"),
        ("https://refused.lab.test/", "connect", "connect_refused"),
        ("https://nowhere.lab.test/", "dns", "dns_no_such_name"),
        ("https://servfail.lab.test/", "dns", "dns_server_failure"),
    ] {
        let document = probed(&["--rtt", "0ms"], &["--connect-timeout", "2", url]);
        assert_eq!(
            (
                &document["outcome"]["failed_phase"],
                &document["outcome"]["error"]["code"]
            ),
            (&phase.into(), &code.into()),
            "{url}"
        );
    }
}

#[test]
fn a_host_whose_ipv6_is_dead_is_reached_over_ipv4() {
    if !is_possible("happy eyeballs") {
        return;
    }
    let document = probed(&["--rtt", "5ms"], &["https://v6dead.lab.test/users"]);
    assert_eq!(document["outcome"]["status"], "ok", "{document:#}");
    let exchange = &document["exchanges"][0];
    assert!(
        exchange["remote"].as_str().unwrap().starts_with("10.77.0."),
        "{exchange:#}"
    );
    assert_eq!(
        exchange["tcp"]["attempts"].as_array().unwrap().len(),
        2,
        "{exchange:#}"
    );
}
