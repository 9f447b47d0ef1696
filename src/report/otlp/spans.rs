//! Spans of exchanges and transfers.

use serde_json::{Value, json};

use super::attributes::Attributes;
use super::{OtlpIds, phases};
use crate::insight::redact::Redactor;
use crate::insight::{Transfer, group_into_transfers};
use crate::report::timestamps;
use crate::trace::{Exchange, HttpVersion, Trace};
use crate::units::{Moment, WallTime};

/// `SPAN_KIND_INTERNAL` and `SPAN_KIND_CLIENT`.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// Builds spans with consecutive identifiers.
pub(super) struct SpanBuilder<'a> {
    pub(super) trace: &'a Trace,
    pub(super) redactor: Redactor<'a>,
    trace_id: u128,
    next: u64,
    finished: Vec<Value>,
}

/// A span that is not part of the document yet.
pub(super) struct OtlpSpan {
    pub(super) name: String,
    pub(super) began: Moment,
    /// `None` if it has not ended; the span is then as long as the run so far.
    pub(super) ended: Option<Moment>,
    pub(super) attributes: Attributes,
    /// The error's type and message.
    pub(super) error: Option<(String, String)>,
}

/// A span's identifier.
#[derive(Clone, Copy)]
pub(super) struct SpanId(u64);

/// The spans of each exchange.
pub(super) fn exchange_spans(
    trace: &Trace,
    redactor: Redactor,
    identity: OtlpIds,
) -> Vec<Vec<Value>> {
    let mut spans = SpanBuilder {
        trace,
        redactor,
        trace_id: identity.trace,
        next: identity.span,
        finished: Vec::new(),
    };
    let mut batches = Vec::new();
    for transfer in group_into_transfers(trace) {
        // An ID must not be all zeros.
        spans.trace_id = spans.trace_id.max(1);
        let around = (transfer.hops().len() > 1).then(|| spans.add_transfer_span(&transfer));
        for exchange in transfer.hops() {
            spans.add_exchange(exchange, transfer.number_of(exchange) - 1, around);
            batches.push(std::mem::take(&mut spans.finished));
        }
        spans.trace_id = spans.trace_id.wrapping_add(1);
    }
    batches
}

impl SpanBuilder<'_> {
    /// Adds an internal span to a parent.
    pub(super) fn add_internal(&mut self, span: OtlpSpan, parent: SpanId) -> SpanId {
        self.add(span, INTERNAL, Some(parent), &[])
    }

    /// Adds the span that encloses the exchanges of a transfer.
    fn add_transfer_span(&mut self, transfer: &Transfer) -> SpanId {
        let began = transfer.hops().first().map(|first| first.started);
        let ended = transfer.last().and_then(|last| last.ended);
        let mut attributes = Attributes::default();
        attributes.number("tapline.exchanges", transfer.hop_count());
        let error = transfer.last().and_then(|last| error_status(self, last));
        let name = "HTTP transfer".to_owned();
        self.add(
            OtlpSpan {
                name,
                began: began.unwrap_or_default(),
                ended,
                attributes,
                error,
            },
            INTERNAL,
            None,
            &[],
        )
    }

    fn add_exchange(&mut self, exchange: &Exchange, place: u64, around: Option<SpanId>) {
        let mut attributes = span_attributes(self, exchange);
        if place > 0 {
            attributes.number("http.request.resend_count", place);
        }
        add_response_details(self, exchange, &mut attributes);
        let error = error_status(self, exchange);
        attributes.optional_text("error.type", error.as_ref().map(|(kind, _)| kind.as_str()));
        let span = OtlpSpan {
            name: span_name(exchange).to_owned(),
            began: exchange.started,
            ended: exchange.ended,
            attributes,
            error,
        };
        let events = span_events(self, exchange);
        let id = self.add(span, CLIENT, around, &events);
        phases::add_phase_spans(self, exchange, id);
    }

    fn add(
        &mut self,
        span: OtlpSpan,
        kind: u8,
        parent: Option<SpanId>,
        events: &[Value],
    ) -> SpanId {
        let OtlpSpan {
            name,
            began,
            ended,
            attributes,
            error,
        } = span;
        let id = self.next.max(1);
        self.next = id.wrapping_add(1);
        let ended = ended.unwrap_or(self.trace.latest()).max(began);
        let mut written = json!({
            "traceId": format!("{:032x}", self.trace_id),
            "spanId": format!("{id:016x}"),
            "name": name,
            "kind": kind,
            "startTimeUnixNano": self.wall(began),
            "endTimeUnixNano": self.wall(ended),
            "attributes": attributes.into_json(),
        });
        if let Some(written) = written.as_object_mut() {
            written.extend(parent.map(|SpanId(parent)| {
                ("parentSpanId".to_owned(), json!(format!("{parent:016x}")))
            }));
            written.extend(error.map(|(_, message)| {
                (
                    "status".to_owned(),
                    json!({ "code": ERROR, "message": message }),
                )
            }));
            written.extend((!events.is_empty()).then(|| ("events".to_owned(), json!(events))));
        }
        self.finished.push(written);
        SpanId(id)
    }

    /// Nanoseconds since 1970, as a string; since the start of the run if its date is unknown.
    fn wall(&self, at: Moment) -> String {
        timestamps::wall_time_of(self.trace, at)
            .unwrap_or(WallTime(at.from_start().0))
            .0
            .to_string()
    }
}

