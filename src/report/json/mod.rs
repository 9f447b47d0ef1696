//! The JSON document with schema `tapline/summary/1`; `assets/schema/summary-1.schema.json`
//! describes its fields.
//!
//! Field names are a contract: new ones are added, none are renamed. What was not measured is
//! `null`.

mod conversation;
mod dns;
mod exchange;
mod ledger;
mod message;
mod run;
mod statistics;
mod suite;
mod tcp;
mod tls;

use std::io::{self, Write};

use serde::Serialize;

pub(super) use dns::JsonDns;
pub(super) use exchange::{JsonPhase, JsonPhaseFailure, JsonRoundTrips, phase_entries};
pub(super) use suite::suite_json;
pub(super) use tcp::{JsonSegments, JsonTcp};
pub(super) use tls::JsonTls;

use super::exchange_source::{ExchangeFormat, ExchangeSource, StreamEnd, StreamedExchanges};
use super::{ReportOptions, json_text, timestamps};
use crate::insight::redact::Redactor;
use crate::trace::Trace;

/// The name and version of the document format.
const SCHEMA: &str = "tapline/summary/1";

/// A run as one JSON document.
pub fn json_report(trace: &Trace, options: &ReportOptions) -> String {
    let end = StreamEnd::default();
    json_text::pretty_json(&JsonSummary::new(trace, trace, options, &end))
}

/// Writes the document with all exchanges of the run, incrementally, since it may be long.
pub(super) fn write_json(
    trace: &Trace,
    every: &dyn ExchangeSource,
    options: &ReportOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    let end = StreamEnd::default();
    json_text::write_pretty_json(&JsonSummary::new(trace, every, options, &end), to)?;
    end.failed.into_inner().map_or(Ok(()), Err)
}

/// Serializes exchanges as objects of the document.
struct SummaryFormat<'a>(Redactor<'a>);

impl ExchangeFormat for SummaryFormat<'_> {
    type Output<'t>
        = exchange::JsonExchange<'t>
    where
        Self: 't;

    fn convert<'t>(
        &'t self,
        trace: &'t Trace,
        exchange: &'t crate::trace::Exchange,
    ) -> exchange::JsonExchange<'t> {
        exchange::JsonExchange::new(trace, exchange, self.0)
    }
}

#[derive(Serialize)]
struct JsonSummary<'a> {
    schema: &'static str,
    tool: JsonTool<'a>,
    started_at: Option<String>,
    duration_ns: Option<u64>,
    outcome: run::JsonOutcome,
    capture: run::JsonCapture<'a>,
    clock: run::JsonClock,
    events: run::JsonEventCounts,
    control: Option<run::JsonControl>,
    link: Option<run::JsonLink<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_spent: Option<Vec<ledger::JsonLedgerEntry>>,
    budget: Option<Vec<run::JsonVerdict>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<Vec<statistics::JsonStatistics>>,
    exchanges: StreamedExchanges<'a, SummaryFormat<'a>>,
    /// Known once the list is written.
    #[serde(skip_serializing_if = "StreamEnd::omits_none")]
    exchanges_omitted: &'a StreamEnd,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversations: Option<conversation::JsonConversations<'a>>,
}

/// The program that a document is about.
#[derive(Serialize)]
pub(in crate::report) struct JsonTool<'a> {
    name: &'static str,
    version: Option<&'a str>,
}

impl<'a> JsonTool<'a> {
    pub(in crate::report) const fn of_version(version: Option<&'a str>) -> Self {
        Self {
            name: "tapline",
            version,
        }
    }
}

impl<'a> JsonSummary<'a> {
    fn new(
        trace: &'a Trace,
        every: &'a dyn ExchangeSource,
        options: &'a ReportOptions,
        end: &'a StreamEnd,
    ) -> Self {
        let redactor = options.redactor();
        Self {
            schema: SCHEMA,
            tool: JsonTool::of_version(trace.tool_version()),
            started_at: trace.started_at().and_then(timestamps::rfc3339_nanos),
            duration_ns: trace.ended().map(|ended| ended.from_start().0),
            outcome: run::JsonOutcome::new(trace, redactor),
            capture: run::JsonCapture::new(trace.capture(), trace.evicted()),
            clock: run::JsonClock::new(trace.clock()),
            events: run::JsonEventCounts {
                dropped: trace.dropped(),
                unlogged: trace.unlogged(),
            },
            control: trace
                .control()
                .map(|control| run::JsonControl::new(control, redactor)),
            link: trace.link().map(run::JsonLink::new),
            time_spent: ledger::run_entries(trace),
            budget: options.budget.as_ref().map(|budget| {
                budget
                    .verdicts(trace)
                    .iter()
                    .map(run::JsonVerdict::new)
                    .collect()
            }),
            statistics: statistics::repeat_statistics(trace),
            exchanges: StreamedExchanges {
                source: every,
                format: SummaryFormat(redactor),
                end,
            },
            exchanges_omitted: end,
            conversations: conversation::JsonConversations::new(trace, options),
        }
    }
}
