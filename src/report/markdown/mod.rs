//! Markdown for issues, pull requests and job summaries.
//!
//! A title, a sequence diagram in Mermaid (which forges render), and then each exchange: a table of
//! its phases on both clocks, what was slow, findings, and why it failed. For a repeated request
//! there are statistics, and only the first run is shown. Text from outside is escaped, so that it
//! is neither Markdown nor HTML nor Mermaid ([`escape`], [`mermaid`]).

mod conversations;
mod diagram;
pub(in crate::report) mod escape;
mod exchange;
mod mermaid;
mod messages;
mod repeats;
mod suite;
pub(in crate::report) mod table;

pub(super) use suite::suite_markdown;

use super::picture::{Heading, PictureContext};
use super::{ReportOptions, svg, timestamps};
use crate::insight::budget::Budget;
use crate::insight::{Transfer, group_into_transfers, repeated_requests};
use crate::trace::Trace;
use escape::{code_span, escape_prose};
use table::MarkdownTable;

/// Maximum number of exchanges described individually; a note counts the others.
const MAX_EXCHANGES: usize = 50;

/// A run as Markdown.
pub fn markdown_report(trace: &Trace, options: &ReportOptions) -> String {
    let context = PictureContext {
        trace,
        redactor: options.redactor(),
    };
    let mut parts = title_parts(&context);
    parts.extend(conversations::conversations_section(trace, options));
    parts.extend(
        options
            .budget
            .as_ref()
            .map(|budget| budget_section(trace, budget)),
    );
    parts.extend(diagram::diagram_section(&context));
    parts.extend(exchange_sections(&context));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

/// The title, the outcome and the verdict.
fn title_parts(context: &PictureContext<'_>) -> Vec<String> {
    let heading = Heading::new(context);
    let title = if context.trace.exchanges().is_empty() {
        escape_prose(&heading.asked)
    } else {
        code_span(&heading.asked)
    };
    let outcome = [escape_prose(&heading.outcome), escape_prose(&heading.total)];
    let outcome = outcome
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    vec![
        format!("# {title}"),
        outcome,
        escape_prose(&heading.verdict),
        source_line(context.trace),
    ]
}

/// The tool version, the time, and the source of the figures.
fn source_line(trace: &Trace) -> String {
    let version = trace
        .tool_version()
        .map(|version| format!(" {version}"))
        .unwrap_or_default();
    let began = trace
        .started_at()
        .and_then(timestamps::rfc3339_micros)
        .map(|began| format!(" at {began}"))
        .unwrap_or_default();
    escape_prose(&format!(
        "Measured by tapline{version}{began}; {}.",
        svg::capture_summary(trace)
    ))
}

fn budget_section(trace: &Trace, budget: &Budget) -> String {
    let mut table = MarkdownTable::new(&[("Limit", false), ("Measured", true), ("Verdict", false)]);
    for verdict in budget.verdicts(trace) {
        let figure = verdict.format_figure().unwrap_or_else(|| "—".to_owned());
        let outcome = if verdict.met() == Some(false) {
            format!("**{}**", verdict.describe_outcome())
        } else {
            verdict.describe_outcome()
        };
        table.row([code_span(&verdict.rule.to_string()), figure, outcome]);
    }
    format!("## Budget\n\n{}", table.as_str())
}

/// The exchanges; for repeated ones their statistics.
fn exchange_sections(context: &PictureContext<'_>) -> Vec<String> {
    let all: Vec<Transfer> = group_into_transfers(context.trace).collect();
    let mut parts = Vec::new();
    let mut left = MAX_EXCHANGES;
    for group in repeated_requests(context.trace, &all) {
        let hops: Vec<_> = group
            .retained()
            .iter()
            .take(if group.count() > 1 { 1 } else { usize::MAX })
            .flat_map(Transfer::hops)
            .take(left)
            .collect();
        left -= hops.len();
        if group.count() > 1 && !hops.is_empty() {
            parts.push(repeats::repeats_section(context, &group));
        }
        parts.extend(
            hops.into_iter()
                .flat_map(|hop| exchange::exchange_parts(context, hop)),
        );
    }
    if left == 0 {
        parts.push(format!(
            "Exchanges beyond the first {MAX_EXCHANGES} are not shown individually."
        ));
    }
    parts
}
