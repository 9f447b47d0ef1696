//! Explanation of a failure: what happened, where, and what to try.

use super::page::ExplanationPage;
use crate::insight::{phase_meaning, phase_references};
use crate::trace::Exchange;
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;

pub(super) fn explain_failure(run: &ScreenRun, exchange: &Exchange) -> ExplanationPage {
    let Some((phase, failure)) = &exchange.failure else {
        return ExplanationPage::new("Explain");
    };
    let mut page = ExplanationPage::new(format!("Failed: {}", phase.label()));
    page.styled_paragraph(StyleRole::Failure, failure.message.escaped());
    if !failure.hint.is_empty() {
        page.gap();
        page.styled_paragraph(StyleRole::Warning, format!("\u{2192} {}", failure.hint));
    }
    page.gap();
    page.paragraph(phases_before_failure(exchange));
    page.gap();
    page.styled_paragraph(StyleRole::Dim, phase_meaning(*phase));
    for reference in phase_references(&run.trace, exchange, *phase) {
        page.reference(reference);
    }
    page
}

/// Returns which phases had worked before: it narrows the search.
fn phases_before_failure(exchange: &Exchange) -> String {
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
        return format!("It failed in the first phase{at}.");
    }
    format!(
        "It failed in {}{at}. The phases before had succeeded: {}.",
        failed.label(),
        fine.join(", ")
    )
}
