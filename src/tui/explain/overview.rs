//! Explanation of a run as a whole: where the time went, or what is in progress.

use super::page::{ExplanationPage, PageBlock};
use super::{failure, phase};
use crate::insight::ledger::Owner;
use crate::insight::{connection_segments, exchange_count, round_trips, run_statistics};
use crate::trace::{CaptureState, Clock, Exchange, Phase};
use crate::tui::event_wording::status_words;
use crate::tui::figures::{DurationFormat, count, format_percent};
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::tui::view::timeline_words::body_progress_texts;
use crate::units::{Bytes, Moment, Nanos, group_digits};

pub(super) fn explain_run(run: &ScreenRun, now: Moment) -> ExplanationPage {
    let mut page = explain_exchanges(run, now);
    if let Some(trouble) = &run.error {
        page.blocks.splice(
            0..0,
            [
                PageBlock::Text(StyleRole::Failure, trouble.clone()),
                PageBlock::Gap,
            ],
        );
    }
    page
}

fn explain_exchanges(run: &ScreenRun, now: Moment) -> ExplanationPage {
    let Some(main) = run.main_exchange() else {
        if !run.trace.flows().is_empty() || run.trace.capture().packets > 0 {
            return super::capture::explain_capture(run);
        }
        let mut page = ExplanationPage::new("Explain");
        page.paragraph(if run.under_way {
            "The request is about to start."
        } else {
            "Nothing has happened yet: r runs the request, e edits the URL."
        });
        return page;
    };
    let mut page = explain_exchange(run, main, now);
    if run.trace.exchanges().len() > 1 {
        page.gap();
        let count = count(exchange_count(&run.trace), "exchange");
        let total = run.trace.latest().from_start();
        page.paragraph(format!(
            "This run has {count}, {total} in total; select one to unfold it."
        ));
        if let Some(verdict) = run.finished_ledger().and_then(|ledger| ledger.verdict()) {
            page.paragraph(format!("Over the whole run: {verdict}"));
        }
        add_statistics(run, &mut page);
    }
    if let Some(control) = run
        .trace
        .control()
        .filter(|control| control.error.is_none())
    {
        page.gap();
        page.paragraph(format!(
            "An ordinary client took {} for the same request: the difference is the inspector's \
                own overhead.",
            control.total
        ));
    }
    add_capture_state(run, &mut page);
    page
}

/// Explains one exchange: its result and its phases.
pub(super) fn explain_exchange(
    run: &ScreenRun,
    exchange: &Exchange,
    now: Moment,
) -> ExplanationPage {
    if exchange.failure.is_some() {
        let mut page = failure::explain_failure(run, exchange);
        add_phase_shares(exchange, now, &mut page);
        return page;
    }
    if exchange.ended.is_none() {
        return explain_phase_in_progress(run, exchange, now);
    }
    let mut page = ExplanationPage::new("Where did the time go?");
    page.paragraph(result_sentence(run, exchange));
    add_phase_shares(exchange, now, &mut page);
    page.gap();
    add_round_trips(run, exchange, &mut page);
    add_local_overhead(run, exchange, &mut page);
    add_packet_counts(run, exchange, &mut page);
    page
}

/// Explains the phase in progress.
fn explain_phase_in_progress(run: &ScreenRun, exchange: &Exchange, now: Moment) -> ExplanationPage {
    let Some(open) = exchange.phases.current() else {
        let mut page = ExplanationPage::new("Explain");
        page.paragraph("Between two phases: this program's own work.");
        return page;
    };
    let mut page = phase::explain_phase(run, exchange, open, now);
    if open == Phase::Receive
        && let Some(said) = body_progress_texts(exchange, now).into_iter().next()
    {
        page.blocks
            .insert(0, PageBlock::Text(StyleRole::Strong, said));
        page.blocks.insert(1, PageBlock::Gap);
    }
    page
}

/// Returns the result, the total time, and whose time it was.
fn result_sentence(run: &ScreenRun, exchange: &Exchange) -> String {
    let status = exchange.response.as_ref().map_or_else(
        || "Done".to_owned(),
        |response| status_words(response.status, &response.reason),
    );
    let size = Bytes(exchange.response_body.transferred);
    let total = exchange.total().unwrap_or_default();
    let verdict = run.ledger(exchange).whole.verdict().unwrap_or_default();
    format!("{status}: {size} in {total}. {verdict}")
}

