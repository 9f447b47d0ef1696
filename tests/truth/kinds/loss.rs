//! Packets that are lost, late or out of order.

use std::time::Duration;

use super::bandwidth::download;
use super::{Case, Facts, fifteen_percent, own};
use crate::lab::Link;
use crate::server::{Listening, Tls};
use crate::truth::Truth;

/// All that losses do: the waits for them, and smaller flights after them.
pub(super) const LOSSES: &[&str] = &["loss", "timeout", "congestion_window/after_loss"];

/// What a run took longer than without losses, where slow start may have been cut short by one.
pub(super) fn losses(facts: &Facts<'_>) -> Truth {
    let excess = facts.excess();
    let windows = facts.congestion_windows_before();
    Truth::new().figure(
        "network",
        LOSSES,
        excess + windows / 2,
        fifteen_percent(excess) + windows / 2,
    )
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (share, rtt) in [(1, 20), (1, 100), (2, 50), (3, 20), (3, 50), (5, 40)] {
        for seed in 1..=4 {
            cases.push(loss(share, rtt, seed));
        }
    }
    for (share, rtt, seed) in [(1, 50, 4), (3, 30, 5), (5, 60, 6)] {
        cases.push(loss_in_records(share, rtt, seed));
    }
    for (share, rate, rtt, seed) in [(1, 5, 20, 7), (2, 10, 40, 8)] {
        cases.push(loss_on_a_narrow_link(share, rate, rtt, seed));
    }
    for (share, rtt) in [(2, 40), (5, 40), (5, 100)] {
        cases.push(reordering(share, rtt));
    }
    for share in [5, 20] {
        cases.push(duplicates(share));
    }
    for (rtt, jitter) in [(40, 10), (100, 30)] {
        cases.push(jitter_beside_think(rtt, jitter));
        cases.push(jitter_in_a_body(rtt, jitter));
    }
    cases
}

fn loss(share: u64, rtt: u64, seed: u64) -> Case {
    let case = Case::new(
        "loss",
        "A download over a link that loses packets.",
        Link::rtt(rtt)
            .with("loss", format!("{share}%"))
            .with("seed", seed),
        &[&own("http", "/")],
        losses,
    );
    download(Listening::default(), 300_000)(case).beside(&["loss"])
}

fn loss_in_records(share: u64, rtt: u64, seed: u64) -> Case {
    let case = Case::new(
        "loss_in_records",
        "A download over TLS and a link that loses packets.",
        Link::rtt(rtt)
            .with("loss", format!("{share}%"))
            .with("seed", seed),
        &["-k", &own("https", "/")],
        |facts| losses(facts).at_most("server", Duration::from_millis(8)),
    );
    let how = Listening {
        tls: Some(Tls::default()),
        ..Listening::default()
    };
    download(how, 200_000)(case).beside(&["loss"])
}

fn loss_on_a_narrow_link(share: u64, rate: u64, rtt: u64, seed: u64) -> Case {
    let case = Case::new(
        "loss_on_a_narrow_link",
        "A download over a narrow link that loses packets.",
        Link::rtt(rtt)
            .with("bandwidth", format!("{rate}mbit"))
            .with("loss", format!("{share}%"))
            .with("seed", seed),
        &[&own("http", "/")],
        |facts| {
            let network = facts.run.total.saturating_sub(facts.rtt * 2);
            let all = [LOSSES, &["bandwidth", "congestion_window", "queueing"]].concat();
            Truth::new().figure("network", &all, network, fifteen_percent(network))
        },
    );
    download(Listening::default(), 500_000)(case).beside(&["loss"])
}

fn reordering(share: u64, rtt: u64) -> Case {
    let case = Case::new(
        "reordering",
        "A download over a link that holds packets back for a quarter of the round trip.",
        Link::rtt(rtt)
            .with("reorder", format!("{share}%"))
            .with("seed", share),
        &[&own("http", "/")],
        |facts| {
            let waits = facts.excess() + facts.congestion_windows_before();
            Truth::new()
                .figure(
                    "network",
                    &["queueing", "congestion_window"],
                    waits,
                    fifteen_percent(waits),
                )
                .figure("network", &["loss", "timeout"], Duration::ZERO, waits / 50)
        },
    );
    download(Listening::default(), 200_000)(case).beside(&["reorder"])
}

fn duplicates(share: u64) -> Case {
    let case = Case::new(
        "duplicates",
        "A download over a link that delivers packets twice.",
        Link::rtt(40).with("duplicate", format!("{share}%")),
        &[&own("http", "/")],
        |facts| {
            let waits = facts.rtt * 2;
            Truth::new()
                .figure(
                    "network",
                    &["congestion_window"],
                    waits,
                    fifteen_percent(waits),
                )
                .figure("network", &["loss", "timeout"], Duration::ZERO, waits / 50)
        },
    );
    download(Listening::default(), 80_000)(case)
}

fn jitter_in_a_body(rtt: u64, jitter: u64) -> Case {
    let case = Case::new(
        "jitter_in_a_body",
        "A download over a link whose delay varies.",
        Link::rtt(rtt).with("jitter", format!("{jitter}ms")),
        &[&own("http", "/")],
        |_| {
            Truth::new().figure(
                "network",
                &["loss", "timeout"],
                Duration::ZERO,
                Duration::from_millis(5),
            )
        },
    );
    download(Listening::default(), 150_000)(case)
}

fn jitter_beside_think(rtt: u64, jitter: u64) -> Case {
    Case::new(
        "jitter_beside_think",
        "The delay of each packet varies, and the server takes 150 ms.",
        Link::rtt(rtt).with("jitter", format!("{jitter}ms")),
        &[&own("http", "/")],
        move |facts| {
            let think = facts.log.time("think");
            let late = Duration::from_millis(2 * jitter);
            Truth::new()
                .figure("server", &["think"], think, facts.near(think) + late)
                .at_most("server", think + late)
        },
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.think(150);
        peer.answer(300)
    })
}
