//! The same request several times: how the figures are spread.

use super::page::{Cell, Page, Row};
use crate::insight::{Repeats, Transfer};
use crate::report::text::status;
use crate::trace::{Exchange, Phase};
use crate::units::{Nanos, counted};

/// Runs that are listed.
const MOST: usize = 200;

/// Percentiles, histogram and the runs one by one.
pub(super) fn write(page: &mut Page<'_>, runs: &Repeats<'_>) {
    page.section("repeats", 2, "How the runs differ");
    let measures = Phase::ALL.into_iter().map(Some).chain([None]);
    let rows: Vec<Row> = measures
        .filter_map(|phase| {
            let spread = runs.spread(phase)?;
            let name = Cell::words(phase.map_or("Total", Phase::label));
            let figures = [spread.min, spread.median, spread.p90, spread.max]
                .map(|figure| Cell::time(Some(figure)));
            let class = phase.map_or_else(
                || "total".to_owned(),
                |phase| format!("phase {}", phase.name()),
            );
            Some(Row::about(
                class,
                "",
                std::iter::once(name).chain(figures).collect(),
            ))
        })
        .collect();
    let caption = format!(
        "Spread over {} that did not fail (app)",
        counted(runs.good(), "run")
    );
    page.table(
        "phases",
        &caption,
        &["Phase", "Least", "Median", "90 %", "Most"],
        &rows,
    );
    let totals: Vec<Nanos> = runs.times(None).collect();
    if totals.len() > 1 {
        page.picture(
            "",
            "How many runs took how long",
            "A histogram of the totals",
            |scene, sheet, _| {
                scene.draw_histogram(sheet, &totals);
            },
        );
    }
    listed(page, runs);
    page.close();
}

fn is_good(run: &Transfer<'_>) -> bool {
    run.last()
        .is_some_and(|last| last.failure.is_none() && last.ended.is_some())
}

fn listed(page: &mut Page<'_>, runs: &Repeats<'_>) {
    let phases: Vec<Phase> = Phase::ALL
        .into_iter()
        .filter(|phase| runs.have(*phase))
        .collect();
    let rows: Vec<Row> = runs
        .from_the_start()
        .iter()
        .take(MOST)
        .enumerate()
        .map(|(n, run)| {
            let number = Cell::figure((n + 1).to_string(), Some(n as u64));
            let times = phases
                .iter()
                .map(|phase| Cell::time(run.phase(*phase)))
                .chain([Cell::time(run.total())]);
            let outcome = run.last().map(outcome).unwrap_or_default();
            Row::new(
                std::iter::once(number)
                    .chain(times)
                    .chain([Cell::words(outcome)])
                    .collect(),
            )
        })
        .collect();
    let head: Vec<&str> = std::iter::once("Run")
        .chain(phases.iter().map(|phase| phase.label()))
        .chain(["Total", "Outcome"])
        .collect();
    page.open("details", &[("class", &"aside")]);
    page.element("summary", &[], "All runs, one by one");
    page.table("sortable", "Runs (app)", &head, &rows);
    let left = runs.count().saturating_sub(rows.len());
    if left > 0 {
        page.say(&format!("{left} more are not listed."));
    }
    page.close();
}

fn outcome(last: &Exchange) -> String {
    match (&last.failure, &last.response) {
        (Some((phase, failure)), _) => {
            format!("{} failed: {}", phase.label(), failure.message.escaped())
        }
        (None, Some(response)) => status(response),
        (None, None) => String::new(),
    }
}

/// The runs that are worth telling in full: the fastest, the slowest, the first that failed.
pub(super) fn remarkable<'a>(runs: &[Transfer<'a>]) -> Vec<&'a Exchange> {
    let timed = || {
        runs.iter()
            .filter(|run| is_good(run))
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
    let mut told: Vec<&Exchange> = [fastest, slowest, failed].into_iter().flatten().collect();
    told.dedup_by_key(|exchange| exchange.id);
    told
}
