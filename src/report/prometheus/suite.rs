//! A suite as metrics, with a label `endpoint` in addition to `target`.

use super::family::RenderedSample;
use super::{MetricTarget, blackbox, budget_samples, family, own_metrics};
use crate::report::EndpointStatus;
use crate::report::ReportOptions;
use crate::report::suite::SuiteResult;
use crate::trace::Trace;
use crate::units::Untrusted;

const MET: (&str, &str) = ("tapline_budget_met", super::BUDGET_HELP);
const SUCCESS: (&str, &str) = (
    "tapline_endpoint_success",
    "Whether an endpoint responded and met its budget",
);

/// The samples of an endpoint, per family in output order, those of its budget last.
#[derive(Debug)]
pub(in crate::report) struct EndpointSamples(Vec<Vec<RenderedSample>>);

impl EndpointSamples {
    /// Formats the samples of a run, since they must outlive its trace.
    pub(in crate::report) fn new(trace: &Trace, options: &ReportOptions, name: &Untrusted) -> Self {
        let targets = MetricTarget::all(trace, options.redactor());
        let families = blackbox::FAMILIES.iter().chain(&own_metrics::FAMILIES);
        let mut all: Vec<Vec<RenderedSample>> = families
            .map(|family| {
                let labelled = |target: &MetricTarget| {
                    let samples = (family.samples)(target).into_iter();
                    samples
                        .map(|sample| {
                            RenderedSample::new(
                                sample
                                    .with("target", &target.name)
                                    .with("endpoint", name.raw()),
                            )
                        })
                        .collect::<Vec<_>>()
                };
                targets.iter().flat_map(labelled).collect()
            })
            .collect();
        all.push(
            budget_samples(trace, options)
                .into_iter()
                .map(|sample| RenderedSample::new(sample.with("endpoint", name.raw())))
                .collect(),
        );
        Self(all)
    }
}

/// A suite as metrics.
pub(in crate::report) fn suite_prometheus(suite: &SuiteResult) -> String {
    let shares: Vec<&EndpointSamples> = suite
        .endpoints
        .iter()
        .filter_map(|endpoint| endpoint.result.as_ref())
        .map(|told| &told.metrics)
        .collect();
    let names = blackbox::FAMILIES
        .iter()
        .chain(&own_metrics::FAMILIES)
        .map(|known| (known.name, known.help))
        .chain([MET]);
    let families = names.enumerate().map(|(place, (name, help))| {
        let samples = shares
            .iter()
            .filter_map(|share| share.0.get(place))
            .flatten();
        family::format_rendered_family(name, help, samples)
    });
    let stands = suite
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.result.is_some())
        .map(|endpoint| {
            let good = endpoint.status() <= EndpointStatus::Warned;
            RenderedSample::new(
                super::MetricSample::new(f64::from(u8::from(good)))
                    .with("endpoint", endpoint.name.raw()),
            )
        });
    let stands: Vec<RenderedSample> = stands.collect();
    families.collect::<String>()
        + &family::format_rendered_family(SUCCESS.0, SUCCESS.1, stands.iter())
}
