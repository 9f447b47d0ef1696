//! `tapline report`: a report of a saved run, a capture file or a HAR file.

use std::io;
use std::path::Path;

use super::args::ReportFileArgs;
use super::exit::{Exit, UsageError};
use super::long_run::{LongRun, WindowedReplay};
use super::read_ahead::{Prepare, read_events_ahead};
use super::report_outputs::{EventWriter, ReportOutputs};
use super::tls_keys;
use crate::archive::{Archive, ArchiveError, CaptureStore};
use crate::dissect::DissectedFlows;
use crate::insight::{RetentionLimits, ServerNames};
use crate::report::{ExchangeSource, Format, ReportOptions, TransferVisitor};
use crate::trace::{Event, PacketLimits};
use crate::units::Untrusted;

/// Reads the file and writes the reports. A file that cannot be read at all is a usage error.
pub(super) fn run(args: &ReportFileArgs) -> Result<Exit, UsageError> {
    let mut reports = ReportOutputs::from_args(&args.formats, &args.report)?;
    reports.default_to(Format::Text);
    if reports.on_stdout() > 1 {
        return Err(UsageError::new(
            "only one report can be written to standard output; write the others to files: \
             --format json=run.json",
        ));
    }
    let name = Untrusted::new(args.file.to_string_lossy());
    let mut keys = tls_keys::read_key_log(args.keylog.as_deref())?;
    let archive = open(&args.file, args.spool_limit)
        .map_err(|error| UsageError::new(format!("{}: {error}", name.escaped())))?;
    let store = archive.store();
    let mut run = LongRun::rereadable(if is_pipe(&args.file) {
        PacketLimits::for_pipe(args.spool_limit)
    } else {
        PacketLimits::KEEP_FIRST
    });
    // Secrets are learned while reading, so a second reading starts with the original rules.
    let options = reports.options.clone();
    let masker = Masker {
        options: options.clone(),
        stream: Some(reports.event_writer()),
    };
    let har = archive.clone_har();
    let result = read_events_ahead(archive, masker, |event| {
        run.apply(event, reports.options.budget.as_mut());
    });
    let (attachments, masker) = match result {
        Ok(read) => read,
        Err(error) => {
            eprintln!("tapline: {}: {error}", name.escaped());
            return Ok(Exit::Fault);
        }
    };
    let trace = &run.trace;
    tls_keys::add_embedded_key_logs(&mut keys, &attachments, &store);
    if let Some(error) = &attachments.error {
        eprintln!(
            "tapline: {}: the file could not be read to the end: {error}",
            name.escaped()
        );
    }
    reports.options.rules = masker.options.rules;
    let streamed = masker.stream.map_or(Ok(()), EventWriter::end);
    reports.options.names = ServerNames::from_trace(trace, &*store);
    if args.messages || args.keylog.is_some() {
        let dissections = DissectedFlows::from_trace(trace, &*store, &keys);
        reports.options = reports.options.with_dissections(dissections);
    }
    let replay = FileReplay {
        store: &store,
        har,
        unreadable: attachments.error,
        options,
    };
    let every: &dyn ExchangeSource = if trace.retired().exchanges > 0 {
        &replay
    } else {
        trace
    };
    run.warn_about_omissions();
    Ok(reports
        .write(trace, every)
        .and(streamed)
        .err()
        .unwrap_or(Exit::Done))
}

/// Learns the secrets in events, and masks them.
struct Masker {
    options: ReportOptions,
    /// Writes events as they are read.
    stream: Option<EventWriter>,
}

impl Prepare for Masker {
    fn prepare(&mut self, event: &mut Event) {
        self.options.rules.learn(&event.kind);
        if let Some(stream) = &mut self.stream {
            stream.write(event, &self.options);
        }
        self.options.mask(event);
    }
}

/// A second reading of the file, for reports that need every exchange of a long run.
struct FileReplay<'a> {
    store: &'a CaptureStore,
    /// A HAR with its index, which need not be built again.
    har: Option<Archive>,
    /// The error that ended the first reading.
    unreadable: Option<ArchiveError>,
    options: ReportOptions,
}

impl ExchangeSource for FileReplay<'_> {
    fn for_each_transfer(&self, to: &mut TransferVisitor<'_>) -> io::Result<()> {
        let to_io_error = |error: &ArchiveError| io::Error::other(error.to_string());
        let archive = match self.har.as_ref().and_then(Archive::clone_har) {
            Some(har) => har,
            None => Archive::reopen(self.store, "").map_err(|error| to_io_error(&error))?,
        };
        let masker = Masker {
            options: self.options.clone(),
            stream: None,
        };
        let mut reading = WindowedReplay::begin(RetentionLimits::STREAMING);
        let mut result = Ok(());
        let (attachments, _) = read_events_ahead(archive, masker, |event| {
            if result.is_ok() {
                result = reading.apply(event, to);
            }
        })?;
        if let Some(error) = attachments.error.filter(|_| self.unreadable.is_none()) {
            return Err(to_io_error(&error));
        }
        result.and_then(|()| reading.end(to).map(drop))
    }
}

fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn open(path: &Path, limit: u64) -> Result<Archive, ArchiveError> {
    if is_pipe(path) {
        Archive::from_pipe_with_limit(std::io::stdin(), limit)
    } else {
        Archive::open(path)
    }
}
