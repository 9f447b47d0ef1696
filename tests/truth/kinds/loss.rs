//! Packets that are lost, late or out of order.

use std::time::Duration;

use super::bandwidth::{SEGMENT, download};
use super::{Case, Facts, OWN_PORT, fifteen_percent, own};
use crate::lab::Link;
use crate::server::{Listening, Peer, Tls, answer, body, head, listen};
use crate::truth::Truth;

/// All that losses do: the waits for them, and smaller flights after them.
const LOSSES: &[&str] = &["loss", "timeout", "congestion_window/after_loss"];

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

/// Waits until packets that were written are on the link, which is a pause of the server's.
fn until_on_the_link(peer: &Peer) {
    peer.pause(3);
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (share, rtt) in [(1, 20), (1, 100), (2, 50), (3, 20), (3, 50), (5, 40)] {
        for seed in 1..=3 {
            let case = Case::new(
                "loss",
                "A download over a link that loses packets.",
                Link::rtt(rtt)
                    .with("loss", format!("{share}%"))
                    .with("seed", seed),
                &[&own("http", "/")],
                losses,
            );
            cases.push(download(Listening::default(), 300_000)(case).beside(&["loss"]));
        }
    }
    for (share, rtt, seed) in [(1, 50, 4), (3, 30, 5), (5, 60, 6)] {
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
        cases.push(download(how, 200_000)(case).beside(&["loss"]));
    }
    for (share, rate, rtt, seed) in [(1, 5, 20, 7), (2, 10, 40, 8)] {
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
                let causes = [LOSSES, &["bandwidth", "congestion_window", "queueing"]].concat();
                Truth::new().figure("network", &causes, network, fifteen_percent(network))
            },
        );
        cases.push(download(Listening::default(), 500_000)(case).beside(&["loss"]));
    }
    for (share, rtt) in [(2, 40), (5, 40), (5, 100)] {
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
        cases.push(download(Listening::default(), 200_000)(case).beside(&["reorder"]));
    }
    for share in [5, 20] {
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
        cases.push(download(Listening::default(), 80_000)(case));
    }
    for (rtt, jitter) in [(40, 10), (100, 30)] {
        cases.push(
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
            }),
        );
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
        cases.push(download(Listening::default(), 150_000)(case));
    }
    cases.extend(at_certain_instants());
    cases
}

/// A timer is what a run waits for beyond the same run without the loss.
fn timed_out(facts: &Facts<'_>) -> Truth {
    let excess = facts.excess();
    Truth::new()
        .figure(
            "network",
            &["timeout", "loss"],
            excess,
            fifteen_percent(excess),
        )
        .and_also("server", facts.log.time("pause"))
}

