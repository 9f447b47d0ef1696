//! The request and the response.

use serde::Serialize;

use crate::insight::redact::Redactor;
use crate::insight::{self, server_timing};
use crate::trace::{self, HttpHeader};
use crate::units::{Nanos, Untrusted};

/// A header field as `[name, value]`.
#[derive(Serialize)]
pub(super) struct JsonHeaderField(Untrusted, Untrusted);

pub(super) fn header_fields(headers: &[HttpHeader], redactor: Redactor) -> Vec<JsonHeaderField> {
    redactor
        .headers(headers)
        .into_iter()
        .map(|header| JsonHeaderField(header.name, header.value))
        .collect()
}

#[derive(Serialize)]
pub(super) struct JsonRequest {
    http_version: &'static str,
    target: Untrusted,
    headers: Vec<JsonHeaderField>,
    header_bytes: u64,
    body_bytes: u64,
}

impl JsonRequest {
    pub(super) fn new(
        request: &trace::Request,
        exchange: &trace::Exchange,
        redactor: Redactor,
    ) -> Self {
        Self {
            http_version: request.version.name(),
            target: redactor.text(&request.target),
            headers: header_fields(&request.headers, redactor),
            header_bytes: request.header_bytes,
            body_bytes: exchange.request_body.transferred,
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonResponse {
    reason: Untrusted,
    headers: Vec<JsonHeaderField>,
    trailers: Vec<JsonHeaderField>,
    header_bytes: u64,
    body_bytes: u64,
    decoded_bytes: u64,
    expected_bytes: Option<u64>,
    informational: Vec<u16>,
    informational_responses: Vec<JsonInformational>,
    server_timing: Vec<JsonServerTiming>,
}

impl JsonResponse {
    pub(super) fn new(
        response: &trace::Response,
        exchange: &trace::Exchange,
        redactor: Redactor,
    ) -> Self {
        let body = exchange.response_body;
        Self {
            reason: redactor.remote_text(&response.reason),
            headers: header_fields(&response.headers, redactor),
            trailers: header_fields(&response.trailers, redactor),
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
                .map(|early| JsonInformational::new(early, redactor))
                .collect(),
            server_timing: server_timing(exchange)
                .into_iter()
                .map(JsonServerTiming::new)
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonInformational {
    at_ns: i64,
    status: u16,
    headers: Vec<JsonHeaderField>,
}

impl JsonInformational {
    fn new(early: &trace::InformationalResponse, redactor: Redactor) -> Self {
        Self {
            at_ns: early.at.0,
            status: early.status,
            headers: header_fields(&early.headers, redactor),
        }
    }
}

#[derive(Serialize)]
struct JsonServerTiming {
    name: Untrusted,
    duration_ns: Option<Nanos>,
    description: Option<Untrusted>,
}

impl JsonServerTiming {
    fn new(metric: insight::ServerTiming) -> Self {
        Self {
            name: metric.name,
            duration_ns: metric.duration,
            description: metric.description,
        }
    }
}
