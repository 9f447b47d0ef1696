//! `tapline probe --suite`: probes many endpoints from a file concurrently, with one verdict.

mod endpoint_config;
mod folding;
mod options;
mod paths;
mod precedence;
mod progress;
mod run_pool;
mod setting;
mod suite_file;
mod variables;

use std::io::Read as _;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::ArgMatches;

use super::args::{CaptureChoice, ProbeArgs};
use super::exit::{Exit, UsageError};
use super::lab;
use super::report_outputs::ReportOutputs;
use super::signals::SignalWatcher;
use super::tls_keys::warn_about_key_log;
use crate::insight::budget::Budget;
use crate::probe::spec::KeyLogProblems;
use crate::report::{EndpointStatus, Format, SUITE_FORMATS, SuiteResult, write_suite};
use crate::units::{Nanos, WallTime};
use endpoint_config::EndpointConfig;
use folding::SuiteFold;
use precedence::SuiteConfig;
use run_pool::RunPool;
use setting::SuiteError;

/// Capacity of the event channel; the runs block while it is full.
const CHANNEL_CAPACITY: usize = 8_192;
/// Maximum size of a suite's file.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Runs a suite and writes its reports.
pub(super) fn run(args: &ProbeArgs, path: &Path, matches: &ArgMatches) -> Result<Exit, UsageError> {
    refuse_single_run_options(args)?;
    let mut reports = ReportOutputs::from_args(&args.formats, &args.report)?;
    reports.default_to(Format::Text);
    if reports.on_stdout() > 1 {
        return Err(UsageError::new(
            "only one report can be written to standard output; write the others to files: \
             --format junit=suite.xml",
        ));
    }
    if let Some(format) = reports
        .formats()
        .find(|format| !SUITE_FORMATS.contains(format))
    {
        let known: Vec<&str> = SUITE_FORMATS.iter().map(|format| format.name()).collect();
        return Err(UsageError::new(format!(
            "--format {}: the formats of a suite are {}",
            format.name(),
            known.join(", ")
        )));
    }
    if let Some(Err(error)) = args.budget.as_deref().map(str::parse::<Budget>) {
        return Err(UsageError::new(format!("--budget: {error}")));
    }
    let shown = crate::units::Untrusted::new(path.to_string_lossy())
        .escaped()
        .into_owned();
    let at = |error: SuiteError| UsageError::new(format!("{shown}: {error}"));
    let text =
        read(path).map_err(|reason| UsageError::new(format!("--suite: '{shown}' {reason}")))?;
    let folder = path
        .parent()
        .filter(|_| path != Path::new("-"))
        .unwrap_or(Path::new(""));
    let layers = SuiteConfig::read(&text, folder, args, matches).map_err(at)?;
    let mut jobs = layers.endpoint_configs(&reports.options).map_err(at)?;
    let key_log = KeyLogProblems::default();
    for job in &mut jobs {
        job.spec.tls.key_log_problems = key_log.clone();
    }
    let parallel = args
        .parallel
        .map_or_else(default_parallelism, usize::from)
        .min(jobs.len().max(1));
    let exit = run_suite(jobs, parallel, &reports);
    Ok(match (warn_about_key_log(&key_log), exit) {
        (Err(fault), Exit::Done) => fault,
        (_, exit) => exit,
    })
}

fn run_suite(jobs: Vec<EndpointConfig>, parallel: usize, reports: &ReportOutputs) -> Exit {
    let signals = SignalWatcher::watch();
    let (sender, events) = sync_channel(CHANNEL_CAPACITY);
    let (mut folding, specs) = SuiteFold::new(jobs);
    let began = Instant::now();
    let started_at = now();
    let pool = match RunPool::start(specs, parallel, sender, lab::enclosing_link()) {
        Ok(pool) => pool,
        Err(error) => {
            eprintln!("tapline: the engine cannot start: {error}");
            return Exit::Fault;
        }
    };
    signals.cancel_on_signal(pool.canceller());
    folding.receive_all(&events);
    pool.join();
    let interrupted = signals.exit();
    let duration = Nanos::from(began.elapsed());
    let suite = SuiteResult {
        started_at,
        duration,
        parallel,
        interrupted: interrupted.is_some(),
        endpoints: folding.endpoints(),
    };
    let written = reports.write_each(|format, options, out| {
        out.write_all(
            write_suite(&suite, format, options)
                .unwrap_or_default()
                .as_bytes(),
        )
    });
    if !reports.prints(Format::Text) {
        print_verdict(&suite);
    }
    match (interrupted, written) {
        (Some(exit), _) | (None, Err(exit)) => exit,
        (None, Ok(())) => exit(&suite),
    }
}

fn exit(suite: &SuiteResult) -> Exit {
    match suite.status() {
        EndpointStatus::Ok | EndpointStatus::Warned | EndpointStatus::NotRun => Exit::Done,
        EndpointStatus::Missed => Exit::BudgetMissed,
        EndpointStatus::Failed => Exit::ProbeFailed,
    }
}

/// Prints the verdict to standard error, for users who do not see the table.
fn print_verdict(suite: &SuiteResult) {
    const MOST: usize = 20;
    eprintln!("tapline: {}", suite.summary());
    let wrong = || {
        suite
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.status() > EndpointStatus::NotRun)
    };
    for endpoint in wrong().take(MOST) {
        eprintln!(
            "tapline: {}: {}",
            endpoint.name.escaped(),
            endpoint.reason().unwrap_or_default()
        );
    }
    let others = wrong().count().saturating_sub(MOST);
    if others > 0 {
        eprintln!("tapline: and {others} more");
    }
}

fn refuse_single_run_options(args: &ProbeArgs) -> Result<(), UsageError> {
    let request = &args.request;
    let refused = [
        (args.write_out.is_some(), "-w"),
        (args.otlp.is_some(), "--otlp"),
        (!args.webhooks.is_empty(), "--webhook"),
        (request.save.is_some(), "--save"),
        (request.output.is_some(), "-o"),
        (request.cookie_jar.is_some(), "-c"),
        (request.capture == CaptureChoice::On, "--capture on"),
        (request.capture_interface.is_some(), "--capture-interface"),
    ];
    match refused.iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(UsageError::new(format!(
            "{option} is only for a single run; the runs of a suite are concurrent and do not \
             capture packets: probe the endpoint by itself instead"
        ))),
        None => Ok(()),
    }
}

fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read_error = |error: std::io::Error| format!("cannot be read: {error}");
    let source: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(read_error)?)
    };
    source
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(read_error)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("is larger than {} MiB", MAX_FILE_BYTES >> 20));
    }
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "is not valid UTF-8 (at byte {})",
            error.utf8_error().valid_up_to() + 1
        )
    })
}

/// The default number of concurrent runs: enough to use the processors while responses are awaited,
/// and few enough that runs rarely wait for a processor.
fn default_parallelism() -> usize {
    const FOR_EACH: usize = 4;
    const MOST: usize = 32;
    std::thread::available_parallelism()
        .map_or(FOR_EACH, |cores| (cores.get() * FOR_EACH).min(MOST))
}

fn now() -> WallTime {
    WallTime(
        Nanos::from(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        )
        .0,
    )
}
