//! `tapline diff`: what changed between two runs.

use std::path::{Path, PathBuf};

use super::args::DiffArgs;
use super::atomic_file::Readers;
use super::exit::{Exit, UsageError};
use super::long_run::WindowedReplay;
use super::output;
use super::report_outputs::ReportOutputs;
use crate::archive::Comparable;
use crate::insight::diff::{ComparedRun, compare_runs};
use crate::insight::redact::RedactionRules;
use crate::insight::{RetentionLimits, ServerNames, Transfer};
use crate::report::{Comparison, DiffFormat};
use crate::trace::Trace;
use crate::units::{Untrusted, group_digits};

/// Error for a file without comparable content.
const NOTHING_TO_COMPARE: &str =
    "it contains nothing that can be compared: no request and no conversation";

/// Reads both files and prints what changed. A file that cannot be read at all is a usage error.
pub(super) fn run(args: &DiffArgs) -> Result<Exit, UsageError> {
    let requested = parse_formats(&args.formats)?;
    let reports = ReportOutputs::from_args(&[], &args.report)?;
    let readers = reports.readers();
    let mut options = reports.options;
    let before = read_side(&args.before, &mut options.rules)?;
    let after = read_side(&args.after, &mut options.rules)?;
    let found = compare_runs(&before, &after, args.tolerance);
    let names = [&args.before, &args.after].map(|path| Untrusted::new(path.to_string_lossy()));
    let compared = Comparison {
        difference: &found,
        names: [&names[0], &names[1]],
    };
    let mut exit = if found.regressions.is_empty() {
        Exit::Done
    } else {
        Exit::Regression
    };
    for (format, file) in requested {
        let text = format.write(compared, &options);
        let written = match file {
            None => output::print(text.as_bytes()),
            Some(path) => write_to_file(format, &path, readers, &text),
        };
        if written != Exit::Done {
            exit = written;
        }
    }
    Ok(exit)
}

fn write_to_file(format: DiffFormat, path: &Path, readers: Readers, text: &str) -> Exit {
    match output::write_file(path, readers, |file| file.write_all(text.as_bytes())) {
        Ok(()) => Exit::Done,
        Err(error) => {
            eprintln!(
                "tapline: the {} report cannot be written to {}: {error}",
                format.name(),
                path.display()
            );
            Exit::Fault
        }
    }
}

/// Parses `FORMAT` or `FORMAT=FILE`; without any, text goes to standard output.
fn parse_formats(requested: &[String]) -> Result<Vec<(DiffFormat, Option<PathBuf>)>, UsageError> {
    let mut formats = Vec::new();
    for text in requested {
        let (name, file) = text
            .split_once('=')
            .map_or((text.as_str(), None), |(name, file)| (name, Some(file)));
        let format = name
            .parse::<DiffFormat>()
            .map_err(|error| UsageError::new(format!("--format: {error}")))?;
        match file {
            Some("") => {
                return Err(UsageError::new(format!(
                    "--format {name}=: a file name is required after ="
                )));
            }
            file => formats.push((format, file.filter(|file| *file != "-").map(PathBuf::from))),
        }
    }
    if formats.is_empty() {
        formats.push((DiffFormat::Text, None));
    }
    if formats.iter().filter(|(_, file)| file.is_none()).count() > 1 {
        return Err(UsageError::new(
            "only one report can be written to standard output; write the others to files: \
             --format json=diff.json",
        ));
    }
    Ok(formats)
}

/// Reads one side of the comparison. Secrets found in either file are masked in the whole report.
fn read_side(path: &Path, rules: &mut RedactionRules) -> Result<ComparedRun, UsageError> {
    let name = Untrusted::new(path.to_string_lossy());
    let refused =
        |reason: &dyn std::fmt::Display| UsageError::new(format!("{}: {reason}", name.escaped()));
    match Comparable::open(path).map_err(|error| refused(&error))? {
        Comparable::Summary(side) if side.exchanges.is_empty() => Err(refused(&NOTHING_TO_COMPARE)),
        Comparable::Summary(side) => Ok(*side),
        Comparable::Events(archive) => {
            let store = archive.store();
            let mut reading = WindowedReplay::begin(RetentionLimits::STREAMING_WHOLE_RUNS);
            let mut compared = ComparedSide::default();
            let mut result = Ok(());
            let mut take = |trace: &Trace, _, transfer: &Transfer<'_>| {
                compared.add(trace, transfer);
                Ok(())
            };
            let attachments = archive.read_events(|event| {
                rules.learn(&event.kind);
                if result.is_ok() {
                    result = reading.apply(event, &mut take);
                }
            });
            if let Some(error) = &attachments.error {
                eprintln!(
                    "tapline: {}: the file could not be read to the end: {error}",
                    name.escaped()
                );
            }
            let trace = result
                .and_then(|()| reading.end(&mut take))
                .map_err(|error| refused(&error))?;
            let ComparedSide {
                mut side,
                omitted: beyond,
            } = compared;
            side.add_conversations(&trace, &ServerNames::from_trace(&trace, &*store));
            if beyond > 0 {
                let more = group_digits(beyond as u64);
                let most = group_digits(ComparedSide::MAX_EXCHANGES as u64);
                eprintln!(
                    "tapline: {}: only the first {most} exchanges are compared; {more} more are \
                     left out",
                    name.escaped()
                );
            }
            if side.exchanges.is_empty() {
                return Err(refused(&NOTHING_TO_COMPARE));
            }
            Ok(side)
        }
    }
}

/// One side of the comparison, filled while its file is read.
#[derive(Default)]
struct ComparedSide {
    side: ComparedRun,
    /// Number of exchanges beyond [`Self::MAX_EXCHANGES`], which are left out.
    omitted: usize,
}

impl ComparedSide {
    /// Maximum number of exchanges that are compared.
    const MAX_EXCHANGES: usize = Trace::MAX_EXCHANGES;

    /// Adds a transfer with all its hops, or counts it as omitted.
    fn add(&mut self, trace: &Trace, transfer: &Transfer<'_>) {
        let hops = transfer.hops().len();
        if self.omitted > 0 || self.side.exchanges.len() + hops > Self::MAX_EXCHANGES {
            self.omitted += hops;
        } else {
            self.side.add(trace, transfer);
        }
    }
}
