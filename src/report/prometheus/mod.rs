//! Prometheus's text exposition format, version 0.0.4, for a textfile collector or a push gateway.
//!
//! Metrics have the names of `blackbox_exporter` where it has one, so that its dashboards and
//! alerts work; others are named `tapline_…`. Each requested URL is a `target`. If a target was
//! requested several times, the figures are those of the latest request. What was not measured has
//! no sample. `probe_success` agrees with the exit code: a status of 400 or above is a success,
//! unless `--fail` was given.

mod blackbox;
mod family;
mod own_metrics;
mod suite;
mod target;

pub(super) use suite::{EndpointSamples, suite_prometheus};

use super::ReportOptions;
use crate::insight::{group_into_transfers, repeated_requests, run_statistics};
use crate::trace::Trace;
use family::{MetricFamily, MetricSample, format_family};
use target::MetricTarget;

/// A run as metrics.
pub fn prometheus_report(trace: &Trace, options: &ReportOptions) -> String {
    let targets = MetricTarget::all(trace, options.redactor());
    let of_targets = blackbox::FAMILIES.iter().chain(&own_metrics::FAMILIES).map(
        |MetricFamily {
             name,
             help,
             samples: of,
         }| {
            let samples = targets.iter().flat_map(|target| {
                of(target)
                    .into_iter()
                    .map(|sample| sample.with("target", &target.name))
            });
            format_family(name, help, samples)
        },
    );
    omitted_comment(trace)
        + &of_targets.collect::<String>()
        + &format_family(
            "tapline_budget_met",
            BUDGET_HELP,
            budget_samples(trace, options).into_iter(),
        )
}

/// A comment with the number of requests that are not included in the targets; empty if there are
/// none.
fn omitted_comment(trace: &Trace) -> String {
    let retained: Vec<_> = group_into_transfers(trace).collect();
    let counted: usize = repeated_requests(trace, &retained)
        .map(|request| request.count())
        .sum();
    let left = run_statistics(trace).count.saturating_sub(counted);
    if left == 0 {
        String::new()
    } else {
        format!("# {left} more requests are only included in tapline_budget_met\n")
    }
}

const BUDGET_HELP: &str = "Whether every request of the run met a rule of the budget";

/// Samples of the budget's rules. Rules without a measurement have none.
fn budget_samples(trace: &Trace, options: &ReportOptions) -> Vec<MetricSample> {
    let verdicts = options
        .budget
        .as_ref()
        .map(|budget| budget.verdicts(trace))
        .unwrap_or_default();
    let mut rules: Vec<String> = Vec::new();
    let samples = verdicts.iter().filter_map(|verdict| {
        let rule = verdict.rule.to_string();
        let met = verdict.met().filter(|_| !rules.contains(&rule))?;
        rules.push(rule.clone());
        Some(MetricSample::new(f64::from(u8::from(met))).with("rule", &rule))
    });
    samples.collect()
}
