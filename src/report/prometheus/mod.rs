//! Prometheus' text exposition format, 0.0.4: for a textfile collector, or to be pushed.
//!
//! Names are `blackbox_exporter`'s where it has one, so that its dashboards and alerts fit; what it
//! does not know is called `tapline_…`. Each URL that was asked for is a `target`. Of several
//! requests to one target the figures are the latest one's. What was not measured has no
//! sample. `probe_success` follows the exit code: a status of 400 and above is an answer, unless
//! `--fail` was given.

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

/// Says, as a comment, how many requests were too many to be told among the targets; nothing where
/// none was.
fn omitted_comment(trace: &Trace) -> String {
    let held: Vec<_> = group_into_transfers(trace).collect();
    let counted: usize = repeated_requests(trace, &held)
        .map(|request| request.count())
        .sum();
    let left = run_statistics(trace).count.saturating_sub(counted);
    if left == 0 {
        String::new()
    } else {
        format!("# {left} more requests are in no figure but those of tapline_budget_met\n")
    }
}

const BUDGET_HELP: &str = "Whether a rule of the budget was kept by every request of the run";

/// What came of each rule; of what was not measured nothing is said.
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