/// Returns true for the methods of RFC 9110 and RFC 5789; others are written as `_OTHER` or `HTTP`.
fn is_known_method(method: &str) -> bool {
    [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ]
    .contains(&method)
}

fn span_name(exchange: &Exchange) -> &str {
    if is_known_method(&exchange.method) {
        &exchange.method
    } else {
        "HTTP"
    }
}

fn span_attributes(spans: &SpanBuilder, exchange: &Exchange) -> Attributes {
    let mut attributes = request_attributes(exchange);
    let url = spans.redactor.text(&exchange.url);
    attributes.text("url.full", &url.escaped());
    if !is_known_method(&exchange.method) {
        attributes.text("http.request.method_original", &exchange.method);
    }
    if exchange.request.is_some() {
        attributes.number("http.request.body.size", exchange.request_body.transferred);
    }
    if let Some((_, withheld)) = exchange
        .redirected
        .as_ref()
        .filter(|(_, withheld)| !withheld.is_empty())
    {
        let names: Vec<_> = withheld
            .iter()
            .map(crate::units::Untrusted::escaped)
            .collect();
        attributes.text("tapline.redirect.withheld", &names.join(", "));
    }
    attributes
}

/// Request attributes common to spans and metrics.
pub(super) fn request_attributes(exchange: &Exchange) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.text(
        "http.request.method",
        if is_known_method(&exchange.method) {
            &exchange.method
        } else {
            "_OTHER"
        },
    );
    if let Ok(url) = url::Url::parse(exchange.url.raw()) {
        attributes.optional_text(
            "server.address",
            url.host_str().map(|host| host.trim_matches(['[', ']'])),
        );
        if let Some(port) = url.port_or_known_default() {
            attributes.number("server.port", port);
        }
        attributes.text("url.scheme", url.scheme());
    }
    attributes
}

/// Adds response attributes common to spans and metrics.
pub(super) fn add_response(exchange: &Exchange, attributes: &mut Attributes) {
    let Some(response) = &exchange.response else {
        return;
    };
    attributes.number("http.response.status_code", response.status);
    attributes.text("network.protocol.name", "http");
    let version = match response.version {
        HttpVersion::Http10 => "1.0",
        HttpVersion::Http11 => "1.1",
        HttpVersion::Http2 => "2",
        HttpVersion::Http3 => "3",
    };
    attributes.text("network.protocol.version", version);
}

fn add_response_details(spans: &SpanBuilder, exchange: &Exchange, attributes: &mut Attributes) {
    add_response(exchange, attributes);
    if exchange.response.is_some() {
        attributes.number(
            "http.response.body.size",
            exchange.response_body.transferred,
        );
    }
    if let Some(connection) = exchange
        .connection
        .and_then(|id| spans.trace.connection(id))
    {
        phases::add_peer(&connection.remote, attributes);
        attributes.boolean("tapline.connection.reused", exchange.reused_connection);
    }
}

/// The type of error, if the exchange failed or has an error status (RFC 9110 §15.5).
pub(super) fn error_type(exchange: &Exchange) -> Option<String> {
    let status = exchange
        .response
        .as_ref()
        .map(|response| response.status)
        .filter(|status| *status >= 400);
    let failure = exchange
        .failure
        .as_ref()
        .map(|(_, failure)| failure.code.to_string());
    failure.or_else(|| status.map(|status| status.to_string()))
}

fn error_status(spans: &SpanBuilder, exchange: &Exchange) -> Option<(String, String)> {
    let message = exchange
        .failure
        .as_ref()
        .map(|(_, failure)| spans.redactor.text(&failure.message).escaped().into_owned());
    Some((error_type(exchange)?, message.unwrap_or_default()))
}

/// Span events for informational responses and the failure.
fn span_events(spans: &SpanBuilder, exchange: &Exchange) -> Vec<Value> {
    let event = |at: Moment, name: &str, attributes: Attributes| {
        json!({
            "timeUnixNano": spans.wall(at),
            "name": name,
            "attributes": attributes.into_json(),
        })
    };
    let informational = exchange.informational.iter().map(|response| {
        let mut attributes = Attributes::default();
        attributes.number("http.response.status_code", response.status);
        event(response.at, "tapline.informational_response", attributes)
    });
    let failure = exchange.failure.iter().map(|(phase, failure)| {
        let message = spans.redactor.text(&failure.message);
        let mut attributes = Attributes::default();
        attributes.text("exception.type", &failure.code.to_string());
        attributes.text("exception.message", &message.escaped());
        attributes.text("tapline.phase", phase.name());
        attributes.text("tapline.hint", &failure.hint);
        let ended = exchange.phases.get(*phase).and_then(|span| span.ended);
        let at = ended.or(exchange.ended).unwrap_or(exchange.started);
        event(at, "exception", attributes)
    });
    informational.chain(failure).collect()
}
