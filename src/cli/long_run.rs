//! A run of any length: exchanges that are over go from memory, and are read again from the spool
//! by reports that tell all of them.

use std::io;

use super::spool::Spool;
use crate::insight::budget::Budget;
use crate::insight::{HopLimits, RetentionLimits, Retirement, Transfer, group_into_transfers};
use crate::report::{ExchangeSource, TransferVisitor};
use crate::trace::{Event, PacketLimits, Trace};

/// Runs of up to so many requests are held whole, but for very many redirects, and need no spool.
const MAX_HELD_WHOLE: usize = 50;

/// A run's trace as it grows.
pub(super) struct LongRun {
    pub(super) trace: Trace,
    retirement: Option<Retirement>,
    spool: Option<Spool>,
}

impl LongRun {
    /// Of so many requests, each with any number of redirects. Where all requests are `told`, their
    /// events are kept in a spool.
    pub(super) fn new(requests: usize, told: bool) -> Self {
        let is_long = requests > MAX_HELD_WHOLE;
        Self {
            trace: Trace::default(),
            retirement: Some(Retirement::new(RetentionLimits::SELECTION)),
            spool: (is_long && told).then(Spool::default),
        }
    }

    /// Of what can be read again, of whose packets so many are listed.
    pub(super) fn rereadable(limits: PacketLimits) -> Self {
        Self {
            trace: Trace::with_limits(limits),
            retirement: Some(Retirement::new(RetentionLimits::SELECTION)),
            spool: None,
        }
    }

    /// One of a suite's, of which many may be under way at a time; no report of a suite tells every
    /// exchange.
    pub(super) fn in_suite() -> Self {
        Self {
            trace: Trace::default(),
            retirement: Some(Retirement::new(RetentionLimits::SUITE)),
            spool: None,
        }
    }

    /// Takes in what happened. What a budget has to know of exchanges that go it is told.
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

    /// Says on standard error which exchanges no report tells, if there are any.
    pub(super) fn say_what_is_left_out(&self) {
        if self.trace.retired().cut_runs() {
            eprintln!(
                "tapline: of a request with more than {} redirects the reports tell the first {} \
                    exchanges and the last ones, and the totals of all; --format events and --save \
                    have all",
                HopLimits::REPORTED.all,
                HopLimits::REPORTED.first
            );
        }
    }

    /// Every exchange of the run.
    pub(super) fn exchanges(&self) -> &dyn ExchangeSource {
        match &self.spool {
            // While none has gone the trace has all of them, and needs no reading.
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

/// A run that is read from its beginning to its end, of which a window is held.
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

    /// Takes in an event, and hands out what can no longer change.
    pub(super) fn apply(&mut self, event: Event, to: &mut TransferVisitor<'_>) -> io::Result<()> {
        self.trace.apply(event);
        let (number, mut result) = (&mut self.number, Ok(()));
        self.window
            .retire(&mut self.trace, |trace: &Trace, transfer: &Transfer<'_>| {
                if result.is_ok() {
                    result = to(trace, *number, transfer);
                    *number += 1;
                }
            });
        result
    }

    /// Hands out the rest, and returns what is left of the run.
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
