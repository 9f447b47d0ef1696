//! What is kept of an endpoint's run.

use super::EndpointStatus;
use crate::insight::budget::{Budget, BudgetOutcome, BudgetVerdict};
use crate::insight::redact::Redactor;
use crate::insight::{RunStatistics, Transfer, group_into_transfers, run_statistics};
use crate::report::{ReportOptions, prometheus};
use crate::trace::{FailureCode, HttpVersion, Phase, Trace};
use crate::units::{Nanos, Untrusted};

/// An endpoint of a suite. Its text is without secrets, but not escaped.
#[derive(Debug)]
pub struct SuiteEndpoint {
    /// What the file calls it.
    pub name: Untrusted,
    /// Where to.
    pub url: Untrusted,
    /// What happened; `None` where it was not tried.
    pub result: Option<EndpointResult>,
}

/// What happened.
#[derive(Debug)]
pub struct EndpointResult {
    /// How it stands after that.
    pub status: EndpointStatus,
    /// Why it failed, and in which phase: the cause, a sentence, and what to try.
    pub failure: Option<(Phase, FailureCode, Untrusted, String)>,
    /// How many requests there were, redirects apart.
    pub transfers: usize,
    /// How many of them failed.
    pub failures: usize,
    /// The request that took the median time; one that failed where none did not.
    pub median: Option<RequestFigures>,
    /// What came of the budget's rules.
    pub verdicts: Vec<BudgetVerdict>,
    /// Its share of the metrics.
    pub(in crate::report) metrics: prometheus::EndpointSamples,
}

/// A request's figures.
#[derive(Clone, Debug)]
pub struct RequestFigures {
    /// Method.
    pub method: String,
    /// Status of the final response.
    pub status: Option<u16>,
    /// Its HTTP version.
    pub version: Option<HttpVersion>,
    /// From its start to its end, redirects included.
    pub total: Option<Nanos>,
    /// To the first byte of the final response.
    pub first_byte: Option<Nanos>,
    /// Time in each phase, redirects included, by the program's clock.
    pub phases: Vec<(Phase, Nanos)>,
    /// Bytes of the final response's body, as transferred.
    pub body_bytes: Option<u64>,
}

impl SuiteEndpoint {
    /// What is to be kept of a run. The budget is the options'.
    pub fn new(name: &Untrusted, trace: &Trace, options: &ReportOptions) -> Self {
        let redactor = options.redactor();
        let verdicts = options
            .budget
            .as_ref()
            .map(|budget: &Budget| budget.verdicts(trace))
            .unwrap_or_default();
        let all: Vec<Transfer> = group_into_transfers(trace).collect();
        let runs = run_statistics(trace);
        let url = all
            .first()
            .and_then(|first| first.hops().first())
            .map(|first| redactor.text(&first.url))
            .unwrap_or_default();
        let happened = EndpointResult {
            status: EndpointStatus::from_verdicts(
                trace.failure().is_some() || all.is_empty(),
                &verdicts,
            ),
            failure: run_failure(trace, redactor),
            transfers: runs.count,
            failures: runs.failed,
            median: median_transfer(&all, &runs).map(|median| RequestFigures {
                total: exact_median(&all, &runs).or(median.total()),
                ..RequestFigures::new(median)
            }),
            verdicts,
            metrics: prometheus::EndpointSamples::new(trace, options, name),
        };
        Self {
            name: name.clone(),
            url,
            result: Some(happened),
        }
    }

    /// One that was not tried.
    pub fn not_run(name: &Untrusted, url: &Untrusted, options: &ReportOptions) -> Self {
        Self {
            name: name.clone(),
            url: options.redactor().text(url),
            result: None,
        }
    }

    /// How it stands.
    pub fn status(&self) -> EndpointStatus {
        self.result
            .as_ref()
            .map_or(EndpointStatus::NotRun, |happened| happened.status)
    }

    /// The request that stands for all.
    pub fn median(&self) -> Option<&RequestFigures> {
        self.result.as_ref()?.median.as_ref()
    }

