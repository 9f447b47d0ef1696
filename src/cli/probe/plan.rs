//! What a probe shall write, and what its exit code stands for.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::progress::Progress;
use crate::cli::args::{ColorChoice, ProbeArgs};
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::request::read_text;
use crate::cli::usage::Usage;
use crate::insight::budget::{Budget, Outcome};
use crate::report::{self, Format, Options};
use crate::trace::{Event, Trace};

/// The reports asked for.
pub(super) struct Plan {
    reports: Vec<(Format, Option<PathBuf>)>,
    write_out: Option<String>,
    options: Options,
}

impl Plan {
    /// Reads the options that say what to write.
    pub(super) fn of(args: &ProbeArgs) -> Result<Self, Usage> {
        let write_out = match args.write_out.as_deref() {
            Some(text) => Some(text.strip_prefix('@').map_or_else(|| Ok(text.to_owned()), read_text)?),
            None => None,
        };
        let mut reports = args.formats.iter().map(|text| format(text)).collect::<Result<Vec<_>, _>>()?;
        let body_on_stdout = args.request.output.as_deref().is_some_and(|path| path.as_os_str() == "-");
        if reports.is_empty() && write_out.is_none() && !body_on_stdout {
            reports.push((Format::Text, None));
        }
        let on_stdout = reports.iter().filter(|(_, file)| file.is_none()).count() + usize::from(body_on_stdout);
        if on_stdout > 1 {
            return Err(Usage::new("only one thing can go to standard output; give the others a file: --format json=run.json, -o FILE"));
        }
        Ok(Self { reports, write_out, options: options(args)? })
    }

    /// Folds the events as they come, until the last; writes them on, too, where that was asked for.
    pub(super) fn fold(&self, events: &Receiver<Event>) -> (Trace, Result<(), Exit>) {
        let mut trace = Trace::default();
        let mut progress = Progress::start();
        let mut stream = self.stream();
        loop {
            let event = match progress.pace() {
                Some(pace) => events.recv_timeout(pace),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(event) => {
                    stream.write(&event, &self.options);
                    trace.apply(event);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            progress.draw(&trace, &self.options);
        }
        progress.clear();
        (trace, stream.end())
    }

    fn stream(&self) -> Stream {
        let asked = self.reports.iter().find(|(format, _)| *format == Format::Events);
        let Some((_, file)) = asked else { return Stream { out: None, failed: None } };
        match file {
            None => Stream { out: Some(Box::new(std::io::stdout())), failed: None },
            Some(path) => match std::fs::File::create(path) {
                Ok(file) => Stream { out: Some(Box::new(std::io::BufWriter::new(file))), failed: None },
                Err(error) => Stream { out: None, failed: Some(format!("{}: {error}", path.display())) },
            },
        }
    }

    /// Writes every report but the events, which were written as they came.
    pub(super) fn write(&self, trace: &Trace) -> Result<(), Exit> {
        let mut result = Ok(());
        for (format, file) in self.reports.iter().filter(|(format, _)| *format != Format::Events) {
            let text = report::write(trace, *format, &self.options);
            let exit = match file {
                None => output::print(text.as_bytes()),
                Some(path) => match output::write_file(path, text.as_bytes()) {
                    Ok(()) => Exit::Done,
                    Err(error) => {
                        eprintln!("tapline: the {} report cannot be written to {}: {error}", format.name(), path.display());
                        Exit::Fault
                    }
                },
            };
            if exit != Exit::Done {
                result = Err(exit);
            }
        }
        self.write_out(trace);
        result
    }

    fn write_out(&self, trace: &Trace) {
        let Some(format) = &self.write_out else { return };
        let written = report::write_out(format, trace, &self.options);
        let _ = output::print(written.stdout.as_bytes());
        let _ = std::io::stderr().write_all(written.stderr.as_bytes());
        for warning in written.warnings {
            eprintln!("tapline: {warning}");
        }
    }

    /// The exit code that the run and the budget ask for, with what was missed said on standard error.
    pub(super) fn verdict(&self, trace: &Trace) -> Exit {
        if trace.failure().is_some() {
            return Exit::ProbeFailed;
        }
        let Some(budget) = &self.options.budget else { return Exit::Done };
        for verdict in budget.verdicts(trace) {
            if !matches!(verdict.outcome, Outcome::Met) {
                eprintln!("tapline: budget {}: {}", verdict.rule, verdict.outcome.name());
            }
        }
        if budget.is_missed(trace) { Exit::BudgetMissed } else { Exit::Done }
    }
}

/// Events on their way out, one a line, flushed each: somebody may be watching.
struct Stream {
    out: Option<Box<dyn Write>>,
    failed: Option<String>,
}

impl Stream {
    fn write(&mut self, event: &Event, options: &Options) {
        let Some(out) = &mut self.out else { return };
        if let Err(error) = out.write_all(report::event_line(event, options).as_bytes()).and_then(|()| out.flush()) {
            self.out = None;
            if error.kind() != std::io::ErrorKind::BrokenPipe {
                self.failed = Some(error.to_string());
            }
        }
    }

    fn end(self) -> Result<(), Exit> {
        match self.failed {
            None => Ok(()),
            Some(error) => {
                eprintln!("tapline: the events cannot be written: {error}");
                Err(Exit::Fault)
            }
        }
    }
}

/// `FORMAT` or `FORMAT=FILE`; `FORMAT=-` is standard output.
fn format(text: &str) -> Result<(Format, Option<PathBuf>), Usage> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(file)));
    let format = name.parse::<Format>().map_err(|error| Usage::new(format!("--format: {error}")))?;
    match file {
        Some("") => Err(Usage::new(format!("--format {name}=: a file is wanted after the ="))),
        Some("-") | None => Ok((format, None)),
        Some(file) => Ok((format, Some(file.into()))),
    }
}

fn options(args: &ProbeArgs) -> Result<Options, Usage> {
    let terminal = std::io::stdout().is_terminal();
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let color = match args.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => !set("NO_COLOR") && (terminal || set("CLICOLOR_FORCE")),
    };
    let budget = match &args.budget {
        Some(rules) => Some(rules.parse::<Budget>().map_err(|error| Usage::new(format!("--budget: {error}")))?),
        None => None,
    };
    let width = if terminal { crossterm::terminal::size().map_or(80, |(width, _)| width) } else { 80 };
    let ascii = args.ascii || !crate::cli::speaks_unicode();
    Ok(Options { width: width.into(), color, ascii, with_secrets: args.with_secrets, budget })
}
