//! What went wrong, where, why, and what to try.

use super::page::Page;
use crate::insight::{meaning, references};
use crate::trace::Exchange;
use crate::tui::run::Run;
use crate::tui::theme::Role;

pub(super) fn page(run: &Run, exchange: &Exchange) -> Page {
    let Some((phase, failure)) = &exchange.failure else {
        return Page::new("Explain");
    };
    let mut page = Page::new(format!("Failed: {}", phase.label()));
    page.say_as(Role::Failure, failure.message.escaped());
    if !failure.hint.is_empty() {
        page.gap();
        page.say_as(Role::Warning, format!("\u{2192} {}", failure.hint));
    }
    page.gap();
    page.say(happened_before(exchange));
    page.gap();
    page.say_as(Role::Dim, meaning(*phase));
    for reference in references(&run.trace, exchange, *phase) {
        page.reference(reference);
    }
    page
}

/// What had worked until then: it narrows the search.
fn happened_before(exchange: &Exchange) -> String {
    let Some((failed, _)) = &exchange.failure else {
        return String::new();
    };
    let fine: Vec<&str> = exchange
        .phases
        .iter()
        .map(|(phase, _)| phase)
        .take_while(|phase| phase < failed)
        .map(crate::trace::Phase::label)
        .collect();
    let at = exchange
        .phases
        .get(*failed)
        .and_then(crate::trace::PhaseSpan::duration)
        .map(|took| format!(", {took} into it"))
        .unwrap_or_default();
    if fine.is_empty() {
        return format!("It ended in the first phase{at}: nothing had worked before.");
    }
    format!(
        "It ended in {}{at}. What came before was fine: {}.",
        failed.label(),
        fine.join(", ")
    )
}
