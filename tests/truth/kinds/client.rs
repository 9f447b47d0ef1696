//! This machine: a program that is stopped or gets little of the processor.

use std::time::{Duration, Instant};

use super::{Case, fifteen_percent, own};
use crate::lab::{Link, set_stopped};
use crate::server::{Listening, Tls};
use crate::truth::Truth;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [20, 100] {
        cases.push(stopped_in_the_wait(rtt));
        cases.push(little_of_the_processor(rtt));
    }
    cases
}

fn stopped_in_the_wait(rtt: u64) -> Case {
    Case::new(
        "stopped_in_the_wait",
        "The program is stopped when its answer comes, and goes on 500 ms later.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        move |facts| {
            let half = Duration::from_millis(rtt / 2);
            let stopped = facts.log.time("stopped").saturating_sub(half);
            Truth::new()
                .figure("client", &["processing"], stopped, facts.near(stopped))
                .at_most("client", stopped + Duration::from_millis(8))
                .at_most("server", Duration::from_millis(5))
        },
    )
    .stage(|lab, log| {
        let program = lab.program();
        vec![crate::server::listen(
            lab,
            super::OWN_PORT,
            Listening::default(),
            log,
            move |peer| {
                peer.read_head()?;
                let Some(pid) = program() else { return Ok(()) };
                set_stopped(pid, true);
                let began = Instant::now();
                peer.answer(300)?;
                std::thread::sleep(Duration::from_millis(500));
                set_stopped(pid, false);
                peer.log.add("stopped", began.elapsed());
                Ok(())
            },
        )]
    })
}

fn little_of_the_processor(rtt: u64) -> Case {
    Case::new(
        "little_of_the_processor",
        "The program runs for 2 ms in 40.",
        Link::rtt(rtt),
        &["-k", &own("https", "/")],
        |facts| {
            let excess = facts.excess();
            Truth::new()
                .figure(
                    "client",
                    &["processing"],
                    excess,
                    fifteen_percent(excess) + Duration::from_millis(10),
                )
                .at_most("client", excess + Duration::from_millis(10))
                .at_most("server", Duration::from_millis(8))
        },
    )
    .served(
        Listening {
            tls: Some(Tls::default()),
            ..Listening::default()
        },
        |peer| {
            peer.read_head()?;
            peer.answer(2_000)
        },
    )
    .acts(|lab, log| {
        let (program, starved) = (lab.program(), !log.is_baseline);
        Box::new(move || {
            while starved && let Some(pid) = program() {
                set_stopped(pid, true);
                std::thread::sleep(Duration::from_millis(38));
                set_stopped(pid, false);
                std::thread::sleep(Duration::from_millis(2));
            }
        })
    })
    .beside(&[])
}
