//! A limit is a limit, whatever the server sends.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::fixture::bombs::{Bomb, Served, all};
use crate::fixture::certificate::Authority;
use crate::fixture::process::{signal, wait_until};
use crate::probe::{Report, command, finish, probe};

/// Every bomb in every way it can be served.
fn each(look: impl Fn(&Bomb, &Served, &str)) {
    let authority = Authority::new();
    for bomb in all() {
        for &over_tls in bomb.ways() {
            let shown = format!("{}{}", bomb.name, if over_tls { " over TLS" } else { "" });
            look(&bomb, &bomb.serve(&authority, over_tls), &shown);
        }
    }
}

fn code(report: &Report) -> String {
    report.json["outcome"]["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_time_limit_ends_each() {
    each(|bomb, served, shown| {
        let within = |limit: &str| {
            probe(&[&["-m".to_owned(), limit.to_owned()][..], &served.arguments].concat())
        };
        let expected = |report: &Report| {
            code(report) == bomb.timed_out || Some(code(report).as_str()) == bomb.cap
        };
        // On a busy machine a second may pass before anything has come.
        let report = Some(within("1"))
            .filter(expected)
            .unwrap_or_else(|| within("10"));
        assert!(expected(&report), "{shown}: {}\n{report}", code(&report));
        assert_eq!(report.run.status, Some(3), "{shown}");
    });
}

#[test]
fn a_cap_ends_each_that_carries_nothing() {
    each(|bomb, served, shown| {
        let Some(cap) = bomb.cap else { return };
        let report = probe(&served.arguments);
        assert_eq!(code(&report), cap, "{shown}\n{report}");
        let error = &report.json["outcome"]["error"];
        assert!(
            error["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains(' ')),
            "{shown}: no hint\n{report}"
        );
    });
}

/// What came until then is in the report, also where the run was called off.
#[test]
fn an_interrupt_ends_what_goes_on_for_ever() {
    each(|bomb, served, shown| {
        if bomb.cap.is_some() {
            return;
        }
        let body = tempfile::NamedTempFile::new().expect("a file");
        let mut command = command(&["probe", "--format", "json", "--capture", "off", "-o"]);
        command.arg(body.path()).args(&served.arguments);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        wait_until("some of the body", || {
            body.path().metadata().is_ok_and(|file| file.len() > 0)
        });
        signal(child.id(), "INT");
        let report = Report::from(finish(child), shown);
        assert_eq!(
            (report.run.status, code(&report).as_str()),
            (Some(130), "interrupted"),
            "{shown}\n{report}"
        );
        assert!(
            report.only()["response"]["body_bytes"]
                .as_u64()
                .is_some_and(|bytes| bytes > 0),
            "{shown}\n{report}"
        );
    });
}

#[test]
#[ignore = "serves all of them until it is ended: cargo test --test interop bombs::served_by_hand \
    -- --ignored --nocapture"]
fn served_by_hand() {
    let authority = Authority::new();
    let serve = |bomb: &Bomb| {
        bomb.ways()
            .iter()
            .map(|&over_tls| bomb.serve(&authority, over_tls))
            .collect::<Vec<_>>()
    };
    let served: Vec<(&'static str, Vec<Served>)> =
        all().iter().map(|bomb| (bomb.name, serve(bomb))).collect();
    for (name, ways) in &served {
        for Served { peer, arguments } in ways {
            println!("{name}\t{}\t{}", peer.port(), arguments.join(" "));
        }
    }
    loop {
        std::thread::park();
    }
}

/// Prints a table: how long after its limit each run ended, with `-m 1` and after an interrupt, and
/// how long it took and what memory it needed without a limit. `TAPLINE` is the program to measure,
/// `ONLY` a part of the names.
#[test]
#[ignore = "measures: TAPLINE=target/release/tapline cargo test --test interop bombs::measured -- \
    --ignored --nocapture"]
fn measured() {
    let only = std::env::var("ONLY").unwrap_or_default();
    println!(
        "{:<34} {:>9} {:>9} {:>9} {:>9}  codes",
        "", "-m 1", "SIGINT", "no limit", "VmHWM"
    );
    each(|bomb, served, shown| {
        if !shown.contains(&only) {
            return;
        }
        let limited = time(served, &["-m", "1"], None);
        let interrupted = time(served, &[], Some(Duration::from_millis(500)));
        let capped = bomb
            .cap
            .map(|_| time(served, &[], Some(Duration::from_secs(30))));
        let over = |took: Duration, limit: f64| {
            format!("{:+.0} ms", (took.as_secs_f64() - limit) * 1000.0)
        };
        let (took, memory, last) = capped.unwrap_or_default();
        println!(
            "{shown:<34} {:>9} {:>9} {:>9} {:>6} KiB  {} {} {last}",
            over(limited.0, 1.0),
            over(interrupted.0, 0.5),
            format!("{:.1} s", took.as_secs_f64()),
            memory.max(limited.1).max(interrupted.1),
            limited.2,
            interrupted.2,
        );
    });
}

/// How long a run took, its peak of resident memory in KiB, and its code.
fn time(served: &Served, options: &[&str], interrupt: Option<Duration>) -> (Duration, u64, String) {
    let program =
        std::env::var("TAPLINE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_tapline").to_owned());
    let mut command = std::process::Command::new(program);
    let extra = std::env::var("OPTIONS").unwrap_or_else(|_| "--capture off".to_owned());
    command
        .args(["probe", "--format", "json"])
        .args(extra.split_whitespace())
        .args(options)
        .args(&served.arguments);
    let began = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut out = child.stdout.take().expect("its output");
    let reader =
        std::thread::spawn(move || serde_json::from_reader::<_, serde_json::Value>(&mut out));
    let (mut memory, mut told) = (0, false);
    while child.try_wait().expect("a status").is_none() {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        });
        memory = memory.max(peak.unwrap_or(0));
        if !told && interrupt.is_some_and(|after| began.elapsed() >= after) {
            told = true;
            signal(child.id(), "INT");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = began.elapsed();
    let json = reader.join().expect("reading").unwrap_or_default();
    (
        took,
        memory,
        json["outcome"]["error"]["code"]
            .as_str()
            .unwrap_or("none")
            .to_owned(),
    )
}
