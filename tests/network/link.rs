//! The link: delay, losses, the size of segments, and changes while it runs.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::geteuid;

use super::place::{TAPLINE, is_possible, lab, phase, probed, within};

#[test]
fn every_round_trip_takes_as_long_as_was_asked() {
    if !is_possible("delay") {
        return;
    }
    let document = probed(&["--rtt", "40ms"], &["https://api.lab.test/users"]);
    assert_eq!(document["outcome"]["status"], "ok", "{document:#}");
    for (name, round_trips) in [("dns", 1.0), ("connect", 1.0), ("tls", 1.0), ("wait", 1.0)] {
        for clock in ["app", "wire"] {
            let took = phase(&document, name, clock);
            assert!(
                took >= 40.0 * round_trips - 1.0,
                "{name} took {took} ms on the {clock} clock"
            );
        }
    }
    assert_eq!(document["link"]["round_trip_ns"], 40_000_000);
    let older = probed(
        &["--rtt", "40ms"],
        &["--tls-max", "1.2", "https://api.lab.test/users"],
    );
    assert!(
        phase(&older, "tls", "wire") >= 79.0,
        "TLS 1.2 takes two round trips"
    );
}

#[test]
fn segments_are_no_larger_than_the_link_carries() {
    if !is_possible("segments") {
        return;
    }
    // 1500 less 20 of IPv4 or 40 of IPv6, 20 of TCP and 12 of its timestamps.
    for (family, mtu, largest) in [
        ("-4", "1500", 1_448),
        ("-6", "1500", 1_428),
        ("-4", "1300", 1_248),
    ] {
        let document = probed(
            &["--rtt", "1ms", "--mtu", mtu],
            &[
                family,
                "-o",
                "/dev/null",
                "http://api.lab.test/bytes/300000",
            ],
        );
        let received = &document["exchanges"][0]["segments"]["received"];
        assert_eq!(received["max_payload"], largest, "{document:#}");
        assert!(
            received["data_segments"].as_u64().unwrap() >= 300_000 / largest,
            "{received}"
        );
    }
}

#[test]
fn the_link_is_changed_while_it_runs() {
    if !is_possible("changes") {
        return;
    }
    let tapline = TAPLINE.to_str().unwrap();
    let script = format!(
        "{tapline} lab set --rtt 30ms --loss 0.5% --bandwidth 10mbit --mtu 1400 --congestion reno \
            && {tapline} lab set --bandwidth unlimited \
         && ! {tapline} lab set --congestion nonesuch 2>&1"
    );
    let told = within(&["--rtt", "0ms"], &["sh", "-c", &script]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines[0],
        "link RTT 30.0 ms · loss 0.5 % · 10 Mbit/s · MTU 1400 · reno"
    );
    assert_eq!(lines[2], "link RTT 30.0 ms · loss 0.5 % · MTU 1400 · reno");
    assert!(told.contains("nonesuch"), "{told}");
}

#[test]
fn the_link_is_changed_from_outside() {
    if !is_possible("changes from outside") {
        return;
    }
    let tapline = TAPLINE.to_str().unwrap();
    let script = format!("read go; {tapline} lab set");
    let program = lab(&["--rtt", "0ms", "--", "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let user = if geteuid().is_root() {
        65_534
    } else {
        geteuid().as_raw()
    };
    let name = format!("tapline-lab-{user}-{}", program.id());
    let deadline = Instant::now() + Duration::from_secs(30);
    let change = || {
        Command::new(&*TAPLINE)
            .args(["lab", "set", "--lab", &name, "--rtt", "30ms"])
            .output()
            .unwrap()
    };
    let mut changed = change();
    while !changed.status.success() && Instant::now() < deadline {
        changed = change();
    }
    // Its standard input ends, which the program has waited for.
    let told = program.wait_with_output().unwrap();
    assert!(
        changed.status.success(),
        "{}",
        String::from_utf8_lossy(&changed.stderr)
    );
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.starts_with("link RTT 30.0 ms"), "{told}");
}

#[test]
fn what_is_lost_is_sent_again_and_all_arrives() {
    if !is_possible("losses") {
        return;
    }
    let document = probed(
        &["--rtt", "10ms", "--loss", "5%"],
        &["-o", "/dev/null", "http://api.lab.test/bytes/300000"],
    );
    let exchange = &document["exchanges"][0];
    assert_eq!(exchange["response"]["body_bytes"], 300_000, "{document:#}");
    let again = |side: &str| {
        exchange["segments"][side]["retransmitted"]
            .as_u64()
            .unwrap()
    };
    assert!(again("sent") + again("received") > 0, "{exchange:#}");
}
