//! The same request several times: how the figures spread.

use super::table::Table;
use super::words::code;
use crate::insight::{Repeats, Spread};
use crate::report::picture::Scene;
use crate::trace::Phase;

/// Over the runs that did not fail.
pub(super) fn part(scene: &Scene<'_>, runs: &Repeats) -> String {
    let asked = runs.held().first().and_then(|run| run.hops().first());
    let asked = asked
        .map(|first| {
            code(&format!(
                "{} {}",
                first.method,
                scene.redactor.text(&first.url).escaped()
            ))
        })
        .unwrap_or_default();
    let mut table = Table::of(&[
        ("Phase", false),
        ("min", true),
        ("median", true),
        ("p90", true),
        ("max", true),
    ]);
    for phase in Phase::ALL.into_iter().map(Some).chain([None]) {
        if let Some(Spread {
            min,
            median,
            p90,
            max,
        }) = runs.spread(phase)
        {
            let name = phase.map_or("**Total**", Phase::label).to_owned();
            table.row([
                name,
                min.to_string(),
                median.to_string(),
                p90.to_string(),
                max.to_string(),
            ]);
        }
    }
    let failed = runs.count() - runs.good();
    let table = if runs.good() == 0 {
        String::new()
    } else {
        format!("\n\n{}", table.written())
    };
    format!(
        "## {} runs of {asked}\n\n{failed} failed.{table}\n\nThe first one:",
        runs.count()
    )
}
