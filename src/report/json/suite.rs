//! The JSON document of a suite with schema `tapline/suite/1`; `assets/schema/suite-1.schema.json`
//! describes its fields.

use serde::Serialize;

use super::run::JsonVerdict;
use crate::report::{EndpointStatus, suite};
use crate::report::{json_text, timestamps};
use crate::trace::{FailureCode, HttpVersion};
use crate::units::Untrusted;

/// The name and version of the document format.
const SCHEMA: &str = "tapline/suite/1";

/// A suite as one JSON document.
pub(in crate::report) fn suite_json(suite: &suite::SuiteResult) -> String {
    json_text::pretty_json(&JsonSuite::new(suite))
}

#[derive(Serialize)]
struct JsonSuite<'a> {
    schema: &'static str,
    tool: super::JsonTool<'a>,
    started_at: Option<String>,
    duration_ns: u64,
    parallel: usize,
    interrupted: bool,
    outcome: JsonSuiteOutcome,
    endpoints: Vec<JsonEndpoint<'a>>,
}

#[derive(Serialize)]
struct JsonSuiteOutcome {
    status: &'static str,
    endpoints: usize,
    ok: usize,
    warned: usize,
    not_run: usize,
    missed: usize,
    failed: usize,
}

#[derive(Serialize)]
struct JsonEndpoint<'a> {
    name: &'a Untrusted,
    url: &'a Untrusted,
    status: &'static str,
    failed_phase: Option<&'static str>,
    error: Option<JsonEndpointFailure<'a>>,
    worst_rule: Option<String>,
    transfers: usize,
    failures: usize,
    request: Option<JsonEndpointRequest<'a>>,
    budget: Vec<JsonVerdict>,
}

#[derive(Serialize)]
struct JsonEndpointFailure<'a> {
    code: FailureCode,
    message: &'a Untrusted,
    hint: &'a str,
}

#[derive(Serialize)]
struct JsonEndpointRequest<'a> {
    method: &'a str,
    status: Option<u16>,
    http_version: Option<HttpVersion>,
    total_ns: Option<u64>,
    ttfb_ns: Option<u64>,
    body_bytes: Option<u64>,
    phases: Vec<JsonEndpointPhase>,
}

#[derive(Serialize)]
struct JsonEndpointPhase {
    name: &'static str,
    duration_ns: u64,
    clock: &'static str,
}

impl<'a> JsonSuite<'a> {
    fn new(suite: &'a suite::SuiteResult) -> Self {
        let count = |standing| suite.count(standing);
        Self {
            schema: SCHEMA,
            tool: super::JsonTool::of_version(Some(env!("CARGO_PKG_VERSION"))),
            started_at: timestamps::rfc3339_nanos(suite.started_at),
            duration_ns: suite.duration.0,
            parallel: suite.parallel,
            interrupted: suite.interrupted,
            outcome: JsonSuiteOutcome {
                status: suite.status().name(),
                endpoints: suite.endpoints.len(),
                ok: count(EndpointStatus::Ok),
                warned: count(EndpointStatus::Warned),
                not_run: count(EndpointStatus::NotRun),
                missed: count(EndpointStatus::Missed),
                failed: count(EndpointStatus::Failed),
            },
            endpoints: suite.endpoints.iter().map(JsonEndpoint::new).collect(),
        }
    }
}

impl<'a> JsonEndpoint<'a> {
    fn new(endpoint: &'a suite::SuiteEndpoint) -> Self {
        let happened = endpoint.result.as_ref();
        let failure = happened.and_then(|happened| happened.failure.as_ref());
        Self {
            name: &endpoint.name,
            url: &endpoint.url,
            status: endpoint.status().name(),
            failed_phase: failure.map(|(phase, ..)| phase.name()),
            error: failure.map(|(_, code, message, hint)| JsonEndpointFailure {
                code: *code,
                message,
                hint,
            }),
            worst_rule: endpoint
                .worst_verdict()
                .map(|verdict| verdict.rule.to_string()),
            transfers: happened.map_or(0, |happened| happened.transfers),
            failures: happened.map_or(0, |happened| happened.failures),
            request: endpoint.median().map(JsonEndpointRequest::new),
            budget: endpoint.verdicts().iter().map(JsonVerdict::new).collect(),
        }
    }
}

impl<'a> JsonEndpointRequest<'a> {
    fn new(request: &'a suite::RequestFigures) -> Self {
        let phase =
            |(phase, time): &(crate::trace::Phase, crate::units::Nanos)| JsonEndpointPhase {
                name: phase.name(),
                duration_ns: time.0,
                clock: crate::trace::Clock::App.name(),
            };
        Self {
            method: &request.method,
            status: request.status,
            http_version: request.version,
            total_ns: request.total.map(|time| time.0),
            ttfb_ns: request.first_byte.map(|time| time.0),
            body_bytes: request.body_bytes,
            phases: request.phases.iter().map(phase).collect(),
        }
    }
}
