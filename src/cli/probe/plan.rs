//! What a probe shall write, and what its exit code stands for.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::progress::Progress;
use crate::archive::saving::HOLD_NANOS;
use crate::cli::args::{ProbeArgs, RequestArgs};
use crate::cli::delivery::Deliveries;
use crate::cli::exit::Exit;
use crate::cli::long_run::LongRun;
use crate::cli::output;
use crate::cli::reports::Reports;
use crate::cli::request::read_text;
use crate::cli::saving::Saving;
use crate::cli::signals::Signals;
use crate::cli::usage::Usage;
use crate::insight::budget::{Budget, Outcome, failures_are_allowed};
use crate::insight::redact::Rules;
use crate::report::{self, Every, Format};
use crate::trace::{Event, Trace};

/// How long a run that is being saved holds things back for others to come.
const HELD: Duration = Duration::from_nanos(HOLD_NANOS);

/// The reports asked for.
pub(super) struct Plan {
    reports: Reports,
    write_out: Option<String>,
    deliveries: Deliveries,
}

impl Plan {
    /// Reads the options that say what to write.
    pub(super) fn of(args: &ProbeArgs) -> Result<Self, Usage> {
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
        let mut reports = Reports::of(&args.formats, &args.look)?;
        if write_out.is_none() && others == 0 {
            reports.default_to(Format::Text);
        }
        if reports.on_stdout() + others > 1 {
            return Err(Usage::new(
                "only one thing can go to standard output; give the others a file: --format \
                    json=run.json, -o FILE, --save FILE, -c FILE",
            ));
        }
        if write_out.is_some() && is_stdout(args.request.save.as_deref()) {
            return Err(Usage::new(
                "-w writes to standard output too, where --save - puts the run; give the run a \
                    file: --save FILE",
            ));
        }
        reports.options.budget = match &args.budget {
            Some(rules) => Some(
                rules
                    .parse::<Budget>()
                    .map_err(|error| Usage::new(format!("--budget: {error}")))?,
            ),
            None => None,
        };
        Ok(Self {
            reports,
            write_out,
            deliveries: Deliveries::of(args)?,
        })
    }

    /// What is secret, as far as it was said.
    pub(super) fn rules(&self) -> Rules {
        self.reports.options.rules.clone()
    }

    /// Folds the events as they come, until the last; writes and saves them, too, where that was
    /// asked for.
    pub(super) fn fold(
        &mut self,
        events: &Receiver<Event>,
        requests: usize,
        mut saving: Option<Saving>,
    ) -> (LongRun, Result<(), Exit>) {
        let mut run = LongRun::of(
            requests,
            self.reports.tell_all() || self.write_out.is_some(),
        );
        let mut progress = Progress::start();
        let mut stream = self.reports.stream();
        loop {
            let held = saving
                .as_ref()
                .filter(|saving| saving.waits())
                .map(|_| HELD);
            let event = match [held, progress.pace()].into_iter().flatten().min() {
                Some(pace) => events.recv_timeout(pace),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(mut event) => {
                    self.reports.options.rules.learn(&event.what);
                    stream.write(&event, &self.reports.options);
                    if let Some(saving) = &mut saving {
                        saving.take(&event);
                    }
                    self.reports.options.mask(&mut event);
                    run.take(event, self.reports.options.budget.as_mut());
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(saving) = &mut saving {
                        saving.settle();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            progress.draw(&run.trace, &self.reports.options);
        }
        progress.clear();
        let saved = saving.map_or(Ok(()), Saving::end);
        (run, stream.end().and(saved))
    }

    /// Writes every report but the events, which were written as they came.
    pub(super) fn write(&self, run: &LongRun) -> Result<(), Exit> {
        self.reports
            .write(&run.trace, run.every())
            .and(self.write_out(run.every()))
    }

    /// Sends the run where it is wanted.
    pub(super) fn deliver(&self, trace: &Trace, signals: &Signals) {
        self.deliveries.send(trace, &self.reports.options, signals);
    }

    fn write_out(&self, every: &dyn Every) -> Result<(), Exit> {
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

    /// The exit code that the run and the budget ask for, with what was missed said on standard
    /// error.
    pub(super) fn verdict(&self, trace: &Trace) -> Exit {
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
            .filter(|verdict| verdict.outcome != Outcome::Met)
        {
            eprintln!("tapline: budget {}: {}", verdict.rule, verdict.said());
        }
        if verdicts.iter().any(|verdict| verdict.met() == Some(false)) {
            Exit::BudgetMissed
        } else {
            Exit::Done
        }
    }
}
