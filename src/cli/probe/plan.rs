//! What a probe shall write, and what its exit code stands for.

use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::progress::Progress;
use crate::cli::args::ProbeArgs;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::reports::Reports;
use crate::cli::request::read_text;
use crate::cli::usage::Usage;
use crate::insight::budget::{Budget, Outcome};
use crate::report::{self, Format};
use crate::trace::{Event, Trace};

/// The reports asked for.
pub(super) struct Plan {
    reports: Reports,
    write_out: Option<String>,
}

impl Plan {
    /// Reads the options that say what to write.
    pub(super) fn of(args: &ProbeArgs) -> Result<Self, Usage> {
        let write_out = match args.write_out.as_deref() {
            Some(text) => Some(text.strip_prefix('@').map_or_else(|| Ok(text.to_owned()), read_text)?),
            None => None,
        };
        let body_on_stdout = args.request.output.as_deref().is_some_and(|path| path.as_os_str() == "-");
        let mut reports = Reports::of(&args.formats, &args.look)?;
        if write_out.is_none() && !body_on_stdout {
            reports.default_to(Format::Text);
        }
        if reports.on_stdout() + usize::from(body_on_stdout) > 1 {
            return Err(Usage::new("only one thing can go to standard output; give the others a file: --format json=run.json, -o FILE"));
        }
        reports.options.budget = match &args.budget {
            Some(rules) => Some(rules.parse::<Budget>().map_err(|error| Usage::new(format!("--budget: {error}")))?),
            None => None,
        };
        Ok(Self { reports, write_out })
    }

    /// Folds the events as they come, until the last; writes them on, too, where that was asked for.
    pub(super) fn fold(&self, events: &Receiver<Event>) -> (Trace, Result<(), Exit>) {
        let mut trace = Trace::default();
        let mut progress = Progress::start();
        let mut stream = self.reports.stream();
        loop {
            let event = match progress.pace() {
                Some(pace) => events.recv_timeout(pace),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(event) => {
                    stream.write(&event, &self.reports.options);
                    trace.apply(event);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            progress.draw(&trace, &self.reports.options);
        }
        progress.clear();
        (trace, stream.end())
    }

    /// Writes every report but the events, which were written as they came.
    pub(super) fn write(&self, trace: &Trace) -> Result<(), Exit> {
        let result = self.reports.write(trace);
        self.write_out(trace);
        result
    }

    fn write_out(&self, trace: &Trace) {
        let Some(format) = &self.write_out else { return };
        let written = report::write_out(format, trace, &self.reports.options);
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
        let Some(budget) = &self.reports.options.budget else { return Exit::Done };
        for verdict in budget.verdicts(trace) {
            if !matches!(verdict.outcome, Outcome::Met) {
                eprintln!("tapline: budget {}: {}", verdict.rule, verdict.outcome.name());
            }
        }
        if budget.is_missed(trace) { Exit::BudgetMissed } else { Exit::Done }
    }
}
