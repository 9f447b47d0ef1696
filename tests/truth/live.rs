//! Runs of the program itself over emulated links, each with a known truth.

use std::fs;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rustix::process::geteuid;

use super::found::Found;
use super::kinds::{self, Case, Facts};
use super::lab::{Lab, Link, Side};
use super::recorded::{Header, found_in};
use super::server::{Log, body};
use super::truth::Judgement;

/// Share of the runs that have to pass, in percent.
const LEAST_PASSED_PERCENT: usize = 95;

/// What came of one run.
pub(crate) struct Outcome {
    pub(crate) header: Header,
    pub(crate) found: Found,
    pub(crate) judgement: Judgement,
    /// The events of the run, a line each.
    pub(crate) events: PathBuf,
}

/// Where the runs leave their files.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/truth")
}

/// The program: the release build, or the one that `TRUTH_BINARY` names.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("TRUTH_BINARY").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/tapline"),
        PathBuf::from,
    )
}

/// Runs all cases, or those of the kinds that `TRUTH_KINDS` names, and prints a table. Returns
/// true if enough of them pass.
///
/// What fails is run once more, with nothing beside it: a rule that is wrong is wrong again, and
/// what another process did to the first run's times is not.
pub(crate) fn run_all() -> bool {
    let began = Instant::now();
    let cases = kinds::wanted();
    // The runs of an earlier time are not to be judged again with these.
    let _ = fs::remove_dir_all(directory());
    let jobs = std::env::var("TRUTH_JOBS").ok();
    let jobs = jobs.and_then(|jobs| jobs.parse().ok()).unwrap_or(2);
    let numbered: Vec<(usize, &Case)> = cases.iter().enumerate().collect();
    let failed = run_cases(&numbered, jobs);
    println!("\nonce more:");
    let failed: Vec<(usize, &Case)> = failed.iter().map(|(case, _)| *case).collect();
    let failed = run_cases(&failed, 1);
    println!(
        "\n{} of {} runs pass, in {} s; those that do not:",
        cases.len() - failed.len(),
        cases.len(),
        began.elapsed().as_secs()
    );
    for (_, line) in &failed {
        println!("{line}");
    }
    !cases.is_empty() && failed.len() * 100 <= cases.len() * (100 - LEAST_PASSED_PERCENT)
}

