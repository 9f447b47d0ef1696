//! A conversation in a capture: the two ends and their traffic.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::ledger::{JsonLedgerEntry, entries_of};
use super::message::{JsonHeaderField, header_fields};
use super::tcp::JsonSegmentCounts;
use crate::dissect::{ConversationTime, Dissection, DnsExchange, Message, StartLine};
use crate::insight::ledger::{CapturePlace, Ledger, Vantage};
use crate::insight::redact::Redactor;
use crate::insight::{captured_conversations, flow_span};
use crate::report::ReportOptions;
use crate::trace::{Direction, DnsRecord, Flow, Trace};
use crate::units::{Nanos, Untrusted, WallTime};
use crate::wire::Side;

/// Maximum number of requests and queries whose time is divided; each takes about a kilobyte.
const MAX_TIMED: usize = 10_000;

#[derive(Serialize)]
struct JsonConversation<'a> {
    id: usize,
    transport: &'static str,
    client: String,
    server: String,
    server_name: Option<&'a Untrusted>,
    start_ns: Option<i64>,
    duration_ns: Option<Nanos>,
    sent: JsonSegmentCounts,
    received: JsonSegmentCounts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undelivered: Vec<JsonUndelivered>,
    #[serde(skip_serializing_if = "is_zero")]
    undelivered_unlisted: u64,
    #[serde(skip_serializing_if = "is_zero")]
    packets_no_longer_listed: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    dissection: Option<JsonDissection<'a>>,
}

/// The content of a conversation, if it was dissected.
#[derive(Serialize)]
struct JsonDissection<'a> {
    protocols: &'a [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    captured_at: Option<JsonVantage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_spent: Option<Vec<JsonLedgerEntry>>,
    messages: Vec<JsonConversationMessage>,
    dns: Vec<JsonConversationQuery<'a>>,
    notes: &'a [String],
}

/// The place of the capture.
#[derive(Serialize)]
struct JsonVantage {
    place: Option<&'static str>,
    to_client_ns: Option<Nanos>,
    to_server_ns: Option<Nanos>,
}

impl JsonVantage {
    /// `None` if neither distance is known.
    fn new(vantage: Vantage) -> Option<Self> {
        (vantage != Vantage::default()).then(|| Self {
            place: vantage.place().map(CapturePlace::name),
            to_client_ns: vantage.to_client,
            to_server_ns: vantage.to_server,
        })
    }
}

#[derive(Serialize)]
struct JsonConversationQuery<'a> {
    name: &'a Untrusted,
    #[serde(rename = "type")]
    kind: &'a str,
    rcode: Option<&'a str>,
    duration_ns: Option<Nanos>,
    answers: &'a [DnsRecord],
    #[serde(skip_serializing_if = "Option::is_none")]
    time_spent: Option<Vec<JsonLedgerEntry>>,
}

impl<'a> JsonConversationQuery<'a> {
    fn new(asked: &'a DnsExchange, ledger: Option<Ledger>) -> Self {
        let answer = asked.answer.as_ref();
        Self {
            name: &asked.name,
            kind: &asked.kind,
            rcode: answer.map(|answer| answer.rcode.as_str()),
            duration_ns: asked.took,
            answers: answer.map_or(&[], |answer| &answer.records),
            time_spent: ledger.map(entries_of),
        }
    }
}

#[derive(Serialize)]
struct JsonConversationMessage {
    from: Side,
    stream: Option<u32>,
    method: Option<Untrusted>,
    target: Option<Untrusted>,
    status: Option<u16>,
    headers: Vec<JsonHeaderField>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_spent: Option<Vec<JsonLedgerEntry>>,
}

