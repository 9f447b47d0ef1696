//! Where the time of an exchange went.

use serde::Serialize;

use crate::insight::ledger::{
    Detail, ExchangeLedger, Ledger, LedgerEntry, numbered_entries, run_ledger,
};
use crate::trace::{Exchange, Trace};

#[derive(Serialize)]
pub(super) struct JsonLedgerEntry {
    owner: &'static str,
    cause: &'static str,
    detail: Option<&'static str>,
    duration_ns: u64,
    error_ns: u64,
    clock: &'static str,
    evidence: JsonEvidence,
    intervals: Vec<[i64; 2]>,
    intervals_omitted: u64,
}

#[derive(Serialize)]
struct JsonEvidence {
    rule: &'static str,
    packets: Option<[usize; 2]>,
}

/// The entries of an exchange's ledger.
pub(super) fn ledger_entries(trace: &Trace, exchange: &Exchange) -> Vec<JsonLedgerEntry> {
    let entries = numbered_entries(trace, exchange);
    entries.into_iter().map(JsonLedgerEntry::from).collect()
}

/// Whose time an exchange that is over took and what would change it, in sentences.
pub(super) fn verdict(trace: &Trace, exchange: &Exchange) -> Option<String> {
    exchange.ended?;
    ExchangeLedger::new(trace, exchange).whole.verdict()
}

/// The entries of the run's ledger; `None` without exchanges.
pub(super) fn run_entries(trace: &Trace) -> Option<Vec<JsonLedgerEntry>> {
    let entries = run_ledger(trace)?.entries;
    Some(entries.into_iter().map(JsonLedgerEntry::from).collect())
}

/// The entries of a ledger whose packets are numbered among those of the run.
pub(super) fn entries_of(ledger: Ledger) -> Vec<JsonLedgerEntry> {
    ledger
        .entries
        .into_iter()
        .map(JsonLedgerEntry::from)
        .collect()
}

/// An entry whose packets are numbered among those of the run.
impl From<LedgerEntry> for JsonLedgerEntry {
    fn from(entry: LedgerEntry) -> Self {
        Self {
            owner: entry.attribution.owner.name(),
            cause: entry.attribution.cause.name(),
            detail: entry.attribution.detail.map(Detail::name),
            duration_ns: entry.duration.0,
            error_ns: entry.error.0,
            clock: entry.clock.name(),
            evidence: JsonEvidence {
                rule: entry.rule,
                packets: entry.packets.map(|(first, last)| [first, last]),
            },
            intervals: entry
                .intervals
                .iter()
                .map(|(start, end)| [start.0, end.0])
                .collect(),
            intervals_omitted: entry.intervals_omitted,
        }
    }
}
