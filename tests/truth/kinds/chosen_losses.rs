//! Packets that are lost at a chosen instant, and a delay that rises for a moment.

use std::time::Duration;

use super::bandwidth::SEGMENT;
use super::{Case, Facts, OWN_PORT, fifteen_percent, own};
use crate::lab::Link;
use crate::server::{Listening, Peer, answer, body, head, listen};
use crate::truth::Truth;

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

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [60, 150, 20] {
        cases.push(lost_end(rtt));
        cases.push(lost_segment(rtt));
        cases.push(lost_beginning(rtt));
        cases.push(lost_request(rtt));
    }
    for rtt in [20, 100] {
        cases.push(lost_syn(rtt));
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
        cases.push(lost_in_the_handshake(scheme, kind, from, to, about));
    }
    cases.push(spurious_timeout());
    cases
}

fn lost_end(rtt: u64) -> Case {
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
    .beside(&[])
}

fn lost_segment(rtt: u64) -> Case {
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
    .beside(&[])
}

fn lost_beginning(rtt: u64) -> Case {
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
    .beside(&[])
}

fn lost_request(rtt: u64) -> Case {
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
                peer.send(b"HTTP/1.1 302 Found\r\nLocation: /second\r\nContent-Length: 0\r\n\r\n")?;
                until_on_the_link(peer);
                link.drop_all(!peer.log.is_baseline);
                std::thread::sleep(half + Duration::from_millis(10));
                link.drop_all(false);
                peer.read_head()?;
                peer.answer(300)
            },
        )]
    })
    .beside(&[])
}

fn lost_syn(rtt: u64) -> Case {
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
    .beside(&[])
}

fn lost_in_the_handshake(
    scheme: &'static str,
    kind: &'static str,
    from: u64,
    to: u64,
    about: &'static str,
) -> Case {
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
    .beside(&[])
}

fn spurious_timeout() -> Case {
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
    .beside(&[])
}

/// Waits until packets that were written are on the link, which is a pause of the server's.
fn until_on_the_link(peer: &Peer) {
    peer.pause(3);
}
