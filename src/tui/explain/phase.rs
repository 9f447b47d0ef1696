//! Explanation of a phase: what it is, why it is there, what it cost in this exchange.

use super::page::ExplanationPage;
use crate::insight::ledger::Ledger;
use crate::insight::{
    ClockComparison, Rtt, connection_rtt, phase_meaning, phase_references, phase_title,
};
use crate::trace::{Exchange, Phase, Tls};
use crate::tui::figures::format_percent;
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::units::{Moment, Nanos};

pub(super) fn explain_phase(
    run: &ScreenRun,
    exchange: &Exchange,
    phase: Phase,
    now: Moment,
) -> ExplanationPage {
    let mut page = ExplanationPage::new(phase_title(phase));
    let Some(span) = exchange.phases.get(phase) else {
        page.paragraph(phase_meaning(phase));
        page.gap();
        page.styled_paragraph(StyleRole::Dim, "It has not started yet.");
        return page;
    };
    if exchange
        .failure
        .as_ref()
        .is_some_and(|(at, _)| *at == phase)
    {
        page = super::failure::explain_failure(run, exchange);
        page.gap();
    } else {
        page.paragraph(phase_meaning(phase));
        page.gap();
    }
    let took = span.ended.unwrap_or(now).since(span.began);
    page.paragraph(duration_sentence(
        run,
        exchange,
        phase,
        took,
        span.ended.is_none(),
    ));
    for text in case_remarks(run, exchange, phase, took) {
        page.paragraph(text);
    }
    page.gap();
    for reference in phase_references(&run.trace, exchange, phase) {
        page.reference(reference);
    }
    page
}

/// Returns how long the phase took.
fn duration_sentence(
    run: &ScreenRun,
    exchange: &Exchange,
    phase: Phase,
    took: Nanos,
    open: bool,
) -> String {
    if open {
        return format!("In progress for {took}.");
    }
    let share = exchange
        .total()
        .and_then(|total| format_percent(took, total))
        .map(|share| format!(", {share} of the total"))
        .unwrap_or_default();
    match ClockComparison::for_phase(&run.trace, exchange, &run.ledger(exchange), phase) {
        Some(clocks) if clocks.app_duration() < took => {
            let wire = clocks.wire.duration();
            let machine = clocks.local_overhead();
            format!(
                "It took {took}{share}. The successful attempt took {wire} on the wire and \
                    {machine} on this machine."
            )
        }
        Some(clocks) => {
            let wire = clocks.wire.duration();
            let machine = clocks.local_overhead();
            format!("It took {took}{share}: {wire} on the wire, {machine} on this machine.")
        }
        None => format!("It took {took}{share}, measured in this program."),
    }
}

/// Returns further remarks about this exchange.
fn case_remarks(run: &ScreenRun, exchange: &Exchange, phase: Phase, took: Nanos) -> Vec<String> {
    let silent = run
        .ledger(exchange)
        .phase(phase)
        .map(Ledger::cause_sentences)
        .unwrap_or_default();
    let said = match phase {
        Phase::Connect => attempts_remark(exchange),
        Phase::Tls => tls_of(run, exchange)
            .map(handshake_remarks)
            .unwrap_or_default(),
        Phase::Wait if silent.is_empty() => connection_rtt(&run.trace, exchange)
            .map(|rtt| server_share(rtt, took))
            .into_iter()
            .collect(),
        Phase::Dns | Phase::Proxy | Phase::Send | Phase::Wait | Phase::Receive => Vec::new(),
    };
    said.into_iter().chain(silent).collect()
}

fn attempts_remark(exchange: &Exchange) -> Vec<String> {
    let tries = exchange.attempts.len();
    if tries < 2 {
        return Vec::new();
    }
    vec![format!(
        "{tries} addresses were tried. Each next attempt starts 250 ms after the previous one, or \
            as soon as that has failed; the first to connect wins (\u{201c}Happy Eyeballs\u{201d})."
    )]
}

fn handshake_remarks(tls: &Tls) -> Vec<String> {
    let mut said = Vec::new();
    if let Some((_, checked)) = &tls.verification {
        said.push(format!(
            "Verifying the certificates took {checked} on this machine."
        ));
    }
    if tls
        .handshake
        .as_ref()
        .is_some_and(|handshake| handshake.kind == "hello_retry")
    {
        said.push(
            "The server asked for another key share (HelloRetryRequest): that cost another round \
                trip."
                .to_owned(),
        );
    }
    said
}

/// Returns the server's share of the wait, which is the wait minus a round trip; that it was the
/// server is inferred.
fn server_share(rtt: Rtt, took: Nanos) -> String {
    let server = took.saturating_sub(rtt.duration);
    format!(
        "A round trip takes {} ({}); the remaining {server} is server time (inferred).",
        rtt.duration,
        rtt.clock.name()
    )
}

fn tls_of<'a>(run: &'a ScreenRun, exchange: &Exchange) -> Option<&'a Tls> {
    run.trace.connection(exchange.connection?)?.tls.as_ref()
}
