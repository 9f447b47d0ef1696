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
use super::lab::{Lab, Link};
use super::server::{Log, body};
use super::truth::{Judgement, Truth};

/// Share of the runs that have to pass, in percent.
const LEAST_PASSED_PERCENT: usize = 95;

/// What came of one run.
pub(crate) struct Outcome {
    pub(crate) truth: Truth,
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
pub(crate) fn run_all() -> bool {
    let cases = kinds::wanted();
    let jobs = std::env::var("TRUTH_JOBS")
        .ok()
        .and_then(|jobs| jobs.parse().ok())
        .unwrap_or(2);
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let tally = Mutex::new((0, Vec::new()));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(case) = {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(number).map(|case| (number, case))
                } {
                    let (line, passed) = row(case.0, case.1);
                    println!("{line}");
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    if passed {
                        tally.0 += 1;
                    } else {
                        tally.1.push(line);
                    }
                }
            });
        }
    });
    let (passed, failed) = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "\n{passed} of {} runs pass, in {} s; those that do not:",
        cases.len(),
        began.elapsed().as_secs()
    );
    failed.iter().for_each(|line| println!("{line}"));
    !cases.is_empty() && passed * 100 >= cases.len() * LEAST_PASSED_PERCENT
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
    let truth = (case.truth)(&facts);
    Ok(Outcome {
        judgement: truth.judge(&found),
        truth,
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
    if found.has_packets {
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
