//! Markdown that reads well where code is looked at: in an issue, a pull request, a job's summary.
//!
//! A headline, then what each exchange did: a table of its phases on both clocks, what was slow,
//! what was found, and why it failed. Before that, who said what to whom as a sequence diagram in
//! Mermaid, which forges draw. Of a request that was repeated the spread is told, and the first one
//! drawn. Text that came from elsewhere is neither Markdown nor HTML nor Mermaid ([`words`],
//! [`mermaid`]).

mod conversations;
mod diagram;
mod exchange;
mod mermaid;
mod messages;
mod repeats;
mod suite;
pub(in crate::report) mod table;
pub(in crate::report) mod words;

pub(super) use suite::suite;

use super::picture::{Heading, Scene};
use super::{Options, svg, time};
use crate::insight::budget::Budget;
use crate::insight::{Transfer, repeats, transfers};
use crate::trace::Trace;
use table::Table;
use words::{code, prose};

/// Exchanges that are told of one by one; of more there is a note.
const MOST_EXCHANGES: usize = 50;

/// A run as Markdown.
pub fn markdown(trace: &Trace, options: &Options) -> String {
    let scene = Scene {
        trace,
        redactor: options.redactor(),
    };
    let mut parts = top(&scene);
    parts.extend(conversations::part(trace, options));
    parts.extend(options.budget.as_ref().map(|budget| judged(trace, budget)));
    parts.extend(diagram::part(&scene));
    parts.extend(told(&scene));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

/// What was asked and what came of it.
fn top(scene: &Scene<'_>) -> Vec<String> {
    let heading = Heading::of(scene);
    let title = if scene.trace.exchanges().is_empty() {
        prose(&heading.asked)
    } else {
        code(&heading.asked)
    };
    let outcome = [prose(&heading.outcome), prose(&heading.total)];
    let outcome = outcome
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    vec![
        format!("# {title}"),
        outcome,
        prose(&heading.verdict),
        source(scene.trace),
    ]
}

/// Who measured, when, and where the figures are from.
fn source(trace: &Trace) -> String {
    let version = trace
        .tool_version()
        .map(|version| format!(" {version}"))
        .unwrap_or_default();
    let began = trace
        .started_at()
        .and_then(time::micros)
        .map(|began| format!(" at {began}"))
        .unwrap_or_default();
    prose(&format!(
        "Measured by tapline{version}{began}; {}.",
        svg::seen(trace)
    ))
}

fn judged(trace: &Trace, budget: &Budget) -> String {
    let mut table = Table::of(&[("Limit", false), ("Measured", true), ("Verdict", false)]);
    for verdict in budget.verdicts(trace) {
        let figure = verdict.shown_figure().unwrap_or_else(|| "—".to_owned());
        let outcome = if verdict.met() == Some(false) {
            format!("**{}**", verdict.said())
        } else {
            verdict.said()
        };
        table.row([code(&verdict.rule.to_string()), figure, outcome]);
    }
    format!("## Budget\n\n{}", table.written())
}

/// Every exchange, or of repeated ones their spread.
fn told(scene: &Scene<'_>) -> Vec<String> {
    let all: Vec<Transfer> = transfers(scene.trace).collect();
    let mut parts = Vec::new();
    let mut left = MOST_EXCHANGES;
    for group in repeats(scene.trace, &all) {
        let hops: Vec<_> = group
            .held()
            .iter()
            .take(if group.count() > 1 { 1 } else { usize::MAX })
            .flat_map(Transfer::hops)
            .take(left)
            .collect();
        left -= hops.len();
        if group.count() > 1 && !hops.is_empty() {
            parts.push(repeats::part(scene, &group));
        }
        parts.extend(hops.into_iter().flat_map(|hop| exchange::parts(scene, hop)));
    }
    if left == 0 {
        parts.push(format!(
            "Exchanges beyond {MOST_EXCHANGES} are not told of one by one."
        ));
    }
    parts
}
