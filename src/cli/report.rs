//! `tapline report`: a saved run, a capture file or a HAR as a report.

use std::path::Path;

use super::args::ReportFileArgs;
use super::exit::Exit;
use super::reports::Reports;
use super::secrets;
use super::usage::Usage;
use crate::archive::{Archive, ArchiveError};
use crate::dissect::TakenApart;
use crate::insight::ServerNames;
use crate::report::Format;
use crate::trace::Trace;
use crate::units::Untrusted;

/// Reads the file and writes the reports. What cannot be read at all is a mistake of the command line's.
pub(super) fn run(args: &ReportFileArgs) -> Result<Exit, Usage> {
    let mut reports = Reports::of(&args.formats, &args.look)?;
    reports.default_to(Format::Text);
    if reports.on_stdout() > 1 {
        return Err(Usage::new("only one report can go to standard output; give the others a file: --format json=run.json"));
    }
    let name = Untrusted::new(args.file.to_string_lossy());
    let mut keys = secrets::beside(args.keylog.as_deref())?;
    let archive = open(&args.file).map_err(|error| Usage::new(format!("{}: {error}", name.escaped())))?;
    let store = archive.store();
    let mut trace = Trace::default();
    let mut stream = reports.stream();
    let kept = archive.tell(|mut event| {
        reports.options.rules.learn(&event.what);
        stream.write(&event, &reports.options);
        reports.options.mask(&mut event);
        trace.apply(event);
    });
    secrets::add_within(&mut keys, &kept, &store);
    if let Some(error) = &kept.error {
        eprintln!("tapline: {}: the file is not read to its end: {error}", name.escaped());
    }
    let streamed = stream.end();
    reports.options.names = ServerNames::of(&trace, &*store);
    if args.messages || args.keylog.is_some() {
        let taken_apart = TakenApart::of(&trace, &*store, &keys);
        reports.options = reports.options.with_taken_apart(taken_apart);
    }
    Ok(reports.write(&trace).and(streamed).err().unwrap_or(Exit::Done))
}

fn open(path: &Path) -> Result<Archive, ArchiveError> {
    if path.as_os_str() == "-" { Archive::piped(std::io::stdin()) } else { Archive::open(path) }
}
