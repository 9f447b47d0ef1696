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

mod acknowledgment_times;
mod advice;
mod burst;
mod connecting;
mod delivery;
mod figures;
mod gap;
mod incoming;
mod live;
mod observed;
mod observed_opening;
mod observed_query;
mod observed_upload;
mod observed_wording;
mod outgoing;
mod partition;
mod path;
mod period;
mod run;
mod sender_clock;
mod silence;
mod steps;
mod stream_index;
mod tcp_view;
mod tunnel;
mod turn;
mod vantage;
mod verdict;
mod walk;
mod without_packets;
mod wording;

#[cfg(test)]
mod tests;

use crate::trace::attribution as owner;
use crate::trace::{Exchange, Phase, Trace};
use crate::units::{Moment, Nanos};

pub use crate::trace::{Attribution, Cause, Detail, LedgerEntry, Owner};
pub use figures::LedgerFigures;
pub use live::LiveLedger;
pub use observed::{ObservedFlow, ObservedRequest};
pub use observed_query::query_ledger;
use partition::Partition;
pub(super) use path::MIN_NETWORK_ROUND_TRIP;
pub use period::PeriodCauses;
pub use run::{numbered_entries, requests_ledger, run_ledger, time_of_exchanges, transfer_ledger};
pub use vantage::{CapturePlace, Vantage};
pub use verdict::{CauseTotal, OwnerTotal};

/// Where the time of an exchange went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The entries, the largest first. Their durations add up to `total`.
    pub entries: Vec<LedgerEntry>,
    /// The exchange's duration.
    pub total: Nanos,
    /// What sentences name beyond the times; of the whole time of an exchange that is over.
    pub figures: LedgerFigures,
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

    /// Returns the intervals of an owner, the longest ones of each cause.
    pub fn intervals_of(&self, owner: Owner) -> impl Iterator<Item = (Moment, Moment)> {
        self.entries
            .iter()
            .filter(move |entry| entry.attribution.owner == owner)
            .flat_map(|entry| entry.intervals.iter().copied())
    }

    fn sum(&self, wanted: impl Fn(&LedgerEntry) -> bool) -> Nanos {
        self.entries
            .iter()
            .filter(|entry| wanted(entry))
            .map(|entry| entry.duration)
            .sum()
    }
}

/// The ledger of an exchange and those of its phases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeLedger {
    /// The whole exchange.
    pub whole: Ledger,
    phases: Vec<(Phase, Ledger)>,
}

impl ExchangeLedger {
    /// Divides the time of an exchange until its end, or until now where it goes on.
    pub fn new(trace: &Trace, exchange: &Exchange) -> Self {
        let partition = Self::partition(exchange, Self::end_of(trace, exchange));
        let (partition, _) = steps::partition_exchange(trace, exchange, partition);
        Self::from_partition(exchange, partition).with_figures(trace, exchange)
    }

    /// The end of an exchange, or the latest event where it goes on.
    fn end_of(trace: &Trace, exchange: &Exchange) -> Moment {
        let end = exchange.ended.unwrap_or_else(|| trace.latest());
        end.max(exchange.started)
    }

    /// A partition of an exchange's time and that of its phases.
    fn partition(exchange: &Exchange, end: Moment) -> Partition {
        let windows: Vec<_> = exchange
            .phases
            .iter()
            .map(|(_, span)| (span.began, span.ended.unwrap_or(Moment(i64::MAX))))
            .collect();
        Partition::new(exchange.started, end, &windows)
    }

    fn from_partition(exchange: &Exchange, partition: Partition) -> Self {
        let (whole, parts) = partition.finish();
        let phases = exchange.phases.iter().map(|(phase, _)| phase);
        Self {
            whole: Ledger::from_entries(whole),
            phases: phases
                .zip(parts.into_iter().map(Ledger::from_entries))
                .collect(),
        }
    }

    /// Returns the ledger of a phase on the program's clock; `None` if it has not begun.
    pub fn phase(&self, phase: Phase) -> Option<&Ledger> {
        let (_, ledger) = self.phases.iter().find(|(of, _)| *of == phase)?;
        Some(ledger)
    }
}

impl Ledger {
    fn from_entries(entries: Vec<LedgerEntry>) -> Self {
        Self {
            total: entries.iter().map(|entry| entry.duration).sum(),
            entries,
            figures: LedgerFigures::default(),
        }
    }
}
