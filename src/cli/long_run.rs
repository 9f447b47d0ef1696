//! Runs of any length. Completed exchanges are retired from memory; reports that need all of them
//! read the events again from the spool.

use std::io;

use super::spool::Spool;
use crate::insight::budget::Budget;
use crate::insight::{HopLimits, RetentionLimits, Retirement, Transfer, group_into_transfers};
use crate::report::{ExchangeSource, TransferVisitor};
use crate::trace::{Event, PacketLimits, Trace};

/// Runs of up to this many requests are kept in memory whole, except for requests with very many
/// redirects, and need no spool.
const MAX_HELD_WHOLE: usize = 50;

/// The trace of a run in progress, with bounded memory.
pub(super) struct LongRun {
    pub(super) trace: Trace,
    retirement: Option<Retirement>,
    spool: Option<Spool>,
}

impl LongRun {
    /// Creates a run of a given number of requests, each with any number of redirects. If reports
    /// list every request, events are also kept in a spool.
    pub(super) fn new(requests: usize, lists_every_request: bool) -> Self {
        let is_long = requests > MAX_HELD_WHOLE;
        Self {
            trace: Trace::default(),
            retirement: Some(Retirement::new(RetentionLimits::SELECTION)),
            spool: (is_long && lists_every_request).then(Spool::default),
        }
    }

    /// Creates a run whose source can be read again, with limits on the packets listed.
    pub(super) fn rereadable(limits: PacketLimits) -> Self {
        Self {
            trace: Trace::with_limits(limits),
            retirement: Some(Retirement::new(RetentionLimits::SELECTION)),
            spool: None,
        }
    }

    /// Creates one of many concurrent runs of a suite. Suite reports never list every exchange, so
    /// there is no spool.
    pub(super) fn in_suite() -> Self {
        Self {
            trace: Trace::default(),
            retirement: Some(Retirement::new(RetentionLimits::SUITE)),
            spool: None,
        }
    }

    /// Applies an event. The budget records exchanges before they are retired.
    pub(super) fn apply(&mut self, event: Event, budget: Option<&mut Budget>) {
        if let Some(spool) = &self.spool {
            spool.add(&event);
        }
        self.trace.apply(event);
        if let Some(retirement) = &mut self.retirement {
            let mut budget = budget;
            retirement.retire(&mut self.trace, |trace, run| {
                if let Some(budget) = &mut budget {
                    budget.record_retired(trace, run);
                }
            });
        }
    }

    /// Prints which exchanges are missing from all reports, if there are any.
    pub(super) fn warn_about_omissions(&self) {
        if self.trace.retired().cut_runs() {
            eprintln!(
                "tapline: for requests with more than {} redirects, reports show the first {} \
                 exchanges, the last ones, and the totals of all; --format events and --save have \
                 all exchanges",
                HopLimits::REPORTED.all,
                HopLimits::REPORTED.first
            );
        }
    }

    /// The source of every exchange of the run.
    pub(super) fn exchanges(&self) -> &dyn ExchangeSource {
        match &self.spool {
            // As long as nothing is retired, the trace has everything.
            Some(spool) if self.trace.retired().exchanges > 0 => spool,
            _ => &self.trace,
        }
    }
}

impl ExchangeSource for Spool {
    fn for_each_transfer(&self, to: &mut TransferVisitor<'_>) -> io::Result<()> {
        let mut reading = WindowedReplay::begin(RetentionLimits::STREAMING);
        self.read(|event| reading.apply(event, to))?;
        reading.end(to).map(drop)
    }
}

/// A replay of a run from its beginning, of which only a window of exchanges is held in memory.
pub(super) struct WindowedReplay {
    trace: Trace,
    window: Retirement,
    number: usize,
}

impl WindowedReplay {
    pub(super) fn begin(window: RetentionLimits) -> Self {
        Self {
            trace: Trace::default(),
            window: Retirement::new(window),
            number: 0,
        }
    }

    /// Applies an event, and passes on the exchanges that can no longer change.
    pub(super) fn apply(&mut self, event: Event, to: &mut TransferVisitor<'_>) -> io::Result<()> {
        self.trace.apply(event);
        let number = &mut self.number;
        let mut result = Ok(());
        self.window
            .retire(&mut self.trace, |trace: &Trace, transfer: &Transfer<'_>| {
                if result.is_ok() {
                    result = to(trace, *number, transfer);
                    *number += 1;
                }
            });
        result
    }

    /// Passes on the remaining exchanges, and returns the final trace.
    pub(super) fn end(self, to: &mut TransferVisitor<'_>) -> io::Result<Trace> {
        group_into_transfers(&self.trace)
            .zip(self.number..)
            .try_for_each(|(transfer, number)| to(&self.trace, number, &transfer))?;
        Ok(self.trace)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
