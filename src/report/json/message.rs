//! The request and the response.

use serde::Serialize;

use crate::insight::redact::Redactor;
use crate::insight::{self, server_timing};
use crate::trace::{self, Header};
use crate::units::{Nanos, Untrusted};

/// A field line as `[name, value]`.
#[derive(Serialize)]
pub(super) struct Field(Untrusted, Untrusted);

pub(super) fn fields(headers: &[Header], redactor: Redactor) -> Vec<Field> {
    redactor
        .headers(headers)
        .into_iter()
        .map(|header| Field(header.name, header.value))
        .collect()
}

#[derive(Serialize)]
pub(super) struct Request {
    http_version: &'static str,
    target: Untrusted,
    headers: Vec<Field>,
    header_bytes: u64,
    body_bytes: u64,
}

impl Request {
    pub(super) fn of(
        request: &trace::Request,
        exchange: &trace::Exchange,
        redactor: Redactor,
    ) -> Self {
        Self {
            http_version: request.version.name(),
            target: redactor.text(&request.target),
            headers: fields(&request.headers, redactor),
            header_bytes: request.header_bytes,
            body_bytes: exchange.request_body.transferred,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Response {
    reason: Untrusted,
    headers: Vec<Field>,
    trailers: Vec<Field>,
    header_bytes: u64,
    body_bytes: u64,
    decoded_bytes: u64,
    expected_bytes: Option<u64>,
    informational: Vec<u16>,
    informational_responses: Vec<Informational>,
    server_timing: Vec<Metric>,
}

impl Response {
    pub(super) fn of(
        response: &trace::Response,
        exchange: &trace::Exchange,
        redactor: Redactor,
    ) -> Self {
        let body = exchange.response_body;
        Self {
            reason: redactor.words_of_others(&response.reason),
            headers: fields(&response.headers, redactor),
            trailers: fields(&response.trailers, redactor),
            header_bytes: response.header_bytes,
            body_bytes: body.transferred,
            decoded_bytes: body.decoded,
            expected_bytes: body.expected,
            informational: exchange
                .informational
                .iter()
                .map(|early| early.status)
                .collect(),
            informational_responses: exchange
                .informational
                .iter()
                .map(|early| Informational::of(early, redactor))
                .collect(),
            server_timing: server_timing(exchange)
                .into_iter()
                .map(Metric::of)
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct Informational {
    at_ns: i64,
    status: u16,
    headers: Vec<Field>,
}

impl Informational {
    fn of(early: &trace::Informational, redactor: Redactor) -> Self {
        Self {
            at_ns: early.at.0,
            status: early.status,
            headers: fields(&early.headers, redactor),
        }
    }
}

#[derive(Serialize)]
struct Metric {
    name: Untrusted,
    duration_ns: Option<Nanos>,
    description: Option<Untrusted>,
}

impl Metric {
    fn of(metric: insight::ServerTiming) -> Self {
        Self {
            name: metric.name,
            duration_ns: metric.duration,
            description: metric.description,
        }
    }
}
