//! A server that pauses within a body, and what looks like it.

use std::time::Duration;

use super::{Case, Facts, fifteen_percent, own};
use crate::lab::Link;
use crate::server::{Listening, body, head};
use crate::truth::Truth;

fn pauses(facts: &Facts<'_>) -> Truth {
    let pause = facts.log.time("pause");
    Truth::new().figure("server", &["pause"], pause, facts.near(pause))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [100, 40, 10] {
        cases.push(pauses_and_losses(rtt));
    }
    for rtt in [10, 40, 100] {
        for (variant, arguments) in [
            ("clear", &["http://10.77.0.10/drip"][..]),
            ("TLS", &["-k", "https://10.77.0.10/drip"][..]),
        ] {
            cases.push(drip(rtt, variant, arguments));
        }
        cases.push(pieces_faster_than_a_round_trip(rtt));
        cases.push(pause_in_a_body(rtt));
        cases.push(pause_after_the_head(rtt));
        cases.push(pause_before_the_end(rtt));
    }
    for (rtt, pieces) in [(10, 40), (10, 125), (40, 125)] {
        cases.push(slow_compression(rtt, pieces));
    }
    cases
}

fn drip(rtt: u64, variant: &'static str, arguments: &[&str]) -> Case {
    Case::new(
        "drip",
        "Eight pieces, 100 ms before each.",
        Link::rtt(rtt),
        arguments,
        move |facts| {
            let pause = Duration::from_millis(800);
            Truth::new()
                .figure("server", &["pause"], pause, facts.near(pause))
                .at_most("server", pause + Duration::from_millis(10))
        },
    )
    .variant(variant)
}

fn pieces_faster_than_a_round_trip(rtt: u64) -> Case {
    Case::new(
        "pieces_faster_than_a_round_trip",
        "Fifty pieces of 500 bytes, 10 ms apart.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        pauses,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(head(25_000).as_bytes())?;
        for piece in 0..50 {
            if piece > 0 {
                peer.pause(10);
            }
            peer.send(&body(500))?;
        }
        Ok(())
    })
}

fn pause_in_a_body(rtt: u64) -> Case {
    Case::new(
        "pause_in_a_body",
        "A pause of 250 ms between two halves of a body.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        pauses,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(head(8_000).as_bytes())?;
        peer.send(&body(4_000))?;
        peer.pause(250);
        peer.send(&body(4_000))
    })
}

fn pause_after_the_head(rtt: u64) -> Case {
    Case::new(
        "pause_after_the_head",
        "The head at once, the body 250 ms later.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        pauses,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(head(4_000).as_bytes())?;
        peer.pause(250);
        peer.send(&body(4_000))
    })
}

fn pauses_and_losses(rtt: u64) -> Case {
    Case::new(
        "pauses_and_losses",
        "Twelve pieces, 80 ms apart, on a link that loses packets.",
        Link::rtt(rtt).with("loss", "3%").with("seed", rtt),
        &[&own("http", "/")],
        |facts| {
            // A piece that is sent again comes later, and the pause after it is shorter.
            let pause = facts.log.time("pause");
            let lost = facts.excess();
            Truth::new().figure(
                "server",
                &["pause"],
                pause.saturating_sub(lost / 2),
                facts.near(pause) + lost / 2,
            )
        },
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(head(12 * 700).as_bytes())?;
        for _ in 0..12 {
            peer.pause(80);
            peer.send(&body(700))?;
        }
        Ok(())
    })
    .beside(&["loss"])
}

fn pause_before_the_end(rtt: u64) -> Case {
    Case::new(
        "pause_before_the_end",
        "A body without length: the connection is closed 300 ms after its last byte.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        pauses,
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(b"HTTP/1.0 200 OK\r\n\r\n")?;
        peer.send(&body(4_000))?;
        peer.pause(300);
        Ok(())
    })
}

fn slow_compression(rtt: u64, pieces: usize) -> Case {
    Case::new(
        "slow_compression",
        "A server that makes 5 MB/s, 16 kB at a time, on a link without limit.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        |facts| {
            // What the server makes while a window is full costs nothing.
            let (excess, hidden) = (facts.excess(), facts.waits_before() / 2);
            Truth::new().figure(
                "server",
                &["pause"],
                excess + hidden,
                fifteen_percent(excess) + hidden,
            )
        },
    )
    .variant(format!("{pieces} pieces"))
    .served(Listening::default(), move |peer| {
        peer.read_head()?;
        peer.send(head(pieces * 16_000).as_bytes())?;
        for piece in 0..pieces {
            if piece > 0 && !peer.log.is_baseline {
                peer.log.wait("pause", Duration::from_micros(3_200));
            }
            peer.send(&body(16_000))?;
        }
        Ok(())
    })
    .beside(&[])
}
