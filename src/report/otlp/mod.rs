//! OpenTelemetry's protocol (OTLP 1.x) in its JSON encoding: spans and metrics of a run, for a
//! collector.
//!
//! A transfer is a trace: it has a CLIENT span per exchange, which contains INTERNAL spans for the
//! phases, named as in .NET. With redirects or retries, a parent span encloses the exchanges.
//! Attributes and metrics are named by the semantic conventions, or else begin with `tapline.`.
//! Secrets are masked as everywhere. Identifiers are passed in, since they are random.
//!
//! <https://opentelemetry.io/docs/specs/otlp/>, <https://opentelemetry.io/docs/specs/semconv/http/>

mod attributes;
mod metrics;
mod phases;
mod spans;

use serde_json::{Value, json};

use super::{ReportOptions, json_text};
use crate::trace::Trace;
use crate::units::Untrusted;
use attributes::Attributes;

/// Random identifiers of this run's spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtlpIds {
    /// The trace ID of the first transfer; later ones count up.
    pub trace: u128,
    /// The ID of the first span; later ones count up.
    pub span: u64,
}

/// The reporting resource, as configured by the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtlpResource {
    /// `service.name`; `tapline` if not given.
    pub service: Option<String>,
    /// Further attributes.
    pub attributes: Vec<(String, String)>,
}

/// Maximum number of exchanges per document; collectors refuse very large ones.
const MAX_EXCHANGES_PER_DOCUMENT: usize = 200;

/// The spans of a run, as request bodies for `/v1/traces`. Empty if there was no exchange.
pub fn otlp_traces(
    trace: &Trace,
    options: &ReportOptions,
    identity: OtlpIds,
    resource: &OtlpResource,
) -> Vec<String> {
    let spans = spans::exchange_spans(trace, options.redactor(), identity);
    let batch = |spans: &[Vec<Value>]| {
        let spans: Vec<&Value> = spans.iter().flatten().collect();
        let scoped = json!({ "scope": instrumentation_scope(trace), "spans": spans });
        json_text::line(&json!({ "resourceSpans": [{
                "resource": resource_json(trace, resource),
                "scopeSpans": [scoped],
            }] }))
    };
    spans
        .chunks(MAX_EXCHANGES_PER_DOCUMENT)
        .map(batch)
        .collect()
}

/// The metrics of a run, as a request body for `/v1/metrics`. `None` if nothing was measured.
pub fn otlp_metrics(
    trace: &Trace,
    options: &ReportOptions,
    resource: &OtlpResource,
) -> Option<String> {
    let metrics = metrics::metric_values(trace, options.redactor());
    if metrics.is_empty() {
        return None;
    }
    let scoped = json!({ "scope": instrumentation_scope(trace), "metrics": metrics });
    Some(json_text::line(&json!({ "resourceMetrics": [{
            "resource": resource_json(trace, resource),
            "scopeMetrics": [scoped],
        }] })))
}

fn instrumentation_scope(trace: &Trace) -> Value {
    json!({ "name": "tapline", "version": trace.tool_version().unwrap_or_default() })
}

fn resource_json(trace: &Trace, resource: &OtlpResource) -> Value {
    let given = |name: &str| resource.attributes.iter().any(|(given, _)| given == name);
    let mut attributes = Attributes::default();
    if resource.service.is_some() || !given("service.name") {
        attributes.text(
            "service.name",
            resource.service.as_deref().unwrap_or("tapline"),
        );
    }
    if !given("service.version") {
        attributes.optional_text("service.version", trace.tool_version());
    }
    for (name, value) in resource
        .attributes
        .iter()
        .filter(|(name, _)| resource.service.is_none() || name != "service.name")
    {
        attributes.text(name, &Untrusted::new(value).escaped());
    }
    json!({ "attributes": attributes.into_json() })
}
