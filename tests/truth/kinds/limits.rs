//! Runs that end because of a limit or a signal: the cause that was open then goes on to the end.

use std::time::Duration;

use rustix::process::{Signal, kill_process};

use super::{Case, Facts, own};
use crate::lab::Link;
use crate::server::{Listening, body, head};
use crate::truth::Truth;

/// Everything after so many round trips is the server's.
fn servers(cause: &'static str, round_trips: u32) -> impl Fn(&Facts<'_>) -> Truth {
    move |facts| {
        let silent = facts.beyond(round_trips);
        Truth::new().figure("server", &[cause], silent, facts.near(silent))
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rtt in [20, 100] {
        for (variant, arguments) in [
            ("clear", ["-m", "1", &own("http", "/")]),
            ("-m 3", ["-m", "3", &own("http", "/")]),
        ] {
            cases.push(silence(rtt, variant, &arguments));
        }
        cases.push(interrupted(rtt));
        cases.push(silence_in_a_body(rtt));
        cases.push(limit_during_an_upload(rtt));
        cases.push(limit_while_receiving(rtt));
    }
    cases
}

fn silence(rtt: u64, variant: &'static str, arguments: &[&str]) -> Case {
    Case::new(
        "silence",
        "The server never answers, and the run's limit ends it.",
        Link::rtt(rtt),
        arguments,
        servers("think", 2),
    )
    .variant(variant)
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.read_head()?;
        Ok(())
    })
}

fn interrupted(rtt: u64) -> Case {
    Case::new(
        "interrupted",
        "The server never answers, and Ctrl-C ends the run.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        servers("think", 2),
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.read_head()?;
        Ok(())
    })
    .acts(|lab, _| {
        let program = lab.program();
        Box::new(move || {
            std::thread::sleep(Duration::from_millis(1_200));
            if let Some(program) = program() {
                let _ = kill_process(program, Signal::INT);
            }
        })
    })
}

fn silence_in_a_body(rtt: u64) -> Case {
    Case::new(
        "silence_in_a_body",
        "The server stops within a body, and the run's limit ends it.",
        Link::rtt(rtt),
        &["-m", "1", &own("http", "/")],
        servers("pause", 2),
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.send(head(20_000).as_bytes())?;
        peer.send(&body(5_000))?;
        peer.read_head()?;
        Ok(())
    })
}

fn limit_during_an_upload(rtt: u64) -> Case {
    Case::new(
        "limit_during_an_upload",
        "The server reads nothing of an upload, and the run's limit ends it.",
        Link::rtt(rtt),
        &[
            "-m",
            "2",
            "--data-binary",
            "@bytes:4000000",
            &own("http", "/"),
        ],
        |facts| {
            let shut = facts.beyond(2);
            Truth::new()
                .figure(
                    "server",
                    &["window"],
                    shut,
                    facts.near(shut) + facts.rtt * 3,
                )
                .at_most("server", shut)
        },
    )
    .served(
        Listening {
            receive_buffer: Some(16_384),
            ..Listening::default()
        },
        |peer| {
            peer.read_head()?;
            std::thread::sleep(Duration::from_secs(3));
            Ok(())
        },
    )
}

fn limit_while_receiving(rtt: u64) -> Case {
    Case::new(
        "limit_while_receiving",
        "The run's limit ends a download over a narrow link.",
        Link::rtt(rtt).with("bandwidth", "1mbit"),
        &["-m", "1.5", &own("http", "/")],
        |facts| {
            let busy = facts.beyond(2);
            Truth::new().figure(
                "network",
                &["bandwidth"],
                busy,
                (busy * 3 / 20).max(facts.rtt),
            )
        },
    )
    .served(Listening::default(), |peer| {
        peer.read_head()?;
        peer.answer(2_000_000)
    })
}
