//! The same request several times: how the figures spread.

use super::table::Table;
use super::words::code;
use crate::insight::{Spread, Transfer};
use crate::report::picture::Scene;
use crate::trace::Phase;

/// Over the runs that did not fail.
pub(super) fn part(scene: &Scene<'_>, runs: &[Transfer]) -> String {
    let good: Vec<&Transfer> =
        runs.iter().filter(|run| run.last().is_some_and(|last| last.failure.is_none() && last.ended.is_some())).collect();
    let asked = runs.first().and_then(|run| run.hops().first());
    let asked = asked.map(|first| code(&format!("{} {}", first.method, scene.redactor.text(&first.url).escaped()))).unwrap_or_default();
    let mut table = Table::of(&[("Phase", false), ("min", true), ("median", true), ("p90", true), ("max", true)]);
    for phase in Phase::ALL.into_iter().map(Some).chain([None]) {
        let figures = good.iter().filter_map(|run| phase.map_or_else(|| run.total(), |phase| run.phase(phase)));
        if let Some(Spread { min, median, p90, max }) = Spread::of(figures) {
            let name = phase.map_or("**Total**", Phase::label).to_owned();
            table.row([name, min.to_string(), median.to_string(), p90.to_string(), max.to_string()]);
        }
    }
    let failed = runs.len() - good.len();
    let table = if good.is_empty() { String::new() } else { format!("\n\n{}", table.written()) };
    format!("## {} runs of {asked}\n\n{failed} failed.{table}\n\nThe first one:", runs.len())
}
