//! A suite as Markdown: the verdict, what is not as it should be, and a table of all endpoints.

use super::table::Table;
use super::words::{code, prose};
use crate::report::suite::{Endpoint, Standing, Suite};
use crate::report::time;

/// A suite as Markdown.
pub(in crate::report) fn suite(suite: &Suite) -> String {
    let mut parts = vec![format!("# {}", prose(&suite.summed_up()))];
    let wrong: Vec<String> = suite
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.standing() > Standing::NotRun)
        .filter_map(wrong)
        .collect();
    if !wrong.is_empty() {
        parts.push(wrong.join("\n"));
    }
    parts.push(table(suite).written().to_owned());
    let began = time::micros(suite.started_at)
        .map(|began| format!(" at {began}"))
        .unwrap_or_default();
    let off = if suite.interrupted {
        "; it was called off before its end"
    } else {
        ""
    };
    let how = format!("in {}, {} at a time{off}", suite.duration, suite.parallel);
    parts.push(prose(&format!(
        "Measured by tapline {}{began}, {how}.",
        env!("CARGO_PKG_VERSION")
    )));
    parts.join("\n\n") + "\n"
}

fn wrong(endpoint: &Endpoint) -> Option<String> {
    Some(format!(
        "- **{}** {}",
        prose(&endpoint.name.escaped()),
        prose(&endpoint.reason()?)
    ))
}

fn table(suite: &Suite) -> Table {
    let mut table = Table::of(&[
        ("Endpoint", false),
        ("Outcome", false),
        ("Status", true),
        ("Total", true),
        ("Worst rule", false),
        ("URL", false),
    ]);
    for endpoint in &suite.endpoints {
        let median = endpoint.median();
        let standing = endpoint.standing();
        let outcome = if standing > Standing::NotRun {
            format!("**{}**", standing.words())
        } else {
            standing.words().to_owned()
        };
        let worst = endpoint
            .worst()
            .map(|verdict| format!("{} {}", code(&verdict.rule.to_string()), verdict.said()));
        table.row([
            prose(&endpoint.name.escaped()),
            outcome,
            median
                .and_then(|median| median.status)
                .map_or_else(|| "—".to_owned(), |status| status.to_string()),
            median
                .and_then(|median| median.total)
                .map_or_else(|| "—".to_owned(), |total| total.to_string()),
            worst.unwrap_or_default(),
            code(&endpoint.url.escaped()),
        ]);
    }
    table
}
