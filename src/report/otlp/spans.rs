//! Spans of exchanges, and those around them.

use serde_json::{Value, json};

use super::attributes::Attributes;
use super::{Identity, phases};
use crate::insight::redact::Redactor;
use crate::insight::{Transfer, transfers};
use crate::report::time;
use crate::trace::{Exchange, HttpVersion, Trace};
use crate::units::{Moment, WallTime};

/// `SPAN_KIND_INTERNAL` and `SPAN_KIND_CLIENT`.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// Makes spans; each gets the next identifier.
pub(super) struct Spans<'a> {
    pub(super) trace: &'a Trace,
    pub(super) redactor: Redactor<'a>,
    trace_id: u128,
    next: u64,
    made: Vec<Value>,
}

/// A span before it is written.
pub(super) struct Span {
    pub(super) name: String,
    pub(super) began: Moment,
    /// `None` for what goes on: it is told as far as it came.
    pub(super) ended: Option<Moment>,
    pub(super) attributes: Attributes,
    /// What went wrong: its type, and a sentence.
    pub(super) error: Option<(String, String)>,
}

/// A span's identifier.
#[derive(Clone, Copy)]
pub(super) struct SpanId(u64);

/// The spans of each exchange.
pub(super) fn all(trace: &Trace, redactor: Redactor, identity: Identity) -> Vec<Vec<Value>> {
    let mut spans = Spans {
        trace,
        redactor,
        trace_id: identity.trace,
        next: identity.span,
        made: Vec::new(),
    };
    let mut batches = Vec::new();
    for transfer in transfers(trace) {
        // Neither identifier may be all zeroes.
        spans.trace_id = spans.trace_id.max(1);
        let around = (transfer.hops().len() > 1).then(|| spans.around(&transfer));
        for (place, exchange) in transfer.hops().iter().enumerate() {
            spans.exchange(exchange, place, around);
            batches.push(std::mem::take(&mut spans.made));
        }
        spans.trace_id = spans.trace_id.wrapping_add(1);
    }
    batches
}

impl Spans<'_> {
    /// Adds a span within another.
    pub(super) fn internal(&mut self, span: Span, parent: SpanId) -> SpanId {
        self.add(span, INTERNAL, Some(parent), &[])
    }

    /// The span around the exchanges of a transfer.
    fn around(&mut self, transfer: &Transfer) -> SpanId {
        let (began, ended) = (
            transfer.hops().first().map(|first| first.started),
            transfer.last().and_then(|last| last.ended),
        );
        let mut attributes = Attributes::default();
        attributes.number("tapline.exchanges", transfer.hops().len() as u64);
        let error = transfer.last().and_then(|last| error(self, last));
        let name = "HTTP transfer".to_owned();
        self.add(
            Span {
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

    fn exchange(&mut self, exchange: &Exchange, place: usize, around: Option<SpanId>) {
        let mut attributes = asked(self, exchange);
        if place > 0 {
            attributes.number("http.request.resend_count", place as u64);
        }
        answered(self, exchange, &mut attributes);
        let error = error(self, exchange);
        attributes.maybe_text("error.type", error.as_ref().map(|(kind, _)| kind.as_str()));
        let span = Span {
            name: method(exchange).to_owned(),
            began: exchange.started,
            ended: exchange.ended,
            attributes,
            error,
        };
        let events = events(self, exchange);
        let id = self.add(span, CLIENT, around, &events);
        phases::add(self, exchange, id);
    }

    fn add(&mut self, span: Span, kind: u8, parent: Option<SpanId>, events: &[Value]) -> SpanId {
        let Span {
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
            "traceId": format!("{:032x}", self.trace_id), "spanId": format!("{id:016x}"), "name": name, "kind": kind,
            "startTimeUnixNano": self.wall(began), "endTimeUnixNano": self.wall(ended), "attributes": attributes.written(),
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
        self.made.push(written);
        SpanId(id)
    }

    /// Nanoseconds since 1970, as text. Of a run that does not say when it was, time counts from
    /// its start.
    fn wall(&self, at: Moment) -> String {
        time::wall_of(self.trace, at)
            .unwrap_or(WallTime(at.from_start().0))
            .0
            .to_string()
    }
}

/// Methods that RFC 9110 and RFC 5789 know; another is `_OTHER` or `HTTP`.
fn is_known(method: &str) -> bool {
    [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ]
    .contains(&method)
}

fn method(exchange: &Exchange) -> &str {
    if is_known(&exchange.method) {
        &exchange.method
    } else {
        "HTTP"
    }
}

fn asked(spans: &Spans, exchange: &Exchange) -> Attributes {
    let mut attributes = request(exchange);
    let url = spans.redactor.text(&exchange.url);
    attributes.text("url.full", &url.escaped());
    if !is_known(&exchange.method) {
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

/// What spans and metrics say of a request.
pub(super) fn request(exchange: &Exchange) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.text(
        "http.request.method",
        if is_known(&exchange.method) {
            &exchange.method
        } else {
            "_OTHER"
        },
    );
    if let Ok(url) = url::Url::parse(exchange.url.raw()) {
        attributes.maybe_text(
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

/// What spans and metrics say of a response.
pub(super) fn response(exchange: &Exchange, attributes: &mut Attributes) {
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

fn answered(spans: &Spans, exchange: &Exchange, attributes: &mut Attributes) {
    response(exchange, attributes);
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
        phases::peer(&connection.remote, attributes);
        attributes.yes_or_no("tapline.connection.reused", exchange.reused_connection);
    }
}

/// Why the span is one of an error: the exchange failed, or the server says so (RFC 9110 §15.5).
pub(super) fn kind_of_error(exchange: &Exchange) -> Option<String> {
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

fn error(spans: &Spans, exchange: &Exchange) -> Option<(String, String)> {
    let message = exchange
        .failure
        .as_ref()
        .map(|(_, failure)| spans.redactor.text(&failure.message).escaped().into_owned());
    Some((kind_of_error(exchange)?, message.unwrap_or_default()))
}

/// Informational responses, and the failure.
fn events(spans: &Spans, exchange: &Exchange) -> Vec<Value> {
    let early = exchange.informational.iter().map(|early| {
        let mut attributes = Attributes::default();
        attributes.number("http.response.status_code", early.status);
        json!({ "timeUnixNano": spans.wall(early.at), "name": "tapline.informational_response", "attributes": attributes.written() })
    });
    let failed = exchange.failure.iter().map(|(phase, failure)| {
        let mut attributes = Attributes::default();
        attributes.text("exception.type", &failure.code.to_string());
        attributes.text("exception.message", &spans.redactor.text(&failure.message).escaped());
        attributes.text("tapline.phase", phase.name());
        attributes.text("tapline.hint", &failure.hint);
        let at = exchange.phases.get(*phase).and_then(|span| span.ended).or(exchange.ended).unwrap_or(exchange.started);
        json!({ "timeUnixNano": spans.wall(at), "name": "exception", "attributes": attributes.written() })
    });
    early.chain(failed).collect()
}
