//! A conversation of others: who, with whom, how much each way.

use serde::Serialize;

use super::tcp::Counts;
use crate::insight::{conversations, span_of};
use crate::report::Options;
use crate::trace::{Direction, Flow, Trace};
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
        }
    }
}
