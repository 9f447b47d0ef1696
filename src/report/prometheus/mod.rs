//! Prometheus' text exposition format, 0.0.4: for a textfile collector, or to be pushed.
//!
//! Names are `blackbox_exporter`'s where it has one, so that its dashboards and alerts fit; what it
//! does not know is called `tapline_…`. Each URL that was asked for is a `target`. Of several
//! requests to one target the figures are the latest one's. What was not measured has no
//! sample. `probe_success` follows the exit code: a status of 400 and above is an answer, unless
//! `--fail` was given.

mod blackbox;
mod family;
mod own;
mod suite;
mod target;

pub(super) use suite::{Share, suite};

use super::Options;
use crate::insight::{repeats, runs, transfers};
use crate::trace::Trace;
use family::{Family, Sample, family};
use target::Target;

/// A run as metrics.
pub fn prometheus(trace: &Trace, options: &Options) -> String {
    let targets = Target::all(trace, options.redactor());
    let of_targets =
        blackbox::FAMILIES
            .iter()
            .chain(&own::FAMILIES)
            .map(|Family { name, help, of }| {
                let samples = targets.iter().flat_map(|target| {
                    of(target)
                        .into_iter()
                        .map(|sample| sample.with("target", &target.name))
                });
                family(name, help, samples)
            });
    beyond(trace)
        + &of_targets.collect::<String>()
        + &family(
            "tapline_budget_met",
            BUDGET_HELP,
            budget_samples(trace, options).into_iter(),
        )
}

/// Says, as a comment, how many requests were too many to be told among the targets; nothing where
/// none was.
fn beyond(trace: &Trace) -> String {
    let held: Vec<_> = transfers(trace).collect();
    let counted: usize = repeats(trace, &held).map(|request| request.count()).sum();
    let left = runs(trace).count.saturating_sub(counted);
    if left == 0 {
        String::new()
    } else {
        format!("# {left} more requests are in no figure but those of tapline_budget_met\n")
    }
}

const BUDGET_HELP: &str = "Whether a rule of the budget was kept by every request of the run";

/// What came of each rule; of what was not measured nothing is said.
fn budget_samples(trace: &Trace, options: &Options) -> Vec<Sample> {
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
        Some(Sample::of(f64::from(u8::from(met))).with("rule", &rule))
    });
    samples.collect()
}
