//! A HAR entry: one exchange.

use std::borrow::Cow;

use serde::Serialize;

use super::message::{HarReportRequest, HarReportResponse};
use super::timings::{HarReportTimings, HarWireTimings};
use crate::report::json::{
    JsonDns, JsonPhase, JsonPhaseFailure, JsonRoundTrips, JsonSegments, JsonTcp, JsonTls,
    phase_entries,
};
use crate::report::{ReportOptions, timestamps};
use crate::trace::{Connection, Endpoint, Exchange, ExchangeCause, Phase, Trace};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarReportEntry<'a> {
    started_date_time: Cow<'static, str>,
    time: f64,
    request: HarReportRequest<'a>,
    response: HarReportResponse,
    cache: EmptyObject,
    timings: HarReportTimings,
    #[serde(rename = "serverIPAddress", skip_serializing_if = "Option::is_none")]
    server_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
    #[serde(rename = "_cause")]
    cause: ExchangeCause,
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    error: Option<JsonPhaseFailure>,
    #[serde(rename = "_wire", skip_serializing_if = "Option::is_none")]
    wire: Option<HarWireTimings>,
    #[serde(rename = "_phases")]
    phases: Vec<JsonPhase>,
    #[serde(rename = "_local", skip_serializing_if = "Option::is_none")]
    local: Option<&'a Endpoint>,
    #[serde(rename = "_remote", skip_serializing_if = "Option::is_none")]
    remote: Option<&'a Endpoint>,
    #[serde(rename = "_dns", skip_serializing_if = "Option::is_none")]
    dns: Option<JsonDns<'a>>,
    #[serde(rename = "_tcp", skip_serializing_if = "Option::is_none")]
    tcp: Option<JsonTcp<'a>>,
    #[serde(rename = "_tls", skip_serializing_if = "Option::is_none")]
    tls: Option<JsonTls<'a>>,
    #[serde(rename = "_roundTrips", skip_serializing_if = "Option::is_none")]
    round_trips: Option<JsonRoundTrips>,
    #[serde(rename = "_segments", skip_serializing_if = "Option::is_none")]
    segments: Option<JsonSegments>,
}

/// `{}`: no cache information.
#[derive(Serialize)]
struct EmptyObject {}

impl<'a> HarReportEntry<'a> {
    pub(super) fn new(trace: &'a Trace, exchange: &'a Exchange, options: &ReportOptions) -> Self {
        let connection = exchange.connection.and_then(|id| trace.connection(id));
        let began =
            timestamps::wall_time_of(trace, exchange.started).and_then(timestamps::rfc3339_micros);
        let (timings, time) = HarReportTimings::new(exchange);
        let answered = exchange
            .response
            .as_ref()
            .and_then(|response| timestamps::wall_time_of(trace, response.at));
        Self {
            comment: began.is_none().then_some("the start time is unknown"),
            started_date_time: began.map_or(Cow::Borrowed("1970-01-01T00:00:00Z"), Cow::Owned),
            time,
            request: HarReportRequest::new(exchange, options.redactor()),
            response: HarReportResponse::new(exchange, answered, options),
            cache: EmptyObject {},
            timings,
            server_address: connection.and_then(|connection| server_address(exchange, connection)),
            connection: exchange.connection.map(|id| id.0.to_string()),
            cause: exchange.cause,
            error: exchange
                .failure
                .as_ref()
                .map(|(phase, failure)| JsonPhaseFailure::new(*phase, failure, options.redactor())),
            wire: HarWireTimings::new(trace, exchange),
            phases: phase_entries(trace, exchange),
            local: connection.and_then(|connection| connection.local.if_specified()),
            remote: connection.map(|connection| &connection.remote),
            dns: exchange.resolution.as_ref().map(JsonDns::new),
            tcp: JsonTcp::new(trace, exchange),
            tls: connection
                .and_then(|connection| connection.tls.as_ref())
                .map(JsonTls::new),
            round_trips: JsonRoundTrips::new(trace, exchange),
            segments: JsonSegments::new(trace, exchange),
        }
    }
}

/// The server's address, which is unknown behind a proxy.
fn server_address(exchange: &Exchange, connection: &Connection) -> Option<String> {
    let tunnelled = !exchange.proxy.is_empty() || exchange.phases.get(Phase::Proxy).is_some();
    // A forwarding proxy is sent the whole URL (RFC 9112 §3.2.2).
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
