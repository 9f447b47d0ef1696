//! A conversation of others: who, with whom, how much each way.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::message::{Field, fields};
use super::tcp::Counts;
use crate::dissect::{Asked, Dissection, Message, Start};
use crate::insight::redact::Redactor;
use crate::insight::{conversations, span_of, undelivered_name};
use crate::report::Options;
use crate::trace::{Direction, DnsRecord, Flow, Side, Trace};
use crate::units::{Nanos, Untrusted, WallTime};

#[derive(Serialize)]
struct Conversation<'a> {
    id: usize,
    transport: &'static str,
    client: String,
    server: String,
    server_name: Option<&'a Untrusted>,
    start_ns: Option<i64>,
    duration_ns: Option<Nanos>,
    sent: Counts,
    received: Counts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undelivered: Vec<Undelivered>,
    #[serde(skip_serializing_if = "is_none")]
    undelivered_unlisted: u64,
    #[serde(skip_serializing_if = "is_none")]
    packets_no_longer_listed: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    said: Option<Said<'a>>,
}

/// What is in it, where it was taken apart.
#[derive(Serialize)]
struct Said<'a> {
    protocols: &'a [&'static str],
    messages: Vec<SaidMessage>,
    dns: Vec<SaidQuestion<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct SaidQuestion<'a> {
    name: &'a Untrusted,
    #[serde(rename = "type")]
    kind: &'a str,
    rcode: Option<&'a str>,
    duration_ns: Option<Nanos>,
    answers: &'a [DnsRecord],
}

impl<'a> SaidQuestion<'a> {
    fn of(asked: &'a Asked) -> Self {
        let answer = asked.answer.as_ref();
        Self {
            name: &asked.name,
            kind: &asked.kind,
            rcode: answer.map(|answer| answer.rcode.as_str()),
            duration_ns: asked.took,
            answers: answer.map_or(&[], |answer| &answer.records),
        }
    }
}

#[derive(Serialize)]
struct SaidMessage {
    from: Side,
    stream: Option<u32>,
    method: Option<Untrusted>,
    target: Option<Untrusted>,
    status: Option<u16>,
    headers: Vec<Field>,
}

impl<'a> Said<'a> {
    fn of(dissection: &'a Dissection, redactor: Redactor) -> Self {
        let messages = dissection
            .messages
            .iter()
            .map(|message| SaidMessage::of(message, redactor))
            .collect();
        let dns = dissection.asked.iter().map(SaidQuestion::of).collect();
        Self {
            protocols: &dissection.protocols,
            messages,
            dns,
            notes: &dissection.notes,
        }
    }
}

impl SaidMessage {
    fn of(message: &Message, redactor: Redactor) -> Self {
        let (method, target, status) = match &message.start {
            Start::Request { method, target } => {
                (Some(method.clone()), Some(redactor.text(target)), None)
            }
            Start::Response { status } => (None, None, Some(*status)),
            Start::Trailers => (None, None, None),
        };
        Self {
            from: message.from,
            stream: message.stream,
            method,
            target,
            status,
            headers: fields(&message.headers, redactor),
        }
    }
}

/// What the network said of a packet that it did not deliver.
#[derive(Serialize)]
struct Undelivered {
    at_ns: Option<i64>,
    kind: &'static str,
    from: IpAddr,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Conversations on their way out, one at a time: there may be tens of thousands.
pub(super) struct Conversations<'a> {
    trace: &'a Trace,
    flows: &'a [Flow],
    options: &'a Options,
}

impl<'a> Conversations<'a> {
    /// All of them, in the order in which they began; `None` where the trace is no capture of
    /// others.
    pub(super) fn of(trace: &'a Trace, options: &'a Options) -> Option<Self> {
        Some(Self {
            trace,
            flows: conversations(trace)?,
            options,
        })
    }
}

impl Serialize for Conversations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.flows
                .iter()
                .enumerate()
                .map(|(id, flow)| Conversation::of(self.trace, id, flow, self.options)),
        )
    }
}

impl<'a> Conversation<'a> {
    fn of(trace: &Trace, id: usize, flow: &Flow, options: &'a Options) -> Self {
        let span = span_of(flow);
        let from_start = |wall: WallTime| Some(wall.distance(trace.started_at()?));
        Self {
            id,
            transport: if flow.key.tcp { "tcp" } else { "udp" },
            client: flow.key.local.to_string(),
            server: flow.key.remote.to_string(),
            server_name: options.names.at(id),
            start_ns: span.and_then(|(first, _)| from_start(first)),
            duration_ns: span.map(|(_, duration)| duration),
            sent: Counts::of_packets(flow.counts(Direction::Sent)),
            received: Counts::of_packets(flow.counts(Direction::Received)),
            undelivered: flow
                .undelivered()
                .iter()
                .map(|error| Undelivered {
                    at_ns: from_start(error.wall),
                    kind: undelivered_name(error),
                    from: error.from,
                })
                .collect(),
            packets_no_longer_listed: flow.forgotten(),
            undelivered_unlisted: flow.undelivered_unlisted(),
            said: options
                .taken_apart
                .at(id)
                .map(|dissection| Said::of(dissection, options.redactor())),
        }
    }
}
