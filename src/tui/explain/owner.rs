//! Explanation of an owner's time: its causes, the evidence for each, and what would change it.

use super::page::ExplanationPage;
use crate::insight::ledger::{Ledger, LedgerEntry};
use crate::trace::{Exchange, Flow};
use crate::tui::figures::{count, format_millis};
use crate::tui::owner_selection::LitTime;
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::units::{Nanos, format_percent};

/// Returns the explanation of an owner's time in an exchange.
pub(in crate::tui) fn owner_page(run: &ScreenRun, lit: &LitTime) -> ExplanationPage {
    let Some(exchange) = run.trace.exchange(lit.exchange) else {
        return ExplanationPage::default();
    };
    let known = run.ledger(exchange);
    let ledger = &known.whole;
    let owned = ledger.owned_by(lit.owner);
    let share = share_of(owned, ledger);
    let mut page = ExplanationPage::new(format!(
        "{}: {owned}{share}",
        capitalized(lit.owner.label())
    ));
    let flow = flow_of(run, exchange);
    let causes = ledger.cause_totals();
    for cause in causes
        .iter()
        .filter(|cause| cause.attribution.owner == lit.owner)
    {
        page.gap();
        page.styled_paragraph(
            StyleRole::Strong,
            format!("{}{}.", cause.sentence(), share_of(cause.total, ledger)),
        );
        if let Some(advice) = cause.advice() {
            page.paragraph(format!("What would help: {advice}."));
        }
        let entries = ledger.entries.iter().filter(|entry| {
            (entry.attribution.owner, entry.attribution.cause)
                == (cause.attribution.owner, cause.attribution.cause)
        });
        for entry in entries {
            add_evidence(entry, flow, &mut page);
        }
    }
    page
}

fn capitalized(label: &str) -> String {
    let mut letters = label.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

fn share_of(time: Nanos, ledger: &Ledger) -> String {
    format_percent(time, ledger.total)
        .map(|share| format!(" ({share})"))
        .unwrap_or_default()
}

fn flow_of<'a>(run: &'a ScreenRun, exchange: &Exchange) -> Option<&'a Flow> {
    run.trace
        .flow_of(run.trace.connection(exchange.connection?)?)
}

/// Adds by which rule the time is the owner's, and where that can be checked.
fn add_evidence(entry: &LedgerEntry, flow: Option<&Flow>, page: &mut ExplanationPage) {
    let detail = entry
        .attribution
        .detail
        .map(|detail| format!(" ({})", detail.name().replace('_', " ")))
        .unwrap_or_default();
    page.fact("rule", format!("{}{detail}", entry.rule.replace('_', " ")));
    let error = if entry.error > Nanos::ZERO {
        format!(", to \u{b1}{}", entry.error)
    } else {
        String::new()
    };
    let clock = format!("clock: {}{error}", entry.clock.name());
    page.fact(
        "evidence",
        match entry.packets.zip(flow) {
            Some(((first, last), flow)) => {
                let number = |index: usize| flow.evicted() + index as u64 + 1;
                format!("packets {} to {}; {clock}", number(first), number(last))
            }
            None => clock,
        },
    );
    page.fact("when", when_text(entry));
}

/// Returns when an entry's intervals were: its only one, else how many and the longest one.
fn when_text(entry: &LedgerEntry) -> String {
    let all = entry.intervals.len() as u64 + entry.intervals_omitted;
    let longest = entry
        .intervals
        .iter()
        .max_by_key(|(from, to)| to.since(*from));
    let Some((from, to)) = longest else {
        return String::new();
    };
    let range = format!(
        "{} to {} ms",
        format_millis(*from, false),
        format_millis(*to, false)
    );
    if all == 1 {
        return range;
    }
    let intervals = count(usize::try_from(all).unwrap_or(usize::MAX), "interval");
    format!(
        "{intervals}, {} in total, the longest {range}",
        entry.duration
    )
}
