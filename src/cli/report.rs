//! `tapline report`: a saved run, a capture file or a HAR as a report.

use std::io;
use std::path::Path;

use super::args::ReportFileArgs;
use super::exit::Exit;
use super::long_run::{LongRun, Reading};
use super::read_ahead::tell_ahead;
use super::reports::Reports;
use super::secrets;
use super::usage::Usage;
use crate::archive::{Archive, ArchiveError, Store};
use crate::dissect::TakenApart;
use crate::insight::{Holding, ServerNames};
use crate::report::{EachTransfer, Every, Format, Options};
use crate::trace::PacketLimits;
use crate::units::Untrusted;

/// Reads the file and writes the reports. What cannot be read at all is a mistake of the command
/// line's.
pub(super) fn run(args: &ReportFileArgs) -> Result<Exit, Usage> {
    let mut reports = Reports::of(&args.formats, &args.look)?;
    reports.default_to(Format::Text);
    if reports.on_stdout() > 1 {
        return Err(Usage::new(
            "only one report can go to standard output; give the others a file: --format \
                json=run.json",
        ));
    }
    let name = Untrusted::new(args.file.to_string_lossy());
    let mut keys = secrets::beside(args.keylog.as_deref())?;
    let archive = open(&args.file, args.spool_limit)
        .map_err(|error| Usage::new(format!("{}: {error}", name.escaped())))?;
    let store = archive.store();
    let mut run = LongRun::read_again(if is_pipe(&args.file) {
        PacketLimits::of_pipe(args.spool_limit)
    } else {
        PacketLimits::FIRST
    });
    // What is secret becomes known on the way, the second time too.
    let options = reports.options.clone();
    let mut stream = reports.stream();
    let told = tell_ahead(archive, |mut event| {
        reports.options.rules.learn(&event.what);
        stream.write(&event, &reports.options);
        reports.options.mask(&mut event);
        run.take(event, reports.options.budget.as_mut());
    });
    let kept = match told {
        Ok(kept) => kept,
        Err(error) => {
            eprintln!("tapline: {}: {error}", name.escaped());
            return Ok(Exit::Fault);
        }
    };
    let trace = &run.trace;
    secrets::add_within(&mut keys, &kept, &store);
    if let Some(error) = &kept.error {
        eprintln!(
            "tapline: {}: the file is not read to its end: {error}",
            name.escaped()
        );
    }
    let streamed = stream.end();
    reports.options.names = ServerNames::of(trace, &*store);
    if args.messages || args.keylog.is_some() {
        let taken_apart = TakenApart::of(trace, &*store, &keys);
        reports.options = reports.options.with_taken_apart(taken_apart);
    }
    let again = Again {
        store: &store,
        options,
    };
    let every: &dyn Every = if trace.retired().exchanges > 0 {
        &again
    } else {
        trace
    };
    Ok(reports
        .write(trace, every)
        .and(streamed)
        .err()
        .unwrap_or(Exit::Done))
}

/// The file, read once more for reports that tell every exchange of a long run.
struct Again<'a> {
    store: &'a Store,
    options: Options,
}

impl Every for Again<'_> {
    fn each(&self, to: &mut EachTransfer<'_>) -> io::Result<()> {
        let archive =
            Archive::again(self.store, "").map_err(|error| io::Error::other(error.to_string()))?;
        let mut options = self.options.clone();
        let (mut reading, mut result) = (Reading::begin(Holding::WINDOW), Ok(()));
        tell_ahead(archive, |mut event| {
            if result.is_ok() {
                options.rules.learn(&event.what);
                options.mask(&mut event);
                result = reading.take(event, to);
            }
        })?;
        result.and_then(|()| reading.end(to).map(drop))
    }
}

fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn open(path: &Path, limit: u64) -> Result<Archive, ArchiveError> {
    if is_pipe(path) {
        Archive::piped_within(std::io::stdin(), limit)
    } else {
        Archive::open(path)
    }
}