    /// What came of the budget's rules.
    pub fn verdicts(&self) -> &[BudgetVerdict] {
        self.result
            .as_ref()
            .map(|happened| happened.verdicts.as_slice())
            .unwrap_or_default()
    }

    /// The rule that was kept worst, where one was not simply kept.
    pub fn worst_verdict(&self) -> Option<&BudgetVerdict> {
        let not_met = self
            .verdicts()
            .iter()
            .filter(|verdict| verdict.outcome != BudgetOutcome::Met);
        // Of those that are equally bad the first.
        not_met
            .rev()
            .max_by_key(|verdict| verdict.outcome.severity())
    }

    /// Why it stands where it does, in words that are safe to look at; `None` where all is well.
    pub fn reason(&self) -> Option<String> {
        let Some(happened) = &self.result else {
            return Some("the suite was called off before".to_owned());
        };
        let figure = |verdict: &BudgetVerdict| {
            verdict
                .format_figure()
                .map(|figure| format!(" ({figure})"))
                .unwrap_or_default()
        };
        let of_rule = || {
            self.worst_verdict().map(|verdict| {
                format!(
                    "{}: {}{}",
                    verdict.rule,
                    verdict.describe_outcome(),
                    figure(verdict)
                )
            })
        };
        match &happened.failure {
            Some((phase, _, message, _)) if happened.status == EndpointStatus::Failed => {
                let of_all = if happened.transfers > 1 {
                    format!(" ({} of {})", happened.failures, happened.transfers)
                } else {
                    String::new()
                };
                Some(format!("{}: {}{of_all}", phase.label(), message.escaped()))
            }
            _ => of_rule(),
        }
    }
}

fn run_failure(
    trace: &Trace,
    redactor: Redactor,
) -> Option<(Phase, FailureCode, Untrusted, String)> {
    let (phase, failure) = trace.failure()?;
    Some((
        *phase,
        failure.code,
        redactor.text(&failure.message),
        failure.hint.clone(),
    ))
}

fn has_failed(transfer: &Transfer) -> bool {
    transfer.last().is_none_or(|last| last.failure.is_some())
}

/// The median of all runs, where it cannot be had from the run that is held.
fn exact_median(all: &[Transfer], runs: &RunStatistics) -> Option<Nanos> {
    runs.spread
        .filter(|_| all.len() < runs.count)
        .map(|spread| spread.median)
}

/// The transfer with the median of the times of those that went well (nearest rank), else of all.
/// Where that one is no longer held it is the one that is whose time is nearest to the median.
fn median_transfer<'t, 'a>(
    all: &'t [Transfer<'a>],
    runs: &RunStatistics,
) -> Option<&'t Transfer<'a>> {
    if all.len() < runs.count {
        let distance = |transfer: &&Transfer<'_>| {
            transfer
                .total()
                .zip(runs.spread)
                .map(|(total, spread)| total.0.abs_diff(spread.median.0))
        };
        let good = all.iter().filter(|transfer| !has_failed(transfer));
        return good
            .min_by_key(|transfer| distance(transfer).unwrap_or(u64::MAX))
            .or_else(|| all.last());
    }
    let middle = |mut some: Vec<&'t Transfer<'a>>| {
        some.sort_by_key(|transfer| transfer.total());
        some.get(some.len().div_ceil(2).saturating_sub(1)).copied()
    };
    middle(
        all.iter()
            .filter(|transfer| !has_failed(transfer))
            .collect(),
    )
    .or_else(|| middle(all.iter().collect()))
}

impl RequestFigures {
    fn new(transfer: &Transfer) -> Self {
        let last = transfer.last();
        let response = last.and_then(|last| last.response.as_ref());
        Self {
            method: transfer
                .hops()
                .first()
                .map(|first| first.method.clone())
                .unwrap_or_default(),
            status: response.map(|response| response.status),
            version: response.map(|response| response.version),
            total: transfer.total(),
            first_byte: transfer.first_byte(),
            phases: Phase::ALL
                .iter()
                .filter_map(|phase| Some((*phase, transfer.phase(*phase)?)))
                .collect(),
            body_bytes: response
                .and(last)
                .map(|last| last.response_body.transferred),
        }
    }
}
