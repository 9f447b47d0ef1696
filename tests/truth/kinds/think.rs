//! A server that takes its time before it answers, and what looks like it.

use std::time::Duration;

use super::loss::LOSSES;
use super::{Case, Facts, fifteen_percent, own};
use crate::lab::{CLIENT, Link, Side};
use crate::server::{Listening, Tls, answer, flood, listen, listen_on};
use crate::truth::Truth;

/// The truth of a server that thinks.
pub(super) fn thinks(facts: &Facts<'_>) -> Truth {
    let think = facts.log.time("think");
    Truth::new().figure("server", &["think"], think, facts.near(think))
}

/// The same of the lab's own server, whose time is in the path.
fn takes(think: u64) -> impl Fn(&Facts<'_>) -> Truth {
    let think = Duration::from_millis(think);
    move |facts| {
        Truth::new()
            .figure("server", &["think"], think, facts.near(think))
            .at_most("server", think + Duration::from_millis(5))
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [10, 40, 200] {
        cases.push(think_clear(rtt));
        cases.push(think_http2(rtt));
        cases.push(think_tls12(rtt));
    }
    for (think, rtt) in [(20, 40), (30, 100), (35, 10)] {
        cases.push(think_short(rtt, think));
    }
    for rtt in [10, 40, 100] {
        cases.push(think_handshake(rtt));
        cases.push(tickets_beside_the_answer(rtt));
        cases.push(early_hints(rtt));
        cases.push(hello_retry_request(rtt));
    }
    for (rtt, rate) in [(20, 2), (80, 5)] {
        cases.push(think_on_a_narrow_link(rtt, rate));
        cases.push(large_certificate(rtt));
    }
    for think in [5, 100] {
        cases.push(think_on_loopback(think));
    }
    for (rtt, seed) in [(30, 11), (60, 12), (100, 13)] {
        cases.push(think_beside_losses(rtt, seed));
        cases.push(think_without_capture(rtt));
    }
    for rtt in [20, 100] {
        cases.push(reset_instead_of_an_answer(rtt));
        cases.push(large_request(rtt));
    }
    for (rtt, rate, bytes) in [(20, 5, 100_000), (40, 2, 40_000), (100, 10, 200_000)] {
        cases.push(bufferbloat_beside_think(rtt, rate, bytes));
    }
    cases
}

fn think_clear(rtt: u64) -> Case {
    Case::new(
        "think_clear",
        "The server takes 300 ms; HTTP/1.1 without TLS.",
        Link::rtt(rtt),
        &["http://10.77.0.10/delay/300"],
        takes(300),
    )
}

fn think_http2(rtt: u64) -> Case {
    Case::new(
        "think_http2",
        "The server takes 500 ms; HTTP/2 over TLS 1.3.",
        Link::rtt(rtt),
        &["-k", "https://10.77.0.10/delay/500"],
        takes(500),
    )
}

fn think_tls12(rtt: u64) -> Case {
    Case::new(
        "think_tls12",
        "The server takes 300 ms; HTTP/1.1 over TLS 1.2.",
        Link::rtt(rtt),
        &[
            "-k",
            "--http1.1",
            "--tls-max",
            "1.2",
            "https://10.77.0.10/delay/300",
        ],
        takes(300),
    )
}

fn think_short(rtt: u64, think: u64) -> Case {
    Case::new(
        "think_short",
        "The server takes less than a delayed acknowledgment, so its answer brings it.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        thinks,
    )
    .variant(format!("{think} ms"))
    .served(Listening::default(), move |peer| {
        peer.read_head()?;
        peer.think(think);
        peer.answer(300)
    })
}

fn think_handshake(rtt: u64) -> Case {
    Case::new(
        "think_handshake",
        "The server takes 250 ms from the ClientHello to its answer.",
        Link::rtt(rtt),
        &["-k", &own("https", "/")],
        |facts| {
            let think = facts.log.time("handshake");
            Truth::new()
                .figure("server", &["think"], think, facts.near(think))
                .at_most("server", think + Duration::from_millis(6))
        },
    )
    .served(
        Listening {
            tls: Some(Tls {
                wait: Duration::from_millis(250),
                ..Tls::default()
            }),
            ..Listening::default()
        },
        |peer| {
            peer.read_head()?;
            peer.answer(300)
        },
    )
}

fn tickets_beside_the_answer(rtt: u64) -> Case {
    Case::new(
        "tickets_beside_the_answer",
        "Session tickets come a round trip after the handshake; the answer 300 ms later.",
        Link::rtt(rtt),
        &["-k", &own("https", "/")],
        |facts| {
            let think = facts.log.time("think");
            Truth::new()
                .figure("server", &["think"], think, facts.near(think))
                .at_most("server", think + Duration::from_millis(6))
        },
    )
    .served(
        Listening {
            tls: Some(Tls::default()),
            ..Listening::default()
        },
        |peer| {
            peer.read_head()?;
            peer.think(300);
            peer.answer(300)
        },
    )
}

fn early_hints(rtt: u64) -> Case {
    Case::new(
        "early_hints",
        "103 at once, the answer 300 ms later.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        thinks,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")?;
        peer.think(300);
        peer.answer(300)
    })
}

