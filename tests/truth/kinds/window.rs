//! Windows that are shut: TCP's and HTTP/2's, of either side, and Nagle's algorithm.

use std::io::Read;
use std::time::Duration;

use super::{Case, Facts, OWN_PORT, bandwidth::download, fifteen_percent, own};
use crate::http2_server;
use crate::lab::{Link, Side};
use crate::server::{Listening, Log, answer, listen};
use crate::truth::Truth;

/// A window is what a run waits for beyond the same run without it.
fn shut(owner: &'static str, causes: &'static [&'static str]) -> impl Fn(&Facts<'_>) -> Truth {
    move |facts| {
        let waits = facts.excess() + facts.congestion_windows_before();
        Truth::new().figure(owner, causes, waits, fifteen_percent(waits))
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (rtt, memory, bytes) in [
        (20, 8_192, 60_000),
        (50, 8_192, 60_000),
        (50, 16_384, 150_000),
    ] {
        cases.push(small_window_of_the_client(rtt, bytes, memory));
        cases.push(small_window_of_the_server(rtt, bytes, memory));
    }
    for rtt in [60, 20] {
        cases.push(slow_reader_of_an_upload(rtt));
        for (scheme, arguments) in [
            ("clear", ["-o", "-", &own("http", "/")].as_slice()),
            (
                "HTTP/2",
                ["-k", "-o-", "https://10.77.0.10/bytes/3000000"].as_slice(),
            ),
        ] {
            cases.push(slow_reader(rtt, scheme, arguments));
        }
        cases.push(slow_reader_with_a_small_window(rtt));
        for bytes in [300_000, 800_000] {
            cases.push(small_window_of_http2(rtt, bytes));
        }
        cases.push(nagle_and_delayed_acknowledgment(rtt));
    }
    cases
}

fn small_window_of_the_client(rtt: u64, bytes: usize, memory: usize) -> Case {
    Case::new(
        "small_window_of_the_client",
        "The client's TCP window holds a few segments.",
        Link::rtt(rtt),
        &[&own("http", "/")],
        shut("client", &["window"]),
    )
    .variant(format!("{memory} bytes of memory"))
    .stage(move |lab, log| {
        if !log.is_baseline {
            let memory = format!("4096 {memory} {memory}");
            lab.set_parameter(Side::Client, "ipv4/tcp_rmem", &memory);
        }
        vec![listen(
            lab,
            OWN_PORT,
            Listening::default(),
            log,
            move |peer| {
                let answer = answer(bytes);
                peer.read_head()?;
                peer.send(&answer)
            },
        )]
    })
    .beside(&[])
}

fn small_window_of_the_server(rtt: u64, bytes: usize, memory: usize) -> Case {
    Case::new(
        "small_window_of_the_server",
        "The server's TCP window holds a few segments of an upload.",
        Link::rtt(rtt),
        &[
            "--data-binary",
            &format!("@bytes:{bytes}"),
            &own("http", "/"),
        ],
        shut("server", &["window"]),
    )
    .variant(format!("{memory} bytes of memory"))
    .stage(move |lab, log| {
        let how = Listening {
            receive_buffer: (!log.is_baseline).then_some(memory / 2),
            ..Listening::default()
        };
        vec![listen(lab, OWN_PORT, how, log, move |peer| {
            peer.read_head()?;
            peer.read_body(bytes, || {})?;
            peer.answer(300)
        })]
    })
    .beside(&[])
}

fn slow_reader_of_an_upload(rtt: u64) -> Case {
    Case::new(
        "slow_reader_of_an_upload",
        "The server reads 16 kB of an upload every 25 ms.",
        Link::rtt(rtt),
        &["--data-binary", "@bytes:600000", &own("http", "/")],
        shut("server", &["window", "think"]),
    )
    .stage(|lab, log| {
        let how = Listening {
            receive_buffer: (!log.is_baseline).then_some(32_768),
            ..Listening::default()
        };
        let slow = !log.is_baseline;
        vec![listen(lab, OWN_PORT, how, log, move |peer| {
            peer.read_head()?;
            peer.read_body(600_000, || {
                if slow {
                    std::thread::sleep(Duration::from_millis(25));
                }
            })?;
            peer.answer(300)
        })]
    })
    .beside(&[])
}

fn slow_reader_with_a_small_window(rtt: u64) -> Case {
    Case::new(
        "slow_reader_with_a_small_window",
        "What reads the program's output takes 8 kB every 25 ms, and there is little room.",
        Link::rtt(rtt),
        &["-o", "-", &own("http", "/")],
        reads_slowly,
    )
    .stage(|lab, log| {
        lab.set_parameter(Side::Client, "ipv4/tcp_rmem", "4096 32768 32768");
        vec![listen(lab, OWN_PORT, Listening::default(), log, |peer| {
            peer.read_head()?;
            peer.answer(400_000)
        })]
    })
    .reading(slowly(8_192, 25))
    .beside(&[])
}

fn small_window_of_http2(rtt: u64, bytes: usize) -> Case {
    Case::new(
        "small_window_of_http2",
        "The server's HTTP/2 windows have their least usual size, 64 kB.",
        Link::rtt(rtt),
        &[
            "--http2-prior-knowledge",
            "--data-binary",
            &format!("@bytes:{bytes}"),
            &own("http", "/"),
        ],
        |facts| {
            // Until the server's settings come, its window is of 64 kB.
            let (excess, windows) = (facts.excess(), facts.congestion_windows_before());
            Truth::new().figure(
                "server",
                &["flow_control"],
                excess + windows / 2,
                fifteen_percent(excess) + windows / 2,
            )
        },
    )
    .variant(format!("{bytes} bytes"))
    .stage(|lab, log| {
        let window = if log.is_baseline { 1 << 22 } else { 65_535 };
        vec![http2_server::listen(lab, OWN_PORT, window)]
    })
    .beside(&[])
}

fn nagle_and_delayed_acknowledgment(rtt: u64) -> Case {
    Case::new(
        "nagle_and_delayed_acknowledgment",
        "The server's second small segment waits until the first one is acknowledged.",
        Link::rtt(rtt),
        &["-L", &own("http", "/0")],
        |facts| {
            let excess = facts.excess();
            Truth::new().figure("server", &["nagle"], excess, facts.near(excess))
        },
    )
    .stage(|lab, log| {
        let how = Listening {
            nagle: !log.is_baseline,
            ..Listening::default()
        };
        vec![listen(lab, OWN_PORT, how, log, |peer| {
            for hop in 1..=3 {
                peer.read_head()?;
                let redirect =
                    format!("HTTP/1.1 302 Found\r\nLocation: /{hop}\r\nContent-Length: 0\r\n\r\n");
                peer.send(redirect.as_bytes())?;
            }
            peer.read_head()?;
            peer.send(crate::server::head(200).as_bytes())?;
            peer.send(&crate::server::body(100))?;
            peer.send(&crate::server::body(100))?;
            // The end of the stream would be sent at once, and the segment with it.
            peer.read_head().map(drop)
        })]
    })
    .beside(&[])
}

fn slow_reader(rtt: u64, scheme: &str, arguments: &[&str]) -> Case {
    let case = Case::new(
        "slow_reader",
        "What reads the program's output takes 32 kB every 15 ms.",
        Link::rtt(rtt),
        arguments,
        |facts| reads_slowly(facts).at_most("server", Duration::from_millis(8)),
    )
    .reading(slowly(32_768, 15));
    download(Listening::default(), 3_000_000)(case)
        .variant(scheme)
        .beside(&[])
}

/// Until what is read too slowly is full, a download is like any other.
fn reads_slowly(facts: &Facts<'_>) -> Truth {
    let (excess, hidden) = (facts.excess(), facts.waits_before() / 2);
    Truth::new().figure(
        "client",
        &["window", "flow_control", "processing"],
        excess + hidden,
        fifteen_percent(excess) + hidden,
    )
}

/// Reads so many bytes at a time, and waits so many milliseconds after each, unless the run is the
/// one without that.
fn slowly(bytes: usize, millis: u64) -> impl Fn(&mut dyn Read, &Log) + Send + Sync + 'static {
    move |output, log| {
        let mut buffer = vec![0; bytes];
        while output.read(&mut buffer).is_ok_and(|read| read > 0) {
            if !log.is_baseline {
                std::thread::sleep(Duration::from_millis(millis));
            }
        }
    }
}
