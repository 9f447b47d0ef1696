//! A link's rate, a sender that paces itself, and a window of congestion that grows.

use std::time::Duration;

use super::{Case, Facts, fifteen_percent, own};
use crate::lab::Link;
use crate::server::{Listening, Tls, answer};
use crate::truth::Truth;

/// Bytes of a segment on a link with Ethernet's MTU.
pub(super) const SEGMENT: usize = 1_448;
/// Segments of the initial window (RFC 6928).
const INITIAL_WINDOW: usize = 10;

/// Answers a request with so many bytes.
pub(super) fn download(how: Listening, bytes: usize) -> impl Fn(Case) -> Case {
    move |case| {
        case.variant(format!("{bytes} bytes"))
            .served(how.clone(), move |peer| {
                let answer = answer(bytes);
                peer.read_head()?;
                peer.send(&answer)
            })
    }
}

/// Round trips that a transfer of so many bytes waits for its window after the first flight.
pub(super) fn rounds_of(bytes: usize) -> u32 {
    let (mut sent, mut window, mut rounds) = (INITIAL_WINDOW, INITIAL_WINDOW, 0);
    while sent * SEGMENT < bytes {
        window *= 2;
        sent += window;
        rounds += 1;
    }
    rounds
}

/// The link's rate is what a run took longer than on a link without limit.
fn limited(facts: &Facts<'_>) -> Truth {
    let excess = facts.excess();
    let windows = facts.waits_before();
    let paced = facts.baseline.map_or(Duration::ZERO, |found| {
        found.caused_by("network", &["bandwidth"])
    });
    Truth::new().figure(
        "network",
        &["bandwidth"],
        excess + paced + windows / 2,
        fifteen_percent(excess) + windows / 2,
    )
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (rate, rtt) in [(1, 10), (1, 20), (2, 10)] {
        let case = Case::new(
            "narrow_link",
            "A download over a link that takes a good part of the round trip for a segment.",
            Link::rtt(rtt).with("bandwidth", format!("{rate}mbit")),
            &[&own("http", "/")],
            limited,
        );
        cases.push(download(Listening::default(), 120_000)(case).beside(&["bandwidth"]));
    }
    for (rate, rtt, bytes) in [
        (1, 100, 200_000),
        (2, 50, 400_000),
        (5, 20, 500_000),
        (5, 100, 1_000_000),
        (10, 20, 1_000_000),
        (10, 50, 2_000_000),
        (20, 10, 1_500_000),
        (20, 100, 4_000_000),
        (50, 10, 3_000_000),
    ] {
        let case = Case::new(
            "bandwidth",
            "A download over a link with a limited rate.",
            Link::rtt(rtt).with("bandwidth", format!("{rate}mbit")),
            &[&own("http", "/")],
            limited,
        );
        cases.push(download(Listening::default(), bytes)(case).beside(&["bandwidth"]));
    }
    for (rate, rtt, bytes) in [(2, 40, 300_000), (10, 20, 1_000_000), (20, 50, 2_000_000)] {
        cases.push(
            Case::new(
                "bandwidth_http2",
                "A download over HTTP/2 and a link with a limited rate.",
                Link::rtt(rtt).with("bandwidth", format!("{rate}mbit")),
                &["-k", &format!("https://10.77.0.10/bytes/{bytes}")],
                |facts| limited(facts).at_most("server", Duration::from_millis(8)),
            )
            .variant(format!("{bytes} bytes"))
            .beside(&["bandwidth"]),
        );
    }
    for (rtt, bytes) in [(20, 500_000), (50, 1_000_000)] {
        let case = Case::new(
            "paced_sender",
            "A sender that paces itself (BBR) on a link with a limited rate.",
            Link::rtt(rtt)
                .with("congestion", "bbr")
                .with("bandwidth", "5mbit"),
            &[&own("http", "/")],
            limited,
        );
        cases.push(download(Listening::default(), bytes)(case).beside(&["bandwidth"]));
    }
    cases.extend(slow_start());
    cases
}

/// The window of congestion is what a transfer waits for where nothing else limits it.
fn windows(bytes: usize, server: u64) -> impl Fn(&Facts<'_>) -> Truth {
    move |facts| {
        let waits = facts.rtt * rounds_of(bytes);
        Truth::new()
            .figure(
                "network",
                &["congestion_window"],
                waits,
                fifteen_percent(waits),
            )
            .at_most("server", Duration::from_millis(server))
    }
}

fn slow_start() -> Vec<Case> {
    let mut cases = Vec::new();
    for (family, url) in [
        ("IPv4", "http://10.77.0.10/bytes/70000"),
        ("IPv6", "http://[fd77::a]/bytes/70000"),
    ] {
        cases.push(
            Case::new(
                "slow_start_in_small_segments",
                "A download over a link whose packets are small.",
                Link::rtt(50).with("mtu", 1_280),
                &[url],
                windows(70_000, 3),
            )
            .variant(family),
        );
    }
    for rtt in [20, 60, 150] {
        for bytes in [30_000, 80_000, 170_000] {
            let case = Case::new(
                "slow_start",
                "A download that is larger than the initial window; HTTP/1.1 without TLS.",
                Link::rtt(rtt),
                &[&own("http", "/")],
                windows(bytes, 2),
            );
            cases.push(download(Listening::default(), bytes)(case));
        }
        for record in [1_024, 4_096, 16_384] {
            let tls = Tls {
                record: Some(record),
                ..Tls::default()
            };
            let how = Listening {
                tls: Some(tls),
                ..Listening::default()
            };
            let case = Case::new(
                "slow_start_in_records",
                "A download in TLS records of one size, of which flights end within.",
                Link::rtt(rtt),
                &["-k", &own("https", "/")],
                windows(80_000, 8),
            );
            cases.push(download(how, 80_000)(case).variant(format!("records of {record}")));
        }
        cases.push(Case::new(
            "slow_start_http2",
            "A download over HTTP/2 whose first record is larger than the first flight.",
            Link::rtt(rtt),
            &["-k", "https://10.77.0.10/bytes/170000"],
            windows(170_000, 8),
        ));
    }
    cases
}
