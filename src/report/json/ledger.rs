//! Where the time of an exchange went.

use serde::Serialize;

use crate::insight::ledger::{Detail, ExchangeLedger, LedgerEntry};
use crate::trace::{Exchange, Flow, Trace};

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
    packets: Option<[u64; 2]>,
}

/// The entries of an exchange's ledger.
pub(super) fn ledger_entries(trace: &Trace, exchange: &Exchange) -> Vec<JsonLedgerEntry> {
    let connection = exchange.connection.and_then(|id| trace.connection(id));
    let flow = connection.and_then(|connection| trace.flow_of(connection));
    ExchangeLedger::new(trace, exchange)
        .whole
        .entries
        .into_iter()
        .map(|entry| JsonLedgerEntry::new(entry, flow))
        .collect()
}

impl JsonLedgerEntry {
    /// An entry whose evidence is among the packets of a flow.
    fn new(entry: LedgerEntry, flow: Option<&Flow>) -> Self {
        let number = |index| flow?.packet_number(index);
        Self {
            owner: entry.attribution.owner.name(),
            cause: entry.attribution.cause.name(),
            detail: entry.attribution.detail.map(Detail::name),
            duration_ns: entry.duration.0,
            error_ns: entry.error.0,
            clock: entry.clock.name(),
            evidence: JsonEvidence {
                rule: entry.rule,
                packets: entry
                    .packets
                    .and_then(|(first, last)| Some([number(first)?, number(last)?])),
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
