//! Metrics: histograms of durations, with the values of this run only.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::attributes::Attributes;
use super::spans::{add_response, error_type, request_attributes};
use crate::insight::redact::Redactor;
use crate::insight::wire_phase;
use crate::report::timestamps;
use crate::trace::{Clock, Exchange, Phase, PhaseSpan, Trace};
use crate::units::Nanos;

/// Bucket boundaries in seconds, as the semantic conventions advise.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
/// `AGGREGATION_TEMPORALITY_DELTA`.
const DELTA: u8 = 1;

/// All metrics that have a value.
pub(super) fn metric_values(trace: &Trace, redactor: Redactor) -> Vec<Value> {
    let mut requests = DataPoints::default();
    let mut lookups = DataPoints::default();
    let mut phases = DataPoints::default();
    for exchange in trace.exchanges() {
        if let Some(total) = exchange.total() {
            requests.add(request_metric_attributes(exchange), total);
        }
        if let Some((attributes, took)) = dns_lookup(exchange, redactor) {
            lookups.add(attributes, took);
        }
        for (phase, span) in exchange.phases.iter() {
            let wire = wire_phase(trace, exchange, phase).map(|span| span.duration());
            for (clock, took) in [(Clock::App, span.duration()), (Clock::Wire, wire)] {
                if let Some(took) = took {
                    phases.add(phase_attributes(exchange, phase, clock), took);
                }
            }
        }
    }
    let metrics = [
        (
            "http.client.request.duration",
            "Duration of HTTP client requests.",
            requests,
        ),
        (
            "dns.lookup.duration",
            "Measures the time taken to perform a DNS lookup.",
            lookups,
        ),
        (
            "tapline.phase.duration",
            "Time in a phase, on the program's clock (app) and the packets' clock (wire).",
            phases,
        ),
    ];
    metrics
        .into_iter()
        .filter_map(|(name, about, points)| points.into_metric(trace, name, about))
        .collect()
}

fn request_metric_attributes(exchange: &Exchange) -> Attributes {
    let mut attributes = request_attributes(exchange);
    add_response(exchange, &mut attributes);
    attributes.optional_text("error.type", error_type(exchange).as_deref());
    attributes
}

fn dns_lookup(exchange: &Exchange, redactor: Redactor) -> Option<(Attributes, Nanos)> {
    let took = exchange
        .phases
        .get(Phase::Dns)
        .and_then(PhaseSpan::duration)?;
    let mut attributes = Attributes::default();
    let url = url::Url::parse(redactor.text(&exchange.url).raw()).ok();
    attributes.optional_text(
        "dns.question.name",
        url.as_ref().and_then(url::Url::host_str),
    );
    let failed = exchange
        .failure
        .as_ref()
        .filter(|(phase, _)| *phase == Phase::Dns);
    attributes.optional_text(
        "error.type",
        failed
            .map(|(_, failure)| failure.code.to_string())
            .as_deref(),
    );
    Some((attributes, took))
}

fn phase_attributes(exchange: &Exchange, phase: Phase, clock: Clock) -> Attributes {
    let mut attributes = request_attributes(exchange);
    attributes.text("tapline.phase", phase.name());
    attributes.text("tapline.clock", clock.name());
    attributes
}

/// Values grouped by attributes.
#[derive(Default)]
struct DataPoints(BTreeMap<String, (Value, Vec<f64>)>);

impl DataPoints {
    fn add(&mut self, attributes: Attributes, took: Nanos) {
        let attributes = attributes.into_json();
        self.0
            .entry(attributes.to_string())
            .or_insert_with(|| (attributes, Vec::new()))
            .1
            .push(took.as_secs_f64());
    }

    /// Returns the metric, or `None` without values.
    fn into_metric(self, trace: &Trace, name: &str, about: &str) -> Option<Value> {
        let began = trace.started_at().map_or(0, |wall| wall.0);
        let ended = timestamps::wall_time_of(trace, trace.ended().unwrap_or(trace.latest()))
            .map_or(began, |wall| wall.0);
        let point = |(attributes, figures): (Value, Vec<f64>)| {
            json!({
                "attributes": attributes,
                "startTimeUnixNano": began.to_string(),
                "timeUnixNano": ended.max(began).to_string(),
                "count": figures.len().to_string(),
                "sum": figures.iter().sum::<f64>(),
                "bucketCounts": bucket_counts(&figures),
                "explicitBounds": BOUNDS,
                "min": figures.iter().copied().fold(f64::INFINITY, f64::min),
                "max": figures.iter().copied().fold(0.0, f64::max),
            })
        };
        let points: Vec<Value> = self.0.into_values().map(point).collect();
        let histogram = || json!({ "dataPoints": points, "aggregationTemporality": DELTA });
        (!points.is_empty()).then(
            || json!({ "name": name, "description": about, "unit": "s", "histogram": histogram() }),
        )
    }
}

/// The number of values in each bucket; a boundary belongs to the bucket below it.
fn bucket_counts(figures: &[f64]) -> Vec<String> {
    let mut counts = [0_u64; BOUNDS.len() + 1];
    for figure in figures {
        if let Some(count) = counts.get_mut(BOUNDS.partition_point(|bound| bound < figure)) {
            *count += 1;
        }
    }
    counts.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        let counts = bucket_counts(&[0.0, 0.005, 0.0051, 10.0, 11.0]);
        assert_eq!(
            (
                counts[0].as_str(),
                counts[1].as_str(),
                counts[13].as_str(),
                counts[14].as_str()
            ),
            ("2", "1", "1", "1")
        );
        assert_eq!(counts.len(), BOUNDS.len() + 1);
    }
}
