//! Name resolution: slow, dead, lost, and families that race.

use std::time::Duration;

use super::{Case, Facts};
use crate::dns_server::{Delays, answer};
use crate::lab::Link;
use crate::truth::Truth;

/// Port of the tests' own DNS server.
const DNS_PORT: u16 = 5_300;

/// All but the connection and the request is the resolver's.
fn looks_up(facts: &Facts<'_>) -> Truth {
    let lookup = facts.beyond(2).saturating_sub(Duration::from_millis(2));
    Truth::new()
        .figure("resolver", &["lookup"], lookup, facts.near(lookup))
        .at_most("server", Duration::from_millis(3))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [10, 40, 100] {
        cases.push(slow_dns(rtt));
        cases.push(dead_dns_server(rtt));
        cases.push(happy_eyeballs(rtt));
    }
    for rtt in [20, 80] {
        cases.push(resolution_delay(rtt));
        cases.push(slower_family(rtt));
        cases.push(lost_query(rtt));
        cases.push(no_such_name(rtt));
        cases.push(silent_dns_server(rtt));
    }
    cases
}

fn slow_dns(rtt: u64) -> Case {
    Case::new(
        "slow_dns",
        "A name that takes 700 ms to resolve.",
        Link::rtt(rtt),
        &["http://slow-dns.lab.test/users"],
        looks_up,
    )
}

fn dead_dns_server(rtt: u64) -> Case {
    Case::new(
        "dead_dns_server",
        "The first DNS server is dead, the second one answers.",
        Link::rtt(rtt),
        &[
            "--dns-servers",
            "10.77.0.54,10.77.0.53",
            "http://api.lab.test/users",
        ],
        looks_up,
    )
}

fn happy_eyeballs(rtt: u64) -> Case {
    Case::new(
        "happy_eyeballs",
        "An IPv6 address that is dead: IPv4 is tried 250 ms later.",
        Link::rtt(rtt),
        &["http://v6dead.lab.test/users"],
        |facts| {
            let delay = Duration::from_millis(250);
            Truth::new()
                .figure("client", &["delay"], delay, facts.near(delay))
                .at_most("client", delay + Duration::from_millis(8))
                .at_most("resolver", facts.rtt + Duration::from_millis(5))
                .at_most("server", Duration::from_millis(3))
        },
    )
}

fn resolution_delay(rtt: u64) -> Case {
    Case::new(
        "resolution_delay",
        "The IPv6 address comes 400 ms later than the IPv4 one, for which 50 ms are waited.",
        Link::rtt(rtt),
        &[
            "--dns-servers",
            &format!("10.77.0.10:{DNS_PORT}"),
            "http://api.lab.test/users",
        ],
        |facts| {
            let delay = Duration::from_millis(50);
            Truth::new()
                .figure("client", &["delay"], delay, Duration::from_millis(5))
                .figure("resolver", &["lookup"], facts.rtt, facts.near(facts.rtt))
                .at_most("client", delay + Duration::from_millis(8))
                .at_most("resolver", facts.rtt + Duration::from_millis(3))
                .at_most("server", Duration::from_millis(3))
        },
    )
    .stage(|lab, log| {
        let delays = Delays {
            aaaa: Duration::from_millis(400),
            ..Delays::default()
        };
        answer(lab, DNS_PORT, delays, log);
        Vec::new()
    })
}

fn slower_family(rtt: u64) -> Case {
    Case::new(
        "slower_family",
        "The IPv4 address comes 400 ms later than the IPv6 one, for which no resolver is to blame.",
        Link::rtt(rtt),
        &[
            "--dns-servers",
            &format!("10.77.0.10:{DNS_PORT}"),
            "http://api.lab.test/users",
        ],
        |facts| {
            // What the program waits although it has an address is its choice.
            let chosen = facts.beyond(3).saturating_sub(Duration::from_millis(2));
            Truth::new()
                .figure("resolver", &["lookup"], facts.rtt, facts.near(facts.rtt))
                .and_also("client", chosen)
                .at_most("server", Duration::from_millis(3))
        },
    )
    .stage(|lab, log| {
        let delays = Delays {
            a: Duration::from_millis(400),
            ..Delays::default()
        };
        answer(lab, DNS_PORT, delays, log);
        Vec::new()
    })
}

fn lost_query(rtt: u64) -> Case {
    Case::new(
        "lost_query",
        "The first queries are lost and sent again.",
        Link::rtt(rtt),
        &["http://api.lab.test/users"],
        looks_up,
    )
    .acts(|lab, _| {
        let link = lab.link();
        link.drop_all(true);
        Box::new(move || {
            std::thread::sleep(Duration::from_millis(500));
            link.drop_all(false);
        })
    })
}

fn no_such_name(rtt: u64) -> Case {
    Case::new(
        "no_such_name",
        "A name that does not exist.",
        Link::rtt(rtt),
        &["http://nowhere.lab.test/"],
        |facts| {
            let lookup = facts.run.total;
            Truth::new().figure("resolver", &["lookup"], lookup, facts.near(lookup))
        },
    )
}

fn silent_dns_server(rtt: u64) -> Case {
    Case::new(
        "silent_dns_server",
        "The DNS server does not answer until the limit of 1.5 s.",
        Link::rtt(rtt),
        &["-m", "1.5", "http://silent.lab.test/"],
        |facts| {
            let lookup = facts.run.total;
            Truth::new().figure("resolver", &["lookup"], lookup, facts.near(lookup))
        },
    )
}
