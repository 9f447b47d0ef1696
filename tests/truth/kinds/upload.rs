//! Uploads.

use std::time::Duration;

use super::bandwidth::rounds_of;
use super::{Case, Facts, fifteen_percent, loss::losses, own, think::thinks};
use crate::lab::Link;
use crate::server::Listening;
use crate::truth::Truth;

fn upload(
    kind: &'static str,
    about: &'static str,
    link: Link,
    bytes: usize,
    truth: impl Fn(&Facts<'_>) -> Truth + Send + Sync + 'static,
) -> Case {
    let file = format!("@bytes:{bytes}");
    Case::new(
        kind,
        about,
        link,
        &["--data-binary", &file, &own("http", "/")],
        truth,
    )
    .variant(format!("{bytes} bytes"))
    .served(Listening::default(), move |peer| {
        peer.read_head()?;
        peer.read_body(bytes, || {})?;
        peer.answer(300)
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, rate, rtt, bytes) in [
        ("upload_on_a_narrow_link", 1, 10, 100_000),
        ("upload_on_a_narrow_link", 1, 20, 150_000),
        ("upload_bandwidth", 2, 50, 300_000),
        ("upload_bandwidth", 5, 100, 500_000),
        ("upload_bandwidth", 5, 100, 800_000),
        ("upload_bandwidth", 10, 20, 400_000),
        ("upload_bandwidth", 10, 20, 1_000_000),
    ] {
        cases.push(limited(kind, rtt, rate, bytes));
    }
    for (share, rtt, seed) in [(1, 50, 1), (2, 40, 2), (3, 20, 3), (5, 40, 4), (3, 100, 5)] {
        cases.push(upload_loss(rtt, share, seed));
    }
    for rtt in [20, 60, 150] {
        cases.push(upload_slow_start(rtt));
        cases.push(think_after_an_upload(rtt));
        cases.push(early_answer(rtt));
        cases.push(continue_beside_the_answer(rtt));
    }
    cases
}

fn limited(kind: &'static str, rtt: u64, rate: u64, bytes: usize) -> Case {
    upload(
        kind,
        "An upload over a link with a limited rate.",
        Link::rtt(rtt).with("bandwidth", format!("{rate}mbit")),
        bytes,
        |facts| {
            let (excess, windows) = (facts.excess(), facts.waits_before());
            Truth::new().figure(
                "network",
                &["bandwidth"],
                excess + windows / 2,
                fifteen_percent(excess) + windows / 2,
            )
        },
    )
    .beside(&["bandwidth"])
}

fn upload_loss(rtt: u64, share: u64, seed: u64) -> Case {
    upload(
        "upload_loss",
        "An upload over a link that loses packets.",
        Link::rtt(rtt)
            .with("loss", format!("{share}%"))
            .with("seed", seed),
        200_000,
        losses,
    )
    .beside(&["loss"])
}

fn upload_slow_start(rtt: u64) -> Case {
    upload(
        "upload_slow_start",
        "An upload that is larger than the initial window.",
        Link::rtt(rtt),
        80_000,
        |facts| {
            let waits = facts.rtt * rounds_of(80_000);
            Truth::new()
                .figure(
                    "network",
                    &["congestion_window"],
                    waits,
                    fifteen_percent(waits),
                )
                .at_most("server", Duration::from_millis(3))
        },
    )
}

fn think_after_an_upload(rtt: u64) -> Case {
    upload(
        "think_after_an_upload",
        "The server takes 300 ms after the last byte of an upload.",
        Link::rtt(rtt),
        20_000,
        thinks,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.read_body(20_000, || {})?;
        peer.think(300);
        peer.answer(300)
    })
}

fn early_answer(rtt: u64) -> Case {
    upload(
        "early_answer",
        "The server refuses an upload 200 ms after its head, with most of it unread.",
        Link::rtt(rtt),
        5_000_000,
        |facts| {
            let think = facts.log.time("think");
            Truth::new()
                .figure(
                    "server",
                    &["think", "window"],
                    think,
                    facts.near(think) + facts.rtt,
                )
                .at_most("server", think + facts.rtt)
        },
    )
    .served(
        Listening {
            receive_buffer: Some(32_768),
            ..Listening::default()
        },
        |peer| {
            peer.read_head()?;
            peer.think(200);
            peer.send(
                b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            )
        },
    )
}

fn continue_beside_the_answer(rtt: u64) -> Case {
    upload(
        "continue_beside_the_answer",
        "100 comes at once, the answer 300 ms later.",
        Link::rtt(rtt),
        5_000,
        thinks,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        peer.read_body(5_000, || {})?;
        peer.think(300);
        peer.answer(300)
    })
}