impl<'a> JsonDissection<'a> {
    fn new(dissection: &'a Dissection, time: ConversationTime, redactor: Redactor) -> Self {
        let mut requests = time.requests.into_iter();
        let messages = dissection
            .messages
            .iter()
            .map(|message| {
                let is_request = matches!(message.start, StartLine::Request { .. });
                let ledger = if is_request { requests.next() } else { None };
                JsonConversationMessage::new(message, ledger.flatten(), redactor)
            })
            .collect();
        let ledgers = time.queries.into_iter().chain(std::iter::repeat(None));
        let dns = dissection
            .asked
            .iter()
            .zip(ledgers)
            .map(|(asked, ledger)| JsonConversationQuery::new(asked, ledger))
            .collect();
        Self {
            protocols: &dissection.protocols,
            captured_at: JsonVantage::new(time.vantage),
            time_spent: time.connection.map(entries_of),
            messages,
            dns,
            notes: &dissection.notes,
        }
    }
}

impl JsonConversationMessage {
    fn new(message: &Message, ledger: Option<Ledger>, redactor: Redactor) -> Self {
        let (method, target, status) = match &message.start {
            StartLine::Request { method, target } => {
                (Some(method.clone()), Some(redactor.text(target)), None)
            }
            StartLine::Response { status } => (None, None, Some(*status)),
            StartLine::Trailers => (None, None, None),
        };
        Self {
            from: message.from,
            stream: message.stream,
            method,
            target,
            status,
            headers: header_fields(&message.headers, redactor),
            time_spent: ledger.map(entries_of),
        }
    }
}

/// An ICMP error about a packet that was not delivered.
#[derive(Serialize)]
struct JsonUndelivered {
    at_ns: Option<i64>,
    kind: &'static str,
    from: IpAddr,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A list of conversations that is serialized one at a time: there may be tens of thousands.
pub(super) struct JsonConversations<'a> {
    trace: &'a Trace,
    flows: &'a [Flow],
    options: &'a ReportOptions,
}

impl<'a> JsonConversations<'a> {
    /// All conversations, in the order they began; `None` if the trace is not a capture of other
    /// traffic.
    pub(super) fn new(trace: &'a Trace, options: &'a ReportOptions) -> Option<Self> {
        Some(Self {
            trace,
            flows: captured_conversations(trace)?,
            options,
        })
    }
}

impl Serialize for JsonConversations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut left = MAX_TIMED;
        serializer.collect_seq(self.flows.iter().enumerate().map(|(id, flow)| {
            JsonConversation::new(self.trace, (id, flow), self.options, &mut left)
        }))
    }
}

impl<'a> JsonConversation<'a> {
    /// Describes a flow, and divides the time of at most so many requests, which are counted.
    fn new(
        trace: &Trace,
        (id, flow): (usize, &Flow),
        options: &'a ReportOptions,
        left: &mut usize,
    ) -> Self {
        let span = flow_span(flow);
        let from_start = |wall: WallTime| Some(wall.distance(trace.started_at()?));
        Self {
            id,
            transport: flow.key.transport.id(),
            client: flow.key.local.to_string(),
            server: flow.key.remote.to_string(),
            server_name: options.names.at(id),
            start_ns: span.and_then(|(first, _)| from_start(first)),
            duration_ns: span.map(|(_, duration)| duration),
            sent: JsonSegmentCounts::from_packets(flow.counts(Direction::Sent)),
            received: JsonSegmentCounts::from_packets(flow.counts(Direction::Received)),
            undelivered: flow
                .delivery_errors()
                .iter()
                .map(|error| JsonUndelivered {
                    at_ns: from_start(error.wall),
                    kind: error.icmp.name(),
                    from: error.icmp.reporter,
                })
                .collect(),
            packets_no_longer_listed: flow.evicted(),
            undelivered_unlisted: flow.delivery_errors_unlisted(),
            dissection: options.dissections.at(id).map(|dissection| {
                let time = dissection.time_spent(trace.clock(), flow, *left);
                *left = left.saturating_sub(time.requests.len() + time.queries.len());
                JsonDissection::new(dissection, time, options.redactor())
            }),
        }
    }
}
