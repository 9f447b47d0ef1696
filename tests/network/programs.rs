//! Programs that know nothing of the lab work in it: names, certificates, capture.

use super::place::{has, is_possible, run, told, within};

const NEAR: [&str; 2] = ["--rtt", "0ms"];

#[test]
fn curl_over_http_1_and_2() {
    if !is_possible("curl") || !has("curl") {
        return;
    }
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let told = within(
            &NEAR,
            &[
                "curl",
                "-sS",
                flag,
                "-o",
                "/dev/null",
                "-w",
                "%{http_code} %{http_version}",
                "https://api.lab.test/users",
            ],
        );
        assert_eq!(told, format!("200 {version}"));
    }
    assert!(within(&NEAR, &["curl", "-sS", "http://api.lab.test/users"]).contains("\"id\""));
}

#[test]
fn curl_through_each_proxy() {
    if !is_possible("proxies") || !has("curl") {
        return;
    }
    for proxy in [
        "http://proxy.lab.test:3128",
        "socks5h://proxy.lab.test:1080",
        "socks5h://class:lab@proxy.lab.test:1080",
    ] {
        for url in ["https://api.lab.test/users", "http://api.lab.test/users"] {
            let told = within(
                &NEAR,
                &[
                    "curl",
                    "-sS",
                    "-x",
                    proxy,
                    "-o",
                    "/dev/null",
                    "-w",
                    "%{http_code}",
                    url,
                ],
            );
            assert_eq!(told, "200", "{url} through {proxy}");
        }
    }
    let balanced = "for i in 1 2 3; do curl -sS https://balanced.lab.test/; done";
    let told = within(&NEAR, &["sh", "-c", balanced]);
    assert!(
        ["backend1", "backend2", "backend3"]
            .iter()
            .all(|backend| told.contains(backend)),
        "{told}"
    );
}

#[test]
fn dig_asks_the_labs_name_server() {
    if !is_possible("dig") || !has("dig") {
        return;
    }
    assert_eq!(
        within(&NEAR, &["dig", "+short", "ns.lab.test"]).trim(),
        "10.77.0.53"
    );
    assert!(within(&NEAR, &["dig", "nowhere.lab.test"]).contains("NXDOMAIN"));
}

#[test]
fn ping_measures_the_links_round_trip() {
    if !is_possible("ping") || !has("ping") {
        return;
    }
    let told = within(&["--rtt", "30ms"], &["ping", "-c", "1", "api.lab.test"]);
    let time: f64 = told
        .split("time=")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("{told}"));
    assert!(time >= 30.0, "{told}");
}

#[test]
fn openssl_finds_the_chain_good() {
    if !is_possible("openssl") || !has("openssl") {
        return;
    }
    let told = within(
        &NEAR,
        &[
            "openssl",
            "s_client",
            "-connect",
            "api.lab.test:443",
            "-verify_return_error",
            "-brief",
        ],
    );
    let all = told
        + &self::told(&run(
            &NEAR,
            &[
                "openssl",
                "s_client",
                "-connect",
                "api.lab.test:443",
                "-verify_return_error",
                "-brief",
            ],
        ));
    assert!(all.contains("Verification: OK"), "{all}");
}

#[test]
fn nc_talks_to_the_key_value_server() {
    if !is_possible("nc") || !has("nc") {
        return;
    }
    let told = within(
        &NEAR,
        &[
            "sh",
            "-c",
            "printf 'SET a 1\\nGET a\\n' | nc -q 1 -w 5 kv.lab.test 7000",
        ],
    );
    assert!(told.lines().any(|line| line.contains('1')), "{told}");
}

#[test]
fn tcpdump_captures_without_a_right_of_its_own() {
    if !is_possible("tcpdump") || !has("tcpdump") || !has("curl") {
        return;
    }
    let script = "log=$(mktemp); tcpdump -i eth0 -n -c 3 -l tcp port 80 2>$log & while ! grep -q \
        listening $log; do kill -0 $! || exit; done; \
                  curl -sS -o /dev/null http://api.lab.test/users; wait; rm $log";
    let told = within(&NEAR, &["sh", "-c", script]);
    assert!(
        told.contains("Flags [S]") && told.contains("Flags [S.]"),
        "{told}"
    );
}

#[test]
fn the_machines_own_files_stay_as_they_are() {
    if !is_possible("files") {
        return;
    }
    let before = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let inside = within(&NEAR, &["cat", "/etc/resolv.conf"]);
    assert!(inside.contains("10.77.0.53"), "{inside}");
    assert_eq!(
        std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default(),
        before
    );
}

#[test]
fn the_lab_has_no_way_out() {
    if !is_possible("routes") || !has("ip") {
        return;
    }
    // An address for documentation (RFC 5737): a route to it would be a way out. Nothing is sent.
    let output = run(&NEAR, &["ip", "route", "get", "192.0.2.1"]);
    assert!(!output.status.success(), "{}", told(&output));
}
