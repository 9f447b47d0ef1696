//! The JSON document, schema `tapline/summary/1`; `assets/schema/summary-1.schema.json` says what each field means.
//!
//! Field names are a contract: added to, never renamed. What was not measured is `null`.

mod conversation;
mod dns;
mod exchange;
mod message;
mod run;
mod suite;
mod tcp;
mod tls;

use std::io::{self, Write};

use serde::Serialize;

pub(super) use dns::Dns;
pub(super) use exchange::{Failure, PhaseEntry, RoundTrips, phase_entries};
pub(super) use suite::suite;
pub(super) use tcp::{Segments, Tcp};
pub(super) use tls::Tls;

use super::{Options, escaping, time};
use crate::trace::Trace;

/// The name and version of the document's format.
const SCHEMA: &str = "tapline/summary/1";

/// A run as one JSON document.
pub fn json(trace: &Trace, options: &Options) -> String {
    escaping::lines(&Summary::of(trace, options))
}

/// The same, written as it comes to be: of a capture of many conversations it is long.
pub(super) fn write_json(trace: &Trace, options: &Options, to: &mut dyn Write) -> io::Result<()> {
    escaping::write_lines(&Summary::of(trace, options), to)
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
    exchanges: Vec<exchange::Exchange<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversations: Option<conversation::Conversations<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn of(trace: &'a Trace, options: &'a Options) -> Self {
        let redactor = options.redactor();
        Self {
            schema: SCHEMA,
            tool: Tool { name: "tapline", version: trace.tool_version() },
            started_at: trace.started_at().and_then(time::of_wall),
            duration_ns: trace.ended().map(|ended| ended.from_start().0),
            outcome: run::Outcome::of(trace, redactor),
            capture: run::Capture::of(trace.capture()),
            clock: run::Clock::of(trace.clock()),
            events: run::Events { dropped: trace.dropped(), unlogged: trace.unlogged() },
            control: trace.control().map(|control| run::Control::of(control, redactor)),
            link: trace.link().map(run::Link::of),
            budget: options.budget.as_ref().map(|budget| budget.verdicts(trace).iter().map(run::Verdict::of).collect()),
            exchanges: trace.exchanges().iter().map(|exchange| exchange::Exchange::of(trace, exchange, redactor)).collect(),
            conversations: conversation::Conversations::of(trace, options),
        }
    }
}
