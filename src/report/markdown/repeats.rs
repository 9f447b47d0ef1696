//! A repeated request: the distribution of its figures.

use super::escape::code_span;
use super::table::MarkdownTable;
use crate::insight::{RepeatedRequest, Spread};
use crate::report::picture::PictureContext;
use crate::trace::Phase;

/// Statistics over the runs that did not fail.
pub(super) fn repeats_section(context: &PictureContext<'_>, runs: &RepeatedRequest) -> String {
    let request = runs.retained().first().and_then(|run| run.hops().first());
    let request = request
        .map(|first| {
            code_span(&format!(
                "{} {}",
                first.method,
                context.redactor.text(&first.url).escaped()
            ))
        })
        .unwrap_or_default();
    let mut table = MarkdownTable::new(&[
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
    let failed = runs.count() - runs.succeeded_count();
    let table = if runs.succeeded_count() == 0 {
        String::new()
    } else {
        format!("\n\n{}", table.as_str())
    };
    format!(
        "## {} runs of {request}\n\n{failed} failed.{table}\n\nThe first run:",
        runs.count()
    )
}