fn at_certain_instants() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [20, 60, 150] {
        cases.push(
            Case::new(
                "lost_end",
                "The last segment of a body is lost, so that only a timer finds it missing.",
                Link::rtt(rtt),
                &[&own("http", "/")],
                timed_out,
            )
            .stage(|lab, log| {
                let link = lab.link();
                vec![listen(
                    lab,
                    OWN_PORT,
                    Listening::default(),
                    log,
                    move |peer| {
                        peer.read_head()?;
                        let bytes = answer(9_000);
                        let (before, lost) = bytes.split_at(6 * SEGMENT);
                        peer.send_more(before)?;
                        until_on_the_link(peer);
                        link.drop_all(!peer.log.is_baseline);
                        peer.send(lost)?;
                        until_on_the_link(peer);
                        link.drop_all(false);
                        Ok(())
                    },
                )]
            })
            .beside(&[]),
        );
        cases.push(
            Case::new(
                "lost_segment",
                "One segment in the middle of a flight is lost; acknowledgments find it missing.",
                Link::rtt(rtt),
                &[&own("http", "/")],
                |facts| {
                    let excess = facts.excess();
                    Truth::new()
                        .figure("network", &["loss"], excess, fifteen_percent(excess))
                        .and_also("server", facts.log.time("pause"))
                },
            )
            .stage(|lab, log| {
                let link = lab.link();
                vec![listen(
                    lab,
                    OWN_PORT,
                    Listening::default(),
                    log,
                    move |peer| {
                        peer.read_head()?;
                        peer.send(&[head(12_000).as_bytes(), &body(3_000)].concat())?;
                        until_on_the_link(peer);
                        link.drop_all(!peer.log.is_baseline);
                        peer.send(&body(1_000))?;
                        until_on_the_link(peer);
                        link.drop_all(false);
                        peer.send(&body(8_000))
                    },
                )]
            })
            .beside(&[]),
        );
        cases.push(
            Case::new(
                "lost_beginning",
                "The first segment of an answer is lost, and those after it find it missing.",
                Link::rtt(rtt),
                &[&own("http", "/")],
                |facts| {
                    let excess = facts.excess();
                    Truth::new()
                        .figure("network", &["loss"], excess, fifteen_percent(excess))
                        .and_also("server", facts.log.time("pause") * 2)
                },
            )
            .stage(|lab, log| {
                let link = lab.link();
                vec![listen(
                    lab,
                    OWN_PORT,
                    Listening::default(),
                    log,
                    move |peer| {
                        let bytes = answer(9_000);
                        let (lost, after) = bytes.split_at(SEGMENT);
                        peer.read_head()?;
                        link.drop_all(!peer.log.is_baseline);
                        peer.send_more(lost)?;
                        until_on_the_link(peer);
                        link.drop_all(false);
                        peer.send(after)
                    },
                )]
            })
            .beside(&[]),
        );
        cases.push(
            Case::new(
                "lost_request",
                "The second request on a connection is lost and sent again after a timer.",
                Link::rtt(rtt.max(60)),
                &["-L", &own("http", "/first")],
                timed_out,
            )
            .stage(move |lab, log| {
                let link = lab.link();
                let half = Duration::from_millis(rtt.max(60) / 2);
                vec![listen(
                    lab,
                    OWN_PORT,
                    Listening::default(),
                    log,
                    move |peer| {
                        peer.read_head()?;
                        peer.send(
                            b"HTTP/1.1 302 Found\r\nLocation: /second\r\nContent-Length: 0\r\n\r\n",
                        )?;
                        until_on_the_link(peer);
                        link.drop_all(!peer.log.is_baseline);
                        std::thread::sleep(half + Duration::from_millis(10));
                        link.drop_all(false);
                        peer.read_head()?;
                        peer.answer(300)
                    },
                )]
            })
            .beside(&[]),
        );
    }
    for rtt in [20, 100] {
        cases.push(
            Case::new(
                "lost_syn",
                "The first SYN is lost.",
                Link::rtt(rtt),
                &["http://10.77.0.10/users"],
                |facts| {
                    let excess = facts.excess();
                    Truth::new().figure("network", &["timeout"], excess, facts.near(excess))
                },
            )
            .acts(|lab, log| {
                let (link, lossy) = (lab.link(), !log.is_baseline);
                link.drop_all(lossy);
                Box::new(move || {
                    std::thread::sleep(Duration::from_millis(400));
                    link.drop_all(false);
                })
            })
            .beside(&[]),
        );
    }
    for (kind, about, scheme, (from, to)) in [
        (
            "lost_syn_ack",
            "The first SYN-ACK is lost.",
            "http",
            (50, 170),
        ),
        (
            "lost_client_hello",
            "The ClientHello is lost, and the acknowledgment before it.",
            "https",
            (150, 290),
        ),
    ] {
        cases.push(
            Case::new(
                kind,
                about,
                Link::rtt(200),
                &["-k", &format!("{scheme}://10.77.0.10/users")],
                |facts| {
                    let excess = facts.excess();
                    Truth::new()
                        .figure("network", &["timeout"], excess, facts.near(excess))
                        .and_also("server", Duration::from_millis(8))
                },
            )
            .acts(move |lab, log| {
                let (link, lossy) = (lab.link(), !log.is_baseline);
                Box::new(move || {
                    std::thread::sleep(Duration::from_millis(from));
                    link.drop_all(lossy);
                    std::thread::sleep(Duration::from_millis(to - from));
                    link.drop_all(false);
                })
            })
            .beside(&[]),
        );
    }
    cases.push(
        Case::new(
            "spurious_timeout",
            "The link's delay rises tenfold for a moment, and the server's timer is early.",
            Link::rtt(40),
            &[&own("http", "/")],
            |facts| {
                let excess = facts.excess();
                Truth::new().figure(
                    "network",
                    &[
                        "queueing",
                        "timeout",
                        "loss",
                        "congestion_window/after_loss",
                    ],
                    excess,
                    fifteen_percent(excess) + facts.rtt,
                )
            },
        )
        .stage(|lab, log| {
            let link = lab.link();
            vec![listen(
                lab,
                OWN_PORT,
                Listening::default(),
                log,
                move |peer| {
                    peer.read_head()?;
                    peer.send(&[head(30_000).as_bytes(), &body(10_000)].concat())?;
                    until_on_the_link(peer);
                    if !peer.log.is_baseline {
                        link.set_round_trip(Duration::from_millis(800));
                    }
                    peer.send(&body(10_000))?;
                    until_on_the_link(peer);
                    link.set_round_trip(Duration::from_millis(40));
                    peer.send(&body(10_000))
                },
            )]
        })
        .beside(&[]),
    );
    cases
}
