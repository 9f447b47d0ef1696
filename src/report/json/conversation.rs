//! A conversation of others: who, with whom, how much each way.

use serde::Serialize;

use super::message::{Field, fields};
use super::tcp::Counts;
use crate::dissect::{Dissection, Message, Start};
use crate::insight::redact::Redactor;
use crate::insight::{conversations, span_of};
use crate::report::Options;
use crate::trace::{Direction, Flow, Side, Trace};
use crate::units::{Nanos, Untrusted};

#[derive(Serialize)]
pub(super) struct Conversation<'a> {
    id: usize,
    transport: &'static str,
    client: String,
    server: String,
    server_name: Option<&'a Untrusted>,
    start_ns: Option<i64>,
    duration_ns: Option<Nanos>,
    sent: Counts,
    received: Counts,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    said: Option<Said<'a>>,
}

/// What is in it, where it was taken apart.
#[derive(Serialize)]
struct Said<'a> {
    protocols: &'a [&'static str],
    messages: Vec<SaidMessage>,
    notes: &'a [String],
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
        let messages = dissection.messages.iter().map(|message| SaidMessage::of(message, redactor)).collect();
        Self { protocols: &dissection.protocols, messages, notes: &dissection.notes }
    }
}

impl SaidMessage {
    fn of(message: &Message, redactor: Redactor) -> Self {
        let (method, target, status) = match &message.start {
            Start::Request { method, target } => (Some(method.clone()), Some(redactor.text(target)), None),
            Start::Response { status } => (None, None, Some(*status)),
            Start::Trailers => (None, None, None),
        };
        Self { from: message.from, stream: message.stream, method, target, status, headers: fields(&message.headers, redactor) }
    }
}

impl<'a> Conversation<'a> {
    /// All of them, in the order in which they began; `None` where the trace is no capture of others.
    pub(super) fn all(trace: &'a Trace, options: &'a Options) -> Option<Vec<Self>> {
        let flows = conversations(trace)?.iter().enumerate();
        Some(flows.map(|(id, flow)| Self::of(trace, id, flow, options)).collect())
    }

    fn of(trace: &Trace, id: usize, flow: &Flow, options: &'a Options) -> Self {
        let span = span_of(flow);
        Self {
            id,
            transport: if flow.key.tcp { "tcp" } else { "udp" },
            client: flow.key.local.to_string(),
            server: flow.key.remote.to_string(),
            server_name: options.names.at(id),
            start_ns: span.and_then(|(first, _)| Some(first.distance(trace.started_at()?))),
            duration_ns: span.map(|(_, duration)| duration),
            sent: Counts::of_packets(flow.counts(Direction::Sent)),
            received: Counts::of_packets(flow.counts(Direction::Received)),
            said: options.taken_apart.at(id).map(|dissection| Said::of(dissection, options.redactor())),
        }
    }
}
