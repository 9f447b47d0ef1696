//! The JSON document, schema `tapline/summary/1`; `assets/schema/summary-1.schema.json` says what
//! each field means.
//!
//! Field names are a contract: added to, never renamed. What was not measured is `null`.

mod conversation;
mod dns;
mod exchange;
mod message;
mod run;
mod statistics;
mod suite;
mod tcp;
mod tls;

use std::cell::RefCell;
use std::io::{self, Write};

use serde::Serialize;

pub(super) use dns::Dns;
pub(super) use exchange::{Failure, PhaseEntry, RoundTrips, phase_entries};
pub(super) use suite::suite;
pub(super) use tcp::{Segments, Tcp};
pub(super) use tls::Tls;

use super::every::{Every, Shape, Streamed};
use super::{Options, escaping, time};
use crate::insight::redact::Redactor;
use crate::trace::Trace;

/// The name and version of the document's format.
const SCHEMA: &str = "tapline/summary/1";

/// A run as one JSON document.
pub fn json(trace: &Trace, options: &Options) -> String {
    let failed = RefCell::default();
    escaping::lines(&Summary::of(trace, trace, options, &failed))
}

/// The same with all exchanges of the run, written as it comes to be: of many exchanges or
/// conversations it is long.
pub(super) fn write_json(
    trace: &Trace,
    every: &dyn Every,
    options: &Options,
    to: &mut dyn Write,
) -> io::Result<()> {
    let failed = RefCell::default();
    escaping::write_lines(&Summary::of(trace, every, options, &failed), to)?;
    failed.into_inner().map_or(Ok(()), Err)
}

/// How an exchange stands in the document.
struct InSummary<'a>(Redactor<'a>);

impl Shape for InSummary<'_> {
    type Told<'t>
        = exchange::Exchange<'t>
    where
        Self: 't;

    fn tell<'t>(
        &'t self,
        trace: &'t Trace,
        exchange: &'t crate::trace::Exchange,
    ) -> exchange::Exchange<'t> {
        exchange::Exchange::of(trace, exchange, self.0)
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    schema: &'static str,
    tool: Tool<'a>,
    started_at: Option<String>,
    duration_ns: Option<u64>,
    outcome: run::Outcome,
    capture: run::Capture<'a>,
    clock: run::Clock,
    events: run::Events,
    control: Option<run::Control>,
    link: Option<run::Link<'a>>,
    budget: Option<Vec<run::Verdict>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<Vec<statistics::Entry>>,
    exchanges: Streamed<'a, InSummary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchanges_omitted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversations: Option<conversation::Conversations<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn of(
        trace: &'a Trace,
        every: &'a dyn Every,
        options: &'a Options,
        failed: &'a RefCell<Option<io::Error>>,
    ) -> Self {
        let redactor = options.redactor();
        Self {
            schema: SCHEMA,
            tool: Tool {
                name: "tapline",
                version: trace.tool_version(),
            },
            started_at: trace.started_at().and_then(time::of_wall),
            duration_ns: trace.ended().map(|ended| ended.from_start().0),
            outcome: run::Outcome::of(trace, redactor),
            capture: run::Capture::of(trace.capture(), trace.forgotten()),
            clock: run::Clock::of(trace.clock()),
            events: run::Events {
                dropped: trace.dropped(),
                unlogged: trace.unlogged(),
            },
            control: trace
                .control()
                .map(|control| run::Control::of(control, redactor)),
            link: trace.link().map(run::Link::of),
            budget: options.budget.as_ref().map(|budget| {
                budget
                    .verdicts(trace)
                    .iter()
                    .map(run::Verdict::of)
                    .collect()
            }),
            statistics: statistics::of(trace),
            exchanges: Streamed {
                every,
                shape: InSummary(redactor),
                failed,
            },
            exchanges_omitted: Some(every.omitted()).filter(|omitted| *omitted > 0),
            conversations: conversation::Conversations::of(trace, options),
        }
    }
}