fn add_phase_shares(exchange: &Exchange, now: Moment, page: &mut ExplanationPage) {
    page.gap();
    let end = exchange.ended.unwrap_or(now);
    let total = end.since(exchange.started);
    let figures = DurationFormat::for_longest(total);
    for (phase, span) in exchange.phases.iter() {
        let took = span.ended.unwrap_or(now).since(span.began);
        let share = format_percent(took, total).unwrap_or_default();
        page.blocks.push(PageBlock::Figure(
            phase,
            format!("{:>9} {}", figures.format(took), figures.unit.symbol()),
            format!("  {share:>6}"),
        ));
    }
}

fn add_round_trips(run: &ScreenRun, exchange: &Exchange, page: &mut ExplanationPage) {
    let Some(found) = round_trips(&run.trace, exchange, &run.ledger(exchange).whole) else {
        return;
    };
    let clock = found.rtt.clock.name();
    if found.rtt.duration.0 < 1_000_000 {
        page.paragraph(format!(
            "A round trip took {} (clock: {clock}): the server is so close that this machine's own \
                work outweighs the network.",
            found.rtt.duration
        ));
        return;
    }
    page.paragraph(format!(
        "The network's share is {:.1} round trips of {} (clock: {clock}); these protocols need at \
            least {}.",
        found.used, found.rtt.duration, found.minimum
    ));
}

/// Adds the time spent on this machine.
fn add_local_overhead(run: &ScreenRun, exchange: &Exchange, page: &mut ExplanationPage) {
    let own = run.ledger(exchange).whole.owned_by(Owner::Client);
    if own > Nanos::ZERO {
        page.paragraph(format!("{own} of it was this machine's own."));
    }
}

fn add_packet_counts(run: &ScreenRun, exchange: &Exchange, page: &mut ExplanationPage) {
    let Some(found) = connection_segments(&run.trace, exchange) else {
        return;
    };
    let largest = found.sent.max_payload.max(found.received.max_payload);
    let again = found.sent.retransmitted + found.received.retransmitted;
    let mss = found
        .mss
        .map(|mss| format!(" of at most {mss} (MSS)"))
        .unwrap_or_default();
    page.paragraph(format!(
        "{} packets out, {} in; the largest payload is {largest} B{mss}; {}.",
        found.sent.packets,
        found.received.packets,
        if again == 0 {
            "no retransmissions".to_owned()
        } else {
            format!("{again} retransmitted")
        }
    ));
    if let Some(on_wire) = found.on_wire {
        page.paragraph(format!(
            "Payloads larger than the MSS are aggregates: the network card or the kernel splits \
                and merges segments (offload). On the wire they are {} segments out and {} in, of \
                at most {} B.",
            on_wire.sent, on_wire.received, on_wire.largest
        ));
    } else if found.offloaded {
        page.paragraph(
            "Payloads larger than the MSS are aggregates: the network card or the kernel splits \
                and merges segments (offload), and those on the wire are smaller.",
        );
    }
}

/// Adds statistics over the requests of a run, if some of its exchanges were retired.
fn add_statistics(run: &ScreenRun, page: &mut ExplanationPage) {
    let retired = run.trace.retired().exchanges;
    if retired == 0 {
        return;
    }
    page.gap();
    page.paragraph(format!(
        "Only the first and the latest exchanges, failed ones, the fastest and the slowest are \
            listed; these figures include {} others.",
        group_digits(retired)
    ));
    let runs = run_statistics(&run.trace);
    page.fact("requests", group_digits(runs.count as u64));
    page.fact("failed", group_digits(runs.failed as u64));
    let Some(spread) = runs.spread else { return };
    for (label, figure) in [
        ("fastest", spread.min),
        ("median", spread.median),
        ("p90", spread.p90),
        ("slowest", spread.max),
    ] {
        page.fact(label, figure.to_string());
    }
}

fn add_capture_state(run: &ScreenRun, page: &mut ExplanationPage) {
    match &run.trace.capture().state {
        CaptureState::Unavailable { reason, remedy } => {
            page.gap();
            page.styled_paragraph(
                StyleRole::Dim,
                format!(
                    "No packets: {reason}. Figures come from the {} instead. To see packets: \
                        {remedy}",
                    Clock::Kernel.name()
                ),
            );
        }
        CaptureState::On | CaptureState::Off => {}
    }
    let lost = run.trace.dropped() + run.trace.unlogged();
    if lost > 0 {
        page.gap();
        page.styled_paragraph(
            StyleRole::Warning,
            format!("{lost} events are missing from the list: there were too many."),
        );
    }
}