fn hello_retry_request(rtt: u64) -> Case {
    Case::new(
        "hello_retry_request",
        "The server's only key exchange is one that the client sent no key for.",
        Link::rtt(rtt),
        &["-k", &own("https", "/")],
        |facts| {
            let network = facts.rtt * 4;
            Truth::new()
                .figure("network", &["round_trip"], network, facts.rtt / 4)
                .at_most("server", Duration::from_millis(8))
        },
    )
    .served(
        Listening {
            tls: Some(Tls {
                rare_group: true,
                ..Tls::default()
            }),
            ..Listening::default()
        },
        |peer| {
            peer.read_head()?;
            peer.answer(300)
        },
    )
}

fn think_on_a_narrow_link(rtt: u64, rate: u64) -> Case {
    Case::new(
        "think_on_a_narrow_link",
        "A server that takes 250 ms, and a body over a link with a limited rate.",
        Link::rtt(rtt).with("bandwidth", format!("{rate}mbit")),
        &[&own("http", "/")],
        |facts| {
            let think = facts.log.time("think");
            let (excess, hidden) = (facts.excess(), facts.waits_before() / 2);
            Truth::new()
                .figure("server", &["think"], think, facts.near(think))
                .figure(
                    "network",
                    &["bandwidth"],
                    excess + hidden,
                    fifteen_percent(excess) + hidden,
                )
        },
    )
    .served(Listening::default(), |peer| {
        let answer = answer(150_000);
        peer.read_head()?;
        peer.think(250);
        peer.send(&answer)
    })
    .beside(&["bandwidth"])
}

fn large_certificate(rtt: u64) -> Case {
    Case::new(
        "large_certificate",
        "A certificate that is larger than the initial window.",
        Link::rtt(rtt),
        &["-k", &own("https", "/")],
        |facts| {
            Truth::new()
                .figure(
                    "network",
                    &["congestion_window"],
                    facts.rtt,
                    fifteen_percent(facts.rtt),
                )
                .and_also("client", Duration::from_millis(5))
        },
    )
    .served(
        Listening {
            tls: Some(Tls {
                large_certificate: true,
                ..Tls::default()
            }),
            ..Listening::default()
        },
        |peer| {
            peer.read_head()?;
            peer.answer(300)
        },
    )
}

fn think_on_loopback(think: u64) -> Case {
    Case::new(
        "think_on_loopback",
        "A server on this machine.",
        Link::rtt(20),
        &["http://127.0.0.1:8000/"],
        |facts| thinks(facts).at_most("network", Duration::from_millis(1)),
    )
    .variant(format!("{think} ms"))
    .stage(move |lab, log| {
        vec![listen_on(
            lab,
            Side::Client,
            super::OWN_PORT,
            Listening::default(),
            log,
            move |peer| {
                peer.read_head()?;
                peer.think(think);
                peer.answer(300)
            },
        )]
    })
}

fn reset_instead_of_an_answer(rtt: u64) -> Case {
    Case::new(
        "reset_instead_of_an_answer",
        "The server resets the connection after 200 ms.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        thinks,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.think(200);
        peer.reset()
    })
}

fn large_request(rtt: u64) -> Case {
    Case::new(
        "large_request",
        "A request head of several segments, and a server that takes 120 ms.",
        Link::rtt(rtt),
        &[
            "-H",
            &format!("X-Large: {}", "a".repeat(6_000)),
            &own("http", "/"),
        ],
        thinks,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.think(120);
        peer.answer(300)
    })
}

fn bufferbloat_beside_think(rtt: u64, rate: u64, bytes: usize) -> Case {
    Case::new(
        "bufferbloat_beside_think",
        "Datagrams of somebody else's fill the link's queue before the answer.",
        Link::rtt(rtt).with("bandwidth", format!("{rate}mbit")),
        &[&own("http", "/")],
        move |_| {
            let queue = Duration::from_micros(bytes as u64 * 8 / rate);
            Truth::new()
                .figure("network", &["queueing"], queue, queue * 3 / 20)
                .at_most("server", Duration::from_millis(3))
        },
    )
    .stage(move |lab, log| {
        let flood = flood(lab, Side::Servers);
        vec![listen(
            lab,
            super::OWN_PORT,
            Listening::default(),
            log,
            move |peer| {
                peer.read_head()?;
                flood(CLIENT, bytes);
                peer.answer(300)
            },
        )]
    })
}

fn think_beside_losses(rtt: u64, seed: u64) -> Case {
    Case::new(
        "think_beside_losses",
        "The server takes 400 ms, and the link loses packets of what follows.",
        Link::rtt(rtt).with("loss", "3%").with("seed", seed),
        &[&own("http", "/")],
        |facts| {
            let think = facts.log.time("think");
            let (excess, hidden) = (facts.excess(), facts.waits_before() / 2);
            Truth::new()
                .figure("server", &["think"], think, facts.near(think))
                .figure(
                    "network",
                    LOSSES,
                    excess + hidden,
                    fifteen_percent(excess) + hidden,
                )
        },
    )
    .served(Listening::default(), |peer| {
        let answer = answer(60_000);
        peer.read_head()?;
        peer.think(400);
        peer.send(&answer)
    })
    .beside(&["loss"])
}

fn think_without_capture(rtt: u64) -> Case {
    Case::new(
        "think_without_capture",
        "The server takes 300 ms, and no packets are captured.",
        Link::rtt(rtt),
        &["--capture", "off", "http://10.77.0.10/delay/300"],
        takes(300),
    )
    .without_packets()
}
