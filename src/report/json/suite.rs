//! The JSON document of a suite, schema `tapline/suite/1`; `assets/schema/suite-1.schema.json` says
//! what each field means.

use serde::Serialize;

use super::run::Verdict;
use crate::report::suite::{self, Standing};
use crate::report::{escaping, time};
use crate::trace::{Code, HttpVersion};
use crate::units::Untrusted;

/// The name and version of the document's format.
const SCHEMA: &str = "tapline/suite/1";

/// A suite as one JSON document.
pub(in crate::report) fn suite(suite: &suite::Suite) -> String {
    escaping::lines(&Suite::of(suite))
}

#[derive(Serialize)]
struct Suite<'a> {
    schema: &'static str,
    tool: super::Tool<'a>,
    started_at: Option<String>,
    duration_ns: u64,
    parallel: usize,
    interrupted: bool,
    outcome: Outcome,
    endpoints: Vec<Endpoint<'a>>,
}

#[derive(Serialize)]
struct Outcome {
    status: &'static str,
    endpoints: usize,
    ok: usize,
    warned: usize,
    not_run: usize,
    missed: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Endpoint<'a> {
    name: &'a Untrusted,
    url: &'a Untrusted,
    status: &'static str,
    failed_phase: Option<&'static str>,
    error: Option<Failure<'a>>,
    worst_rule: Option<String>,
    transfers: usize,
    failures: usize,
    request: Option<Request<'a>>,
    budget: Vec<Verdict>,
}

#[derive(Serialize)]
struct Failure<'a> {
    code: Code,
    message: &'a Untrusted,
    hint: &'a str,
}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    status: Option<u16>,
    http_version: Option<HttpVersion>,
    total_ns: Option<u64>,
    ttfb_ns: Option<u64>,
    body_bytes: Option<u64>,
    phases: Vec<Phase>,
}

#[derive(Serialize)]
struct Phase {
    name: &'static str,
    duration_ns: u64,
    clock: &'static str,
}

impl<'a> Suite<'a> {
    fn of(suite: &'a suite::Suite) -> Self {
        let count = |standing| suite.count(standing);
        Self {
            schema: SCHEMA,
            tool: super::Tool {
                name: "tapline",
                version: Some(env!("CARGO_PKG_VERSION")),
            },
            started_at: time::of_wall(suite.started_at),
            duration_ns: suite.duration.0,
            parallel: suite.parallel,
            interrupted: suite.interrupted,
            outcome: Outcome {
                status: suite.standing().name(),
                endpoints: suite.endpoints.len(),
                ok: count(Standing::Ok),
                warned: count(Standing::Warned),
                not_run: count(Standing::NotRun),
                missed: count(Standing::Missed),
                failed: count(Standing::Failed),
            },
            endpoints: suite.endpoints.iter().map(Endpoint::of).collect(),
        }
    }
}

impl<'a> Endpoint<'a> {
    fn of(endpoint: &'a suite::Endpoint) -> Self {
        let happened = endpoint.happened.as_ref();
        let failure = happened.and_then(|happened| happened.failure.as_ref());
        Self {
            name: &endpoint.name,
            url: &endpoint.url,
            status: endpoint.standing().name(),
            failed_phase: failure.map(|(phase, ..)| phase.name()),
            error: failure.map(|(_, code, message, hint)| Failure {
                code: *code,
                message,
                hint,
            }),
            worst_rule: endpoint.worst().map(|verdict| verdict.rule.to_string()),
            transfers: happened.map_or(0, |happened| happened.transfers),
            failures: happened.map_or(0, |happened| happened.failures),
            request: endpoint.median().map(Request::of),
            budget: endpoint.verdicts().iter().map(Verdict::of).collect(),
        }
    }
}

impl<'a> Request<'a> {
    fn of(request: &'a suite::Request) -> Self {
        let phase = |(phase, time): &(crate::trace::Phase, crate::units::Nanos)| Phase {
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
