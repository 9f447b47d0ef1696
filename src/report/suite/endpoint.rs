//! The result of an endpoint.

use crate::insight::budget::{Budget, BudgetOutcome, BudgetVerdict};
use crate::insight::redact::Redactor;
use crate::insight::{RunStatistics, Transfer, group_into_transfers, run_statistics};
use crate::report::{EndpointStatus, ReportOptions, prometheus};
use crate::trace::{FailureCode, HttpVersion, Phase, Trace};
use crate::units::{Nanos, Untrusted};

/// An endpoint of a suite. Its texts are masked, but not escaped.
#[derive(Debug)]
pub struct SuiteEndpoint {
    /// The name in the file.
    pub name: Untrusted,
    /// The requested URL.
    pub url: Untrusted,
    /// The result; `None` if it was not run.
    pub result: Option<EndpointResult>,
}

/// The result of a run.
#[derive(Debug)]
pub struct EndpointResult {
    /// The status after the run.
    pub status: EndpointStatus,
    /// The failure, if there was one: its phase, code, message and hint.
    pub failure: Option<(Phase, FailureCode, Untrusted, String)>,
    /// The number of requests, not counting redirects.
    pub transfers: usize,
    /// The number of failed requests.
    pub failures: usize,
    /// The request with the median time; a failed one if all failed.
    pub median: Option<RequestFigures>,
    /// The verdicts on the budget's rules.
    pub verdicts: Vec<BudgetVerdict>,
    /// Its samples for the metrics.
    pub(in crate::report) metrics: prometheus::EndpointSamples,
}

/// The figures of a request.
#[derive(Clone, Debug)]
pub struct RequestFigures {
    /// The HTTP method.
    pub method: String,
    /// The status of the final response.
    pub status: Option<u16>,
    /// The HTTP version of the final response.
    pub version: Option<HttpVersion>,
    /// Time from start to end, including redirects.
    pub total: Option<Nanos>,
    /// Time to the first byte of the final response.
    pub first_byte: Option<Nanos>,
    /// Time in each phase on the app clock, including redirects.
    pub phases: Vec<(Phase, Nanos)>,
    /// Body bytes of the final response, as transferred.
    pub body_bytes: Option<u64>,
}

impl SuiteEndpoint {
    /// Extracts the result of a run. The budget is that of the options.
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

    /// An endpoint that was not run.
    pub fn not_run(name: &Untrusted, url: &Untrusted, options: &ReportOptions) -> Self {
        Self {
            name: name.clone(),
            url: options.redactor().text(url),
            result: None,
        }
    }

    /// The status.
    pub fn status(&self) -> EndpointStatus {
        self.result
            .as_ref()
            .map_or(EndpointStatus::NotRun, |happened| happened.status)
    }

    /// The request with the median time.
    pub fn median(&self) -> Option<&RequestFigures> {
        self.result.as_ref()?.median.as_ref()
    }

    /// The verdicts on the budget's rules.
    pub fn verdicts(&self) -> &[BudgetVerdict] {
        self.result
            .as_ref()
            .map(|happened| happened.verdicts.as_slice())
            .unwrap_or_default()
    }

    /// The rule that was violated most severely, if one was not met.
    pub fn worst_verdict(&self) -> Option<&BudgetVerdict> {
        let not_met = self
            .verdicts()
            .iter()
            .filter(|verdict| verdict.outcome != BudgetOutcome::Met);
        // The first one among equals.
        not_met
            .rev()
            .max_by_key(|verdict| verdict.outcome.severity())
    }

    /// The reason for the status, escaped; `None` if all is well.
    pub fn reason(&self) -> Option<String> {
        let Some(happened) = &self.result else {
            return Some("the suite was interrupted before".to_owned());
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

/// The median of all runs, if some of them are no longer held.
fn exact_median(all: &[Transfer], runs: &RunStatistics) -> Option<Nanos> {
    runs.spread
        .filter(|_| all.len() < runs.count)
        .map(|spread| spread.median)
}

/// The transfer with the median time (nearest rank) of those that succeeded, or else of all. If it
/// is no longer held, the held one whose time is nearest to the median.
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
