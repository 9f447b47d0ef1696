//! A repeated request: the distribution of its figures.

use super::page::{HtmlCell, HtmlPage, HtmlRow};
use crate::insight::{RepeatedRequest, Transfer};
use crate::report::text::status_line;
use crate::trace::{Exchange, Phase};
use crate::units::{Nanos, format_count};

/// Maximum number of runs listed.
const MAX_RUNS: usize = 200;

/// Writes percentiles, a histogram and the individual runs.
pub(super) fn write(page: &mut HtmlPage<'_>, runs: &RepeatedRequest<'_>) {
    page.section("repeats", 2, "Distribution over the runs");
    let measures = Phase::ALL.into_iter().map(Some).chain([None]);
    let rows: Vec<HtmlRow> = measures
        .filter_map(|phase| {
            let spread = runs.spread(phase)?;
            let name = HtmlCell::words(phase.map_or("Total", Phase::label));
            let figures = [spread.min, spread.median, spread.p90, spread.max]
                .map(|figure| HtmlCell::time(Some(figure)));
            let class = phase.map_or_else(
                || "total".to_owned(),
                |phase| format!("phase {}", phase.name()),
            );
            Some(HtmlRow::about(
                class,
                "",
                std::iter::once(name).chain(figures).collect(),
            ))
        })
        .collect();
    let caption = format!(
        "Distribution over {} that succeeded (app)",
        format_count(runs.succeeded_count(), "run")
    );
    page.table(
        "phases",
        &caption,
        &["Phase", "Min", "Median", "90 %", "Max"],
        &rows,
    );
    let totals: Vec<Nanos> = runs.times(None).collect();
    if totals.len() > 1 {
        page.picture(
            "",
            "Histogram of total times",
            "A histogram of the totals",
            |context, canvas, _| {
                context.draw_histogram(canvas, &totals);
            },
        );
    }
    write_runs(page, runs);
    page.close();
}

fn succeeded(run: &Transfer<'_>) -> bool {
    run.last()
        .is_some_and(|last| last.failure.is_none() && last.ended.is_some())
}

fn write_runs(page: &mut HtmlPage<'_>, runs: &RepeatedRequest<'_>) {
    let phases: Vec<Phase> = Phase::ALL
        .into_iter()
        .filter(|phase| runs.has_phase(*phase))
        .collect();
    let rows: Vec<HtmlRow> = runs
        .retained_from_start()
        .iter()
        .take(MAX_RUNS)
        .enumerate()
        .map(|(n, run)| {
            let number = HtmlCell::figure((n + 1).to_string(), Some(n as u64));
            let times = phases
                .iter()
                .map(|phase| HtmlCell::time(run.phase(*phase)))
                .chain([HtmlCell::time(run.total())]);
            let outcome = run.last().map(outcome_words).unwrap_or_default();
            HtmlRow::new(
                std::iter::once(number)
                    .chain(times)
                    .chain([HtmlCell::words(outcome)])
                    .collect(),
            )
        })
        .collect();
    let head: Vec<&str> = std::iter::once("Run")
        .chain(phases.iter().map(|phase| phase.label()))
        .chain(["Total", "Outcome"])
        .collect();
    page.open("details", &[("class", &"aside")]);
    page.element("summary", &[], "All runs");
    page.table("sortable", "Runs (app)", &head, &rows);
    let left = runs.count().saturating_sub(rows.len());
    if left > 0 {
        page.paragraph(&format!("{left} more are not listed."));
    }
    page.close();
}

fn outcome_words(last: &Exchange) -> String {
    match (&last.failure, &last.response) {
        (Some((phase, failure)), _) => {
            format!("{} failed: {}", phase.label(), failure.message.escaped())
        }
        (None, Some(response)) => status_line(response),
        (None, None) => String::new(),
    }
}

/// The runs worth showing in full: the fastest, the slowest, and the first that failed.
pub(super) fn notable_runs<'a>(runs: &[Transfer<'a>]) -> Vec<&'a Exchange> {
    let timed = || {
        runs.iter()
            .filter(|run| succeeded(run))
            .filter_map(|run| Some((run.total()?, run.last()?)))
    };
    let fastest = timed()
        .min_by_key(|(total, _)| *total)
        .map(|(_, exchange)| exchange);
    let slowest = timed()
        .max_by_key(|(total, _)| *total)
        .map(|(_, exchange)| exchange);
    let failed = runs
        .iter()
        .filter_map(Transfer::last)
        .find(|last| last.failure.is_some());
    let mut notable: Vec<&Exchange> = [fastest, slowest, failed].into_iter().flatten().collect();
    notable.dedup_by_key(|exchange| exchange.id);
    notable
}
