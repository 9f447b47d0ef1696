//! What is kept of an endpoint's run.

use super::Standing;
use crate::insight::budget::{Budget, Outcome, Verdict};
use crate::insight::redact::Redactor;
use crate::insight::{Runs, Transfer, runs, transfers};
use crate::report::{Options, prometheus};
use crate::trace::{Code, HttpVersion, Phase, Trace};
use crate::units::{Nanos, Untrusted};

/// An endpoint of a suite. Its text is without secrets, but not escaped.
#[derive(Debug)]
pub struct Endpoint {
    /// What the file calls it.
    pub name: Untrusted,
    /// Where to.
    pub url: Untrusted,
    /// What happened; `None` where it was not tried.
    pub happened: Option<Happened>,
}

/// What happened.
#[derive(Debug)]
pub struct Happened {
    /// How it stands after that.
    pub standing: Standing,
    /// Why it failed, and in which phase: the cause, a sentence, and what to try.
    pub failure: Option<(Phase, Code, Untrusted, String)>,
    /// How many requests there were, redirects apart.
    pub transfers: usize,
    /// How many of them failed.
    pub failures: usize,
    /// The request that took the median time; one that failed where none did not.
    pub median: Option<Request>,
    /// What came of the budget's rules.
    pub verdicts: Vec<Verdict>,
    /// Its share of the metrics.
    pub(in crate::report) metrics: prometheus::Share,
}

/// A request's figures.
#[derive(Clone, Debug)]
pub struct Request {
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

impl Endpoint {
    /// What is to be kept of a run. The budget is the options'.
    pub fn of(name: &Untrusted, trace: &Trace, options: &Options) -> Self {
        let redactor = options.redactor();
        let verdicts = options
            .budget
            .as_ref()
            .map(|budget: &Budget| budget.verdicts(trace))
            .unwrap_or_default();
        let all: Vec<Transfer> = transfers(trace).collect();
        let runs = runs(trace);
        let url = all
            .first()
            .and_then(|first| first.hops().first())
            .map(|first| redactor.text(&first.url))
            .unwrap_or_default();
        let happened = Happened {
            standing: Standing::of(trace.failure().is_some() || all.is_empty(), &verdicts),
            failure: failure(trace, redactor),
            transfers: runs.count,
            failures: runs.failed,
            median: median(&all, &runs).map(|median| Request {
                total: exact_median(&all, &runs).or(median.total()),
                ..Request::of(median)
            }),
            verdicts,
            metrics: prometheus::Share::of(trace, options, name),
        };
        Self {
            name: name.clone(),
            url,
            happened: Some(happened),
        }
    }

    /// One that was not tried.
    pub fn not_run(name: &Untrusted, url: &Untrusted, options: &Options) -> Self {
        Self {
            name: name.clone(),
            url: options.redactor().text(url),
            happened: None,
        }
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.happened
            .as_ref()
            .map_or(Standing::NotRun, |happened| happened.standing)
    }

    /// The request that stands for all.
    pub fn median(&self) -> Option<&Request> {
        self.happened.as_ref()?.median.as_ref()
    }

    /// What came of the budget's rules.
    pub fn verdicts(&self) -> &[Verdict] {
        self.happened
            .as_ref()
            .map(|happened| happened.verdicts.as_slice())
            .unwrap_or_default()
    }

    /// The rule that was kept worst, where one was not simply kept.
    pub fn worst(&self) -> Option<&Verdict> {
        let not_met = self
            .verdicts()
            .iter()
            .filter(|verdict| verdict.outcome != Outcome::Met);
        // Of those that are equally bad the first.
        not_met
            .rev()
            .max_by_key(|verdict| verdict.outcome.severity())
    }

    /// Why it stands where it does, in words that are safe to look at; `None` where all is well.
    pub fn reason(&self) -> Option<String> {
        let Some(happened) = &self.happened else {
            return Some("the suite was called off before".to_owned());
        };
        let figure = |verdict: &Verdict| {
            verdict
                .shown_figure()
                .map(|figure| format!(" ({figure})"))
                .unwrap_or_default()
        };
        let of_rule = || {
            self.worst()
                .map(|verdict| format!("{}: {}{}", verdict.rule, verdict.said(), figure(verdict)))
        };
        match &happened.failure {
            Some((phase, _, message, _)) if happened.standing == Standing::Failed => {
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

fn failure(trace: &Trace, redactor: Redactor) -> Option<(Phase, Code, Untrusted, String)> {
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
fn exact_median(all: &[Transfer], runs: &Runs) -> Option<Nanos> {
    runs.spread
        .filter(|_| all.len() < runs.count)
        .map(|spread| spread.median)
}

/// The transfer with the median of the times of those that went well (nearest rank), else of all.
/// Where that one is no longer held it is the one that is whose time is nearest to the median.
fn median<'t, 'a>(all: &'t [Transfer<'a>], runs: &Runs) -> Option<&'t Transfer<'a>> {
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

impl Request {
    fn of(transfer: &Transfer) -> Self {
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
