//! An entry: one exchange.

use std::borrow::Cow;

use serde::Serialize;

use super::message::{Request, Response};
use super::timings::{Timings, WireTimings};
use crate::report::json::{
    Dns, Failure, PhaseEntry, RoundTrips, Segments, Tcp, Tls, phase_entries,
};
use crate::report::{Options, time};
use crate::trace::{Cause, Connection, Endpoint, Exchange, Phase, Trace};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry<'a> {
    started_date_time: Cow<'static, str>,
    time: f64,
    request: Request<'a>,
    response: Response,
    cache: Empty,
    timings: Timings,
    #[serde(rename = "serverIPAddress", skip_serializing_if = "Option::is_none")]
    server_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
    #[serde(rename = "_cause")]
    cause: Cause,
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    #[serde(rename = "_wire", skip_serializing_if = "Option::is_none")]
    wire: Option<WireTimings>,
    #[serde(rename = "_phases")]
    phases: Vec<PhaseEntry>,
    #[serde(rename = "_local", skip_serializing_if = "Option::is_none")]
    local: Option<&'a Endpoint>,
    #[serde(rename = "_remote", skip_serializing_if = "Option::is_none")]
    remote: Option<&'a Endpoint>,
    #[serde(rename = "_dns", skip_serializing_if = "Option::is_none")]
    dns: Option<Dns<'a>>,
    #[serde(rename = "_tcp", skip_serializing_if = "Option::is_none")]
    tcp: Option<Tcp<'a>>,
    #[serde(rename = "_tls", skip_serializing_if = "Option::is_none")]
    tls: Option<Tls<'a>>,
    #[serde(rename = "_roundTrips", skip_serializing_if = "Option::is_none")]
    round_trips: Option<RoundTrips>,
    #[serde(rename = "_segments", skip_serializing_if = "Option::is_none")]
    segments: Option<Segments>,
}

/// `{}`: nothing was cached.
#[derive(Serialize)]
struct Empty {}

impl<'a> Entry<'a> {
    pub(super) fn of(trace: &'a Trace, exchange: &'a Exchange, options: &Options) -> Self {
        let connection = exchange.connection.and_then(|id| trace.connection(id));
        let began = time::wall_of(trace, exchange.started).and_then(time::micros);
        let (timings, time) = Timings::of(exchange);
        let answered = exchange
            .response
            .as_ref()
            .and_then(|response| time::wall_of(trace, response.at));
        Self {
            comment: began.is_none().then_some("when it began is not known"),
            started_date_time: began.map_or(Cow::Borrowed("1970-01-01T00:00:00Z"), Cow::Owned),
            time,
            request: Request::of(exchange, options.redactor()),
            response: Response::of(exchange, answered, options),
            cache: Empty {},
            timings,
            server_address: connection.and_then(|connection| server_address(exchange, connection)),
            connection: exchange.connection.map(|id| id.0.to_string()),
            cause: exchange.cause,
            error: exchange
                .failure
                .as_ref()
                .map(|(phase, failure)| Failure::of(*phase, failure, options.redactor())),
            wire: WireTimings::of(trace, exchange),
            phases: phase_entries(trace, exchange),
            local: connection.and_then(|connection| connection.local.known()),
            remote: connection.map(|connection| &connection.remote),
            dns: exchange.resolution.as_ref().map(Dns::of),
            tcp: Tcp::of(trace, exchange),
            tls: connection
                .and_then(|connection| connection.tls.as_ref())
                .map(Tls::of),
            round_trips: RoundTrips::of(trace, exchange),
            segments: Segments::of(trace, exchange),
        }
    }
}

/// The server's address; behind a proxy nobody told it.
fn server_address(exchange: &Exchange, connection: &Connection) -> Option<String> {
    let tunnelled = !exchange.proxy.is_empty() || exchange.phases.get(Phase::Proxy).is_some();
    // A proxy that forwards is given the whole URL (RFC 9112 §3.2.2).
    let forwarded = exchange
        .request
        .as_ref()
        .is_some_and(|request| !request.target.raw().starts_with(['/', '*']));
    connection
        .remote
        .ip()
        .filter(|_| !tunnelled && !forwarded)
        .map(|address| address.ip().to_string())
}
