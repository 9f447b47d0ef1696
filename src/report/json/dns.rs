//! Name resolution.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::trace::{DnsQuery, DnsRecord, DnsTransport, QueryOutcome, Resolution, ResolutionSource};
use crate::units::{Nanos, Untrusted};

#[derive(Serialize)]
pub(in crate::report) struct JsonDns<'a> {
    source: Option<ResolutionSource>,
    server: Option<SocketAddr>,
    transport: Option<DnsTransport>,
    addresses: &'a [IpAddr],
    questions: Vec<JsonQuery<'a>>,
}

impl<'a> JsonDns<'a> {
    /// `server` and `transport` are those of the last query that was answered, or else of the last
    /// query.
    pub(in crate::report) fn new(resolution: &'a Resolution) -> Self {
        let answered = |query: &&DnsQuery| matches!(query.outcome, QueryOutcome::Answered(_));
        let decisive = resolution
            .queries
            .iter()
            .rfind(answered)
            .or(resolution.queries.last());
        Self {
            source: resolution.source,
            server: decisive.map(|query| query.server.address),
            transport: decisive.map(|query| query.server.transport),
            addresses: &resolution.addresses,
            questions: resolution.queries.iter().map(JsonQuery::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonQuery<'a> {
    name: &'a Untrusted,
    #[serde(rename = "type")]
    kind: &'a str,
    server: SocketAddr,
    transport: DnsTransport,
    start_ns: i64,
    duration_ns: Option<Nanos>,
    rcode: Option<&'a str>,
    truncated: Option<bool>,
    error: Option<&'a Untrusted>,
    answers: &'a [DnsRecord],
}

impl<'a> JsonQuery<'a> {
    fn new(query: &'a DnsQuery) -> Self {
        let (answer, error) = match &query.outcome {
            QueryOutcome::Pending => (None, None),
            QueryOutcome::Answered(answer) => (Some(answer), None),
            QueryOutcome::Failed(reason) => (None, Some(reason)),
        };
        Self {
            name: &query.name,
            kind: &query.kind,
            server: query.server.address,
            transport: query.server.transport,
            start_ns: query.asked.0,
            duration_ns: query.duration(),
            rcode: answer.map(|answer| answer.rcode.as_str()),
            truncated: answer.map(|answer| answer.truncated),
            error,
            answers: answer.map_or(&[], |answer| &answer.records),
        }
    }
}
