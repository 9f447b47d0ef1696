//! The outputs of a probe, and its exit code.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::progress::BodyProgressLine;
use crate::archive::saving::REORDER_NANOS;
use crate::cli::args::{ProbeArgs, RequestArgs};
use crate::cli::delivery::Deliveries;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::long_run::LongRun;
use crate::cli::output;
use crate::cli::report_outputs::ReportOutputs;
use crate::cli::request::read_text;
use crate::cli::run_saver::RunSaver;
use crate::cli::signals::SignalWatcher;
use crate::insight::budget::{Budget, BudgetOutcome, failures_are_allowed};
use crate::insight::redact::RedactionRules;
use crate::report::{self, ExchangeSource, Format};
use crate::trace::{Event, Trace};

/// Time that events of a run being saved are held back for reordering.
const HOLD_BACK: Duration = Duration::from_nanos(REORDER_NANOS);

/// Everything that a probe is asked to write or send.
pub(super) struct OutputPlan {
    reports: ReportOutputs,
    write_out: Option<String>,
    deliveries: Deliveries,
}

impl OutputPlan {
    /// Reads the output options.
    pub(super) fn from_args(args: &ProbeArgs) -> Result<Self, UsageError> {
        let write_out = match args.write_out.as_deref() {
            Some(text) => Some(
                text.strip_prefix('@')
                    .map_or_else(|| Ok(text.to_owned()), read_text)?,
            ),
            None => None,
        };
        let is_stdout = |path: Option<&Path>| path.is_some_and(|path| path.as_os_str() == "-");
        let RequestArgs {
            output,
            save,
            cookie_jar,
            ..
        } = &args.request;
        let others = [output, save, cookie_jar]
            .into_iter()
            .filter(|path| is_stdout(path.as_deref()))
            .count();
        let mut reports = ReportOutputs::from_args(&args.formats, &args.report)?;
        if write_out.is_none() && others == 0 {
            reports.default_to(Format::Text);
        }
        if reports.on_stdout() + others > 1 {
            return Err(UsageError::new(
                "only one output can be written to standard output; write the others to files: \
                 --format json=run.json, -o FILE, --save FILE, -c FILE",
            ));
        }
        if write_out.is_some() && is_stdout(args.request.save.as_deref()) {
            return Err(UsageError::new(
                "-w and --save - would both write to standard output; save the run to a file: \
                 --save FILE",
            ));
        }
        reports.options.budget = match &args.budget {
            Some(rules) => Some(
                rules
                    .parse::<Budget>()
                    .map_err(|error| UsageError::new(format!("--budget: {error}")))?,
            ),
            None => None,
        };
        Ok(Self {
            reports,
            write_out,
            deliveries: Deliveries::from_args(args)?,
        })
    }

    /// The masking rules given on the command line.
    pub(super) fn rules(&self) -> RedactionRules {
        self.reports.options.rules.clone()
    }

    /// Folds all events into a trace as they arrive, while streaming and saving them if requested.
    pub(super) fn fold(
        &mut self,
        events: &Receiver<Event>,
        requests: usize,
        mut saving: Option<RunSaver>,
    ) -> (LongRun, Result<(), Exit>) {
        let mut run = LongRun::new(
            requests,
            self.reports.needs_every_exchange() || self.write_out.is_some(),
        );
        let mut progress = BodyProgressLine::start();
        let mut stream = self.reports.event_writer();
        loop {
            let hold_back = saving
                .as_ref()
                .filter(|saving| saving.has_pending())
                .map(|_| HOLD_BACK);
            let event = match [hold_back, progress.redraw_interval()]
                .into_iter()
                .flatten()
                .min()
            {
                Some(pace) => events.recv_timeout(pace),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(mut event) => {
                    self.reports.options.rules.learn(&event.kind);
                    stream.write(&event, &self.reports.options);
                    if let Some(saving) = &mut saving {
                        saving.add(&event);
                    }
                    self.reports.options.mask(&mut event);
                    run.apply(event, self.reports.options.budget.as_mut());
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(saving) = &mut saving {
                        saving.write_due();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            progress.draw(&run.trace, &self.reports.options);
        }
        progress.clear();
        let saved = saving.map_or(Ok(()), RunSaver::end);
        (run, stream.end().and(saved))
    }

    /// Writes every report except the events, which were streamed.
    pub(super) fn write(&self, run: &LongRun) -> Result<(), Exit> {
        run.warn_about_omissions();
        self.reports
            .write(&run.trace, run.exchanges())
            .and(self.write_out(run.exchanges()))
    }

    /// Sends the run to the requested destinations.
    pub(super) fn deliver(&self, trace: &Trace, signals: &SignalWatcher) {
        self.deliveries.send(trace, &self.reports.options, signals);
    }

    fn write_out(&self, every: &dyn ExchangeSource) -> Result<(), Exit> {
        let Some(format) = &self.write_out else {
            return Ok(());
        };
        let mut warnings = Vec::new();
        let exit = output::print_with(|out| {
            let mut out = BufWriter::new(out);
            warnings = report::write_each_out(format, every, &self.reports.options, &mut |one| {
                out.write_all(one.stdout.as_bytes())?;
                let _ = std::io::stderr().write_all(one.stderr.as_bytes());
                Ok(())
            })?;
            out.flush()
        });
        for warning in warnings {
            eprintln!("tapline: {warning}");
        }
        if exit == Exit::Done {
            Ok(())
        } else {
            Err(exit)
        }
    }

    /// Determines the exit code from the run and its budget, and prints the rules that were not met
    /// to standard error.
    pub(super) fn exit(&self, trace: &Trace) -> Exit {
        let verdicts = self
            .reports
            .options
            .budget
            .as_ref()
            .map(|budget| budget.verdicts(trace))
            .unwrap_or_default();
        if trace.failure().is_some() && !failures_are_allowed(&verdicts) {
            return Exit::ProbeFailed;
        }
        for verdict in verdicts
            .iter()
            .filter(|verdict| verdict.outcome != BudgetOutcome::Met)
        {
            eprintln!(
                "tapline: budget {}: {}",
                verdict.rule,
                verdict.describe_outcome()
            );
        }
        if verdicts.iter().any(|verdict| verdict.met() == Some(false)) {
            Exit::BudgetMissed
        } else {
            Exit::Done
        }
    }
}