/// Runs cases, so many at a time. Returns those that fail, with their rows.
fn run_cases<'a>(cases: &[(usize, &'a Case)], jobs: usize) -> Vec<((usize, &'a Case), String)> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((number, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (line, passed) = row(*number, case);
                    println!("{line}");
                    if !passed {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(((*number, *case), line));
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Judges the runs that the last live run has left, by this build's ledger, and prints a table.
pub(crate) fn judge_again() {
    let mut runs: Vec<PathBuf> = fs::read_dir(directory())
        .expect("there was a live run")
        .map(|entry| entry.expect("the runs can be listed").path())
        .filter(|at| at.join("truth.json").exists())
        .collect();
    runs.sort();
    let mut failed = 0;
    for at in &runs {
        let text = fs::read_to_string(at.join("truth.json")).expect("a run's truth");
        let header: Header = serde_json::from_str(&text).expect("a run's truth");
        let events = fs::read_to_string(at.join("run.events")).expect("a run's events");
        let events = events
            .lines()
            .map(|line| serde_json::from_str(line).expect("an event"));
        let found = found_in(events);
        let judgement = header.truth.judge(&found);
        if !judgement.reasons.is_empty() {
            failed += 1;
            println!(
                "FAIL {}\n     {}\n     {}",
                at.display(),
                judgement.reasons.join("; "),
                found.summary()
            );
        }
    }
    println!("{} of {} runs pass", runs.len() - failed, runs.len());
}

/// A row of the table, and whether the run passes.
fn row(number: usize, case: &Case) -> (String, bool) {
    let name = format!(
        "{:<34} {:<34}",
        case.kind,
        format!("{} {}", case.link, case.variant)
    );
    let at = directory().join(format!("{number:03}-{}", case.kind));
    let ran = std::panic::catch_unwind(AssertUnwindSafe(|| run(case, &at)));
    match ran.unwrap_or_else(|_| Err("the test itself failed".to_owned())) {
        Err(error) => (format!("FAIL {name} {error}"), false),
        Ok(outcome) => {
            let judgement = &outcome.judgement;
            let passed = judgement.reasons.is_empty();
            let line = format!(
                "{} {name} | {} | {} | wrong {:.1} % | unknown {:.1} % | {} | {}",
                if passed { "pass" } else { "FAIL" },
                judgement.wanted,
                judgement.found,
                judgement.wrong_percent,
                judgement.unknown_percent,
                if judgement.is_exact {
                    "exact"
                } else {
                    "INEXACT"
                },
                if passed {
                    String::new()
                } else {
                    format!(
                        "{} | {} | {}",
                        judgement.reasons.join("; "),
                        outcome.found.summary(),
                        at.display()
                    )
                }
            );
            (line, passed)
        }
    }
}

/// Runs a case, and the one without what it is about.
pub(crate) fn run(case: &Case, at: &Path) -> Result<Outcome, String> {
    let log = Log::default();
    let found = run_once(case, &case.link, &log, at)?;
    let baseline = match &case.baseline {
        None => None,
        Some(link) => Some(run_once(
            case,
            link,
            &Log::of_baseline(),
            &at.join("baseline"),
        )?),
    };
    let facts = Facts {
        log: &log,
        rtt: case.link.rtt,
        run: &found,
        baseline: baseline.as_ref(),
    };
    // What a server of the tests' own needed besides its waits is its own, too.
    let truth = (case.truth)(&facts).and_also("server", log.time("busy"));
    let header = Header {
        about: format!("{} Link: {} {}", case.about, case.link, case.variant)
            .trim_end()
            .to_owned(),
        truth: truth.clone(),
    };
    let written = serde_json::to_string(&header).map_err(|error| error.to_string())?;
    fs::write(at.join("truth.json"), written).map_err(|error| error.to_string())?;
    Ok(Outcome {
        judgement: truth.judge(&found),
        header,
        found,
        events: at.join("run.events"),
    })
}

fn run_once(case: &Case, link: &Link, log: &Log, at: &Path) -> Result<Found, String> {
    let report = try_run(case, link, log, at).map_err(|error| {
        let told = fs::read_to_string(at.join("stderr")).unwrap_or_default();
        format!("{error}: {}", told.trim())
    })?;
    let report = serde_json::from_slice(&report).map_err(|error| format!("no report: {error}"))?;
    let found = Found::from_report(&report)?;
    if found.has_packets || case.has_no_packets {
        Ok(found)
    } else {
        Err("no packets were captured".to_owned())
    }
}

/// Returns the JSON report.
fn try_run(case: &Case, link: &Link, log: &Log, at: &Path) -> io::Result<Vec<u8>> {
    let _ = fs::remove_dir_all(at);
    fs::create_dir_all(at)?;
    let binary = binary();
    let file = |name: &str| at.join(name).to_string_lossy().into_owned();
    let mut program = vec![
        binary.to_string_lossy().into_owned(),
        "probe".to_owned(),
        format!("--format=json={}", file("run.json")),
        format!("--format=events={}", file("run.events")),
        "--save".to_owned(),
        file("run.pcapng"),
    ];
    for argument in &case.arguments {
        program.push(match argument.strip_prefix("@bytes:") {
            None => argument.clone(),
            Some(count) => {
                let bytes = body(count.parse().map_err(io::Error::other)?);
                fs::write(at.join("body"), bytes)?;
                format!("@{}", file("body"))
            }
        });
    }
    let lab = Lab::start(&binary, link, &program, at)?;
    // Room for what the client has not read yet, so that its window limits nothing unless a kind is
    // about that.
    lab.set_parameter(Side::Client, "ipv4/tcp_rmem", "4096 1048576 6291456");
    let servers = (case.stage)(&lab, log);
    let reading = case.reading.clone();
    let act = case.acts.as_ref().map(|acts| acts(&lab, log));
    lab.run(act, |output| {
        if let Some(reading) = reading {
            reading(output, log);
        }
    })?;
    drop(servers);
    fs::read(at.join("run.json"))
}

/// Returns true, and says so, if this user cannot make networks.
pub(crate) fn is_skipped() -> bool {
    let skipped = !geteuid().is_root();
    if skipped {
        println!("SKIPPED: the truth suite enters the lab's networks, which takes root");
    }
    skipped
}
