//! Several exchanges in one run: redirects, kept connections, repeats.

use std::time::Duration;

use super::{Case, Facts, fifteen_percent, own, think::thinks};
use crate::lab::Link;
use crate::server::Listening;
use crate::truth::Truth;

/// Redirects to a path.
fn redirect(path: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {path}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [20, 60] {
        cases.push(redirects_on_one_connection(rtt));
        cases.push(redirects_on_new_connections(rtt));
        cases.push(repeats(rtt));
        cases.push(after_idle(rtt));
        cases.push(closed_between_requests(rtt));
    }
    cases
}

fn redirects_on_one_connection(rtt: u64) -> Case {
    Case::new(
        "redirects_on_one_connection",
        "Three redirects and an answer, each after 100 ms, on a connection that is kept.",
        Link::rtt(rtt),
        &["-L", &own("http", "/0")],
        thinks,
    )
    .served(Listening::default(), |peer| {
        for hop in 1..=3 {
            peer.read_head()?;
            peer.think(100);
            peer.send(&redirect(&format!("/{hop}")))?;
        }
        peer.read_head()?;
        peer.think(100);
        peer.answer(300)
    })
}

fn redirects_on_new_connections(rtt: u64) -> Case {
    Case::new(
        "redirects_on_new_connections",
        "Redirects by a server that closes the connection after each answer.",
        Link::rtt(rtt),
        &["-L", "--max-redirs", "2", &own("http", "/")],
        |facts| thinks(facts).at_most("client", Duration::from_millis(15)),
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.think(80);
        peer.send(
            b"HTTP/1.1 302 Found\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        )
    })
}

fn repeats(rtt: u64) -> Case {
    Case::new(
        "repeats",
        "Four requests, each on a connection of its own.",
        Link::rtt(rtt),
        &["--repeat", "4", &own("http", "/")],
        |facts: &Facts<'_>| thinks(facts).at_most("client", Duration::from_millis(20)),
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.think(60);
        peer.answer(300)
    })
}

fn after_idle(rtt: u64) -> Case {
    Case::new(
        "after_idle",
        "A second download on a connection that was idle for a second starts small again.",
        Link::rtt(rtt),
        &["-L", &own("http", "/0")],
        |facts| {
            let waits = facts.rtt * 4;
            let think = facts.log.time("think");
            Truth::new()
                .figure("server", &["think"], think, facts.near(think))
                .figure(
                    "network",
                    &["congestion_window"],
                    waits,
                    fifteen_percent(waits),
                )
        },
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(b"HTTP/1.1 302 Found\r\nLocation: /1\r\nContent-Length: 80000\r\n\r\n")?;
        peer.send(&crate::server::body(80_000))?;
        peer.read_head()?;
        peer.think(1_000);
        peer.answer(80_000)
    })
}

fn closed_between_requests(rtt: u64) -> Case {
    Case::new(
        "closed_between_requests",
        "A connection that is to be kept is closed after its first answer; the next one takes 150 ms.",
        Link::rtt(rtt),
        &["-L", &own("http", "/0")],
        thinks,
    )
    .served(Listening::default(), |peer| {
        if peer.read_head()?.starts_with("GET /0") {
            return peer.send(&redirect("/1"));
        }
        peer.think(150);
        peer.answer(300)
    })
}
