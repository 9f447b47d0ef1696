//! Connections that are refused, dropped, or dead once they are there.

use std::time::Duration;

use super::{Case, Facts, OWN_PORT, own};
use crate::lab::Link;
use crate::server::{Listening, answer, listen};
use crate::truth::Truth;

/// Nothing comes back after so many round trips.
fn unanswered(round_trips: u32) -> impl Fn(&Facts<'_>) -> Truth {
    move |facts| {
        let silent = facts.beyond(round_trips);
        Truth::new().figure("network", &["unanswered"], silent, facts.near(silent))
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [20, 100] {
        cases.push(refused(rtt));
        let case = Case::new(
            "no_such_neighbour",
            "An address on the link that nobody has: the kernel gives up after three seconds.",
            Link::rtt(rtt),
            &["http://10.77.0.200/"],
            unanswered(0),
        );
        cases.push(case.without_packets());
        cases.push(every_packet_dropped(rtt));
        for (scheme, arguments) in [
            ("clear", &["-m", "2", "http://10.77.0.35/users"][..]),
            ("TLS", &["-k", "-m", "2", "https://10.77.0.35/users"][..]),
        ] {
            cases.push(black_hole_after_the_handshake(rtt, scheme, arguments));
        }
        cases.push(black_hole_in_a_body(rtt));
    }
    cases
}

fn refused(rtt: u64) -> Case {
    Case::new(
        "refused",
        "A closed port: SYN and RST.",
        Link::rtt(rtt),
        &["http://10.77.0.10:9/"],
        |facts| Truth::new().figure("network", &["round_trip"], facts.rtt, facts.near(facts.rtt)),
    )
}

fn every_packet_dropped(rtt: u64) -> Case {
    Case::new(
        "every_packet_dropped",
        "A host behind a firewall that drops everything.",
        Link::rtt(rtt),
        &["--connect-timeout", "2", "http://10.77.0.34/"],
        unanswered(0),
    )
}

fn black_hole_after_the_handshake(rtt: u64, scheme: &'static str, arguments: &[&str]) -> Case {
    Case::new(
        "black_hole_after_the_handshake",
        "A connection is established; whatever is sent on it is dropped.",
        Link::rtt(rtt),
        arguments,
        unanswered(1),
    )
    .variant(scheme)
}

fn black_hole_in_a_body(rtt: u64) -> Case {
    Case::new(
        "black_hole_in_a_body",
        "The link drops everything from the middle of a body on.",
        Link::rtt(rtt),
        &["-m", "2", &own("http", "/")],
        |facts| {
            // What was on its way then still came.
            let silent = facts.beyond(2).saturating_sub(facts.log.time("flowing"));
            Truth::new().figure("network", &["unanswered"], silent, facts.near(silent))
        },
    )
    .stage(move |lab, log| {
        let link = lab.link();
        let half_round_trip = Duration::from_millis(rtt / 2);
        vec![listen(
            lab,
            OWN_PORT,
            Listening::default(),
            log,
            move |peer| {
                peer.read_head()?;
                let link = link.clone();
                let log = peer.log.clone();
                std::thread::spawn(move || {
                    log.wait("flowing", half_round_trip * 5);
                    link.drop_all(true);
                });
                peer.send(&answer(600_000))
            },
        )]
    })
}
