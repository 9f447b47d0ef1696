//! A suite as Markdown: the verdict, the problems, and a table of all endpoints.

use super::escape::{code_span, escape_prose};
use super::table::MarkdownTable;
use crate::report::EndpointStatus;
use crate::report::suite::{SuiteEndpoint, SuiteResult};
use crate::report::timestamps;

/// A suite as Markdown.
pub(in crate::report) fn suite_markdown(suite: &SuiteResult) -> String {
    let mut parts = vec![format!("# {}", escape_prose(&suite.summary()))];
    let wrong: Vec<String> = suite
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.status() > EndpointStatus::NotRun)
        .filter_map(problem_line)
        .collect();
    if !wrong.is_empty() {
        parts.push(wrong.join("\n"));
    }
    parts.push(endpoint_table(suite).as_str().to_owned());
    let began = timestamps::rfc3339_micros(suite.started_at)
        .map(|began| format!(" at {began}"))
        .unwrap_or_default();
    let interruption = if suite.interrupted {
        "; it was interrupted"
    } else {
        ""
    };
    let duration = format!(
        "in {}, {} at a time{interruption}",
        suite.duration, suite.parallel
    );
    parts.push(escape_prose(&format!(
        "Measured by tapline {}{began}, {duration}.",
        env!("CARGO_PKG_VERSION")
    )));
    parts.join("\n\n") + "\n"
}

fn problem_line(endpoint: &SuiteEndpoint) -> Option<String> {
    Some(format!(
        "- **{}** {}",
        escape_prose(&endpoint.name.escaped()),
        escape_prose(&endpoint.reason()?)
    ))
}

fn endpoint_table(suite: &SuiteResult) -> MarkdownTable {
    let mut table = MarkdownTable::new(&[
        ("Endpoint", false),
        ("Outcome", false),
        ("Status", true),
        ("Total", true),
        ("Worst rule", false),
        ("URL", false),
    ]);
    for endpoint in &suite.endpoints {
        let median = endpoint.median();
        let standing = endpoint.status();
        let outcome = if standing > EndpointStatus::NotRun {
            format!("**{}**", standing.label())
        } else {
            standing.label().to_owned()
        };
        let worst = endpoint.worst_verdict().map(|verdict| {
            format!(
                "{} {}",
                code_span(&verdict.rule.to_string()),
                verdict.describe_outcome()
            )
        });
        table.row([
            escape_prose(&endpoint.name.escaped()),
            outcome,
            median
                .and_then(|median| median.status)
                .map_or_else(|| "—".to_owned(), |status| status.to_string()),
            median
                .and_then(|median| median.total)
                .map_or_else(|| "—".to_owned(), |total| total.to_string()),
            worst.unwrap_or_default(),
            code_span(&endpoint.url.escaped()),
        ]);
    }
    table
}
