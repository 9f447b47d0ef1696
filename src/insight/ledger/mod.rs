//! The ledger of an exchange: every nanosecond of its time has one owner and one cause.
//!
//! The time from the exchange's start to its end is divided along its critical path: what released
//! each step (a packet that completed the bytes waited for, a timer, an act of the program) tells
//! the cause of the interval before it. Edges are the wire's where packets were captured, else the
//! program's. What cannot be borne out is `unknown`.
//!
//! ```text
//! phases ──► steps ──► incoming │ outgoing (packets) ──► Partition ──► entries
//!                └──► unpacketed (program and kernel only) ──┘
//! ```

mod burst;
mod delivery;
mod incoming;
mod outgoing;
mod owner;
mod partition;
mod path;
mod steps;
mod tcp_view;
mod verdict;

#[cfg(test)]
mod tests;

use crate::trace::{Exchange, Phase, Trace};
use crate::units::{Moment, Nanos};

pub use owner::{Attribution, Cause, Detail, Owner};
pub use partition::LedgerEntry;
pub use verdict::{CauseTotal, OwnerTotal};

/// Where the time of an exchange went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The entries, the largest first. Their durations add up to `total`.
    pub entries: Vec<LedgerEntry>,
    /// The exchange's duration.
    pub total: Nanos,
}

impl Ledger {
    /// Returns the time of an owner.
    pub fn owned_by(&self, owner: Owner) -> Nanos {
        self.sum(|entry| entry.attribution.owner == owner)
    }

    /// Returns the time of a cause of an owner, whatever its details.
    pub fn caused_by(&self, owner: Owner, cause: Cause) -> Nanos {
        self.sum(|entry| entry.attribution.owner == owner && entry.attribution.cause == cause)
    }

    fn sum(&self, wanted: impl Fn(&LedgerEntry) -> bool) -> Nanos {
        self.entries
            .iter()
            .filter(|entry| wanted(entry))
            .map(|entry| entry.duration)
            .sum()
    }
}

/// Returns the ledger of an exchange until its end, or until now where it goes on.
pub fn exchange_ledger(trace: &Trace, exchange: &Exchange) -> Ledger {
    let end = end_of(trace, exchange);
    ledger_within(trace, exchange, (exchange.started, end))
}

/// Returns the ledger of one phase, on the program's clock; `None` if it has not begun.
pub fn phase_ledger(trace: &Trace, exchange: &Exchange, phase: Phase) -> Option<Ledger> {
    let span = exchange.phases.get(phase)?;
    let end = span.ended.unwrap_or_else(|| end_of(trace, exchange));
    Some(ledger_within(trace, exchange, (span.began, end)))
}

fn end_of(trace: &Trace, exchange: &Exchange) -> Moment {
    exchange
        .ended
        .unwrap_or_else(|| trace.latest())
        .max(exchange.started)
}

fn ledger_within(trace: &Trace, exchange: &Exchange, window: (Moment, Moment)) -> Ledger {
    let end = end_of(trace, exchange);
    let entries = steps::partition_exchange(trace, exchange, end, window);
    Ledger {
        total: entries.iter().map(|entry| entry.duration).sum(),
        entries,
    }
}
