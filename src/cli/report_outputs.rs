//! The reports requested by `--format`.

use std::fs::{File, Permissions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::args::{ColorChoice, ReportArgs};
use super::atomic_file::Readers;
use super::exit::{Exit, UsageError};
use super::output;
use super::signals;
use super::standard_output::StandardOutput;
use crate::report::{self, ExchangeSource, Format, ReportOptions};
use crate::sys::{WriteOptions, open_for_writing_blocking};
use crate::trace::{Event, Trace};

/// The requested reports and their format options.
pub(super) struct ReportOutputs {
    requested: Vec<(Format, Option<PathBuf>)>,
    pub(super) options: ReportOptions,
}

impl ReportOutputs {
    /// Reads the output options.
    pub(super) fn from_args(formats: &[String], args: &ReportArgs) -> Result<Self, UsageError> {
        let requested = formats
            .iter()
            .map(|text| parse_format(text))
            .collect::<Result<Vec<_>, _>>()?;
        let options = report_options(args)?;
        if options.with_secrets && requested.iter().any(|(_, file)| file.is_some()) {
            eprintln!(
                "tapline: secrets are not masked in the report files; only their owner can read \
                 them"
            );
        }
        Ok(Self { requested, options })
    }

    /// Adds a report on standard output if none was requested.
    pub(super) fn default_to(&mut self, format: Format) {
        if self.requested.is_empty() {
            self.requested.push((format, None));
        }
    }

    /// The requested formats.
    pub(super) fn formats(&self) -> impl Iterator<Item = Format> + '_ {
        self.requested.iter().map(|(format, _)| *format)
    }

    /// Returns true if this format goes to standard output.
    pub(super) fn prints(&self, wanted: Format) -> bool {
        self.requested
            .iter()
            .any(|(format, file)| *format == wanted && file.is_none())
    }

    /// The number of reports that go to standard output.
    pub(super) fn on_stdout(&self) -> usize {
        self.requested
            .iter()
            .filter(|(_, file)| file.is_none())
            .count()
    }

    /// The writer of the events report, which is written while the run goes on.
    pub(super) fn event_writer(&self) -> EventWriter {
        let requested = self
            .requested
            .iter()
            .find(|(format, _)| *format == Format::Events);
        let Some((_, file)) = requested else {
            return EventWriter {
                out: None,
                failed: None,
            };
        };
        match file {
            None => match StandardOutput::open() {
                Ok(stdout) => EventWriter {
                    out: Some(EventDestination::Stdout(stdout)),
                    failed: None,
                },
                Err(error) => EventWriter {
                    out: None,
                    failed: Some(error.to_string()),
                },
            },
            Some(path) => match create_streamed(path, self.readers()) {
                Ok(file) => EventWriter {
                    out: Some(EventDestination::File(io::BufWriter::new(file))),
                    failed: None,
                },
                Err(error) => EventWriter {
                    out: None,
                    failed: Some(format!("{}: {error}", path.display())),
                },
            },
        }
    }

    /// Returns the read permissions for the files of these reports.
    pub(super) const fn readers(&self) -> Readers {
        if self.options.with_secrets {
            Readers::Owner
        } else {
            Readers::Usual
        }
    }

    /// Writes every report except the events, which were streamed.
    pub(super) fn write(&self, trace: &Trace, every: &dyn ExchangeSource) -> Result<(), Exit> {
        self.write_each(|format, options, out| {
            report::write_full_report_to(trace, every, format, options, out)
        })
    }

    /// Returns true if a requested format lists every exchange.
    pub(super) fn needs_every_exchange(&self) -> bool {
        self.formats()
            .any(|format| matches!(format, Format::Json | Format::Har | Format::Csv))
    }

    /// Calls `write` for each requested format except events.
    pub(super) fn write_each(
        &self,
        write: impl Fn(Format, &ReportOptions, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Exit> {
        let mut result = Ok(());
        for (format, file) in self
            .requested
            .iter()
            .filter(|(format, _)| *format != Format::Events)
        {
            let write = |out: &mut dyn Write| write(*format, &self.options, out);
            let exit = match file {
                None => output::print_with(write),
                Some(path) => match output::write_file(path, self.readers(), write) {
                    Ok(()) => Exit::Done,
                    Err(error) => {
                        eprintln!(
                            "tapline: the {} report cannot be written to {}: {error}",
                            format.name(),
                            path.display()
                        );
                        Exit::Fault
                    }
                },
            };
            if exit != Exit::Done {
                result = Err(exit);
            }
        }
        result
    }
}

/// Opens a file that is written incrementally.
fn create_streamed(path: &Path, readers: Readers) -> io::Result<File> {
    let writing = WriteOptions {
        append: false,
        mode: readers.mode(),
    };
    let file = open_for_writing_blocking(path, writing, signals::signal_received)?;
    if readers == Readers::Owner && file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(readers.mode()))?;
    }
    Ok(file)
}

/// Writes events as lines. Each is written at once, since another program may be reading along.
pub(super) struct EventWriter {
    out: Option<EventDestination>,
    failed: Option<String>,
}

/// Destination of events.
enum EventDestination {
    File(io::BufWriter<File>),
    /// Unbuffered.
    Stdout(StandardOutput),
}

impl EventDestination {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all(line).and_then(|()| file.flush()),
            Self::Stdout(stdout) => stdout.write_all(line),
        }
    }
}

impl EventWriter {
    /// Writes an event, if the events report was requested.
    pub(super) fn write(&mut self, event: &Event, options: &ReportOptions) {
        let Some(out) = &mut self.out else { return };
        if let Err(error) = out.write(report::event_line(event, options).as_bytes()) {
            self.fail(&error);
        }
    }

    /// Stops writing. A reader that has gone away (`| head`) is not an error.
    fn fail(&mut self, error: &io::Error) {
        self.out = None;
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.failed = Some(error.to_string());
        }
    }

    /// Reports whether all events were written.
    pub(super) fn end(mut self) -> Result<(), Exit> {
        if let Some(EventDestination::Stdout(stdout)) = &mut self.out
            && let Err(error) = stdout.flush()
        {
            self.fail(&error);
        }
        match self.failed {
            None => Ok(()),
            Some(error) => {
                eprintln!("tapline: the events cannot be written: {error}");
                Err(Exit::Fault)
            }
        }
    }
}

/// Parses `FORMAT` or `FORMAT=FILE`; `FORMAT=-` is standard output.
fn parse_format(text: &str) -> Result<(Format, Option<PathBuf>), UsageError> {
    let (name, file) = text
        .split_once('=')
        .map_or((text, None), |(name, file)| (name, Some(file)));
    let format = name
        .parse::<Format>()
        .map_err(|error| UsageError::new(format!("--format: {error}")))?;
    match file {
        Some("") => Err(UsageError::new(format!(
            "--format {name}=: a file name is required after ="
        ))),
        Some("-") | None => Ok((format, None)),
        Some(file) => Ok((format, Some(file.into()))),
    }
}

fn report_options(args: &ReportArgs) -> Result<ReportOptions, UsageError> {
    let terminal = std::io::stdout().is_terminal();
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let color = match args.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => !set("NO_COLOR") && (terminal || set("CLICOLOR_FORCE")),
    };
    let width = if terminal {
        crossterm::terminal::size().map_or(80, |(width, _)| width)
    } else {
        80
    };
    let ascii = args.ascii || !super::supports_unicode();
    let with_secrets = args.secrets.with_secrets();
    let rules = args.secrets.rules()?;
    Ok(ReportOptions {
        width: width.into(),
        color,
        ascii,
        with_secrets,
        rules,
        ..ReportOptions::default()
    })
}
