//! Time of an exchange: the timeline, the phases on two clocks, and the idle times.

use super::page::{HtmlCell, HtmlPage, HtmlRow};
use crate::insight::ledger::ExchangeLedger;
use crate::insight::{
    ClockComparison, phase_annotations, phase_meaning, phase_references, phase_title, round_trips,
};
use crate::report::picture::{Heading, PictureContext, describe_picture};
use crate::report::text::status_line;
use crate::trace::{Exchange, Phase, PhaseSpan};
use crate::units::{Nanos, format_percent};

/// Writes the timeline of an exchange, its phases and its waits.
pub(super) fn write(page: &mut HtmlPage<'_>, exchange: &Exchange, level: u8) {
    page.section(
        &format!("time-{}", exchange.id.0),
        level,
        "Where did the time go?",
    );
    let heading = Heading::of_exchange(&page.context, exchange);
    let description = describe_picture(&page.context, &heading);
    page.picture(
        "timeline",
        "Timeline: the program's clock above the wire clock",
        &description,
        |context, canvas, legend| {
            context.draw_exchange(canvas, exchange, legend);
        },
    );
    write_phases(page, exchange);
    page.list(&cost_sentences(page, exchange));
    write_explanations(page, exchange);
    page.close();
}

/// Writes one timeline of all exchanges.
pub(super) fn write_overview(page: &mut HtmlPage<'_>, heading: &Heading) {
    page.section("time", 2, "Where did the time go?");
    let description = describe_picture(&page.context, heading);
    page.picture(
        "timeline",
        "Timeline of all exchanges",
        &description,
        PictureContext::draw_exchanges,
    );
    page.close();
}

fn write_phases(page: &mut HtmlPage<'_>, exchange: &Exchange) {
    let trace = page.trace();
    let total = exchange.total();
    let ledger = ExchangeLedger::new(trace, exchange);
    let mut rows: Vec<HtmlRow> = exchange
        .phases
        .iter()
        .map(|(phase, span)| {
            let clocks = ClockComparison::for_phase(trace, exchange, &ledger, phase);
            let key = format!("x{}-{}", exchange.id.0, phase.name());
            let took = PhaseSpan::duration(span);
            HtmlRow::about(
                format!("thing phase {}", phase.name()),
                key,
                vec![
                    HtmlCell::words(phase.label()),
                    HtmlCell::time(took),
                    HtmlCell::time(clocks.as_ref().map(|clocks| clocks.wire.duration())),
                    HtmlCell::time(clocks.as_ref().map(ClockComparison::local_overhead)),
                    HtmlCell::figure(share_of_total(took, total), None),
                    HtmlCell::words(phase_result(page, exchange, phase)),
                ],
            )
        })
        .collect();
    let blank = || HtmlCell::words(String::new());
    rows.push(HtmlRow::about(
        "total",
        "",
        vec![
            HtmlCell::words("Total"),
            HtmlCell::time(total),
            blank(),
            blank(),
            blank(),
            blank(),
        ],
    ));
    let head = [
        "Phase",
        "Program's clock (app)",
        "Packets' clock (wire)",
        "This machine",
        "Share",
        "Result",
    ];
    page.table("phases", "Phases on two clocks", &head, &rows);
}

fn share_of_total(part: Option<Nanos>, whole: Option<Nanos>) -> String {
    part.zip(whole)
        .and_then(|(part, whole)| format_percent(part, whole))
        .unwrap_or_else(|| "\u{2014}".to_owned())
}

fn phase_result(page: &HtmlPage<'_>, exchange: &Exchange, phase: Phase) -> String {
    if exchange
        .failure
        .as_ref()
        .is_some_and(|(at, _)| *at == phase)
    {
        return "failed here".to_owned();
    }
    match (&exchange.response, phase) {
        (Some(response), Phase::Wait) => status_line(response),
        _ => phase_annotations(page.trace(), exchange, phase, page.redactor())
            .into_iter()
            .next()
            .unwrap_or_default(),
    }
}

/// Sentences about round trips, this machine's share, and idle time.
fn cost_sentences(page: &HtmlPage<'_>, exchange: &Exchange) -> Vec<String> {
    let trace = page.trace();
    let mut sentences = Vec::new();
    let ledger = ExchangeLedger::new(trace, exchange).whole;
    let trips = round_trips(trace, exchange, &ledger).filter(|trips| trips.used > 0.0);
    sentences.extend(trips.map(|trips| {
        format!(
            "The network's share is {:.1} round trips of {} (clock: {}); at least {} are needed.",
            trips.used,
            trips.rtt.duration,
            trips.rtt.clock.name(),
            trips.minimum
        )
    }));
    sentences.extend(ledger.cause_sentences());
    sentences
}

/// Writes an explanation of each phase, collapsed by default.
fn write_explanations(page: &mut HtmlPage<'_>, exchange: &Exchange) {
    page.open("details", &[("class", &"aside")]);
    page.element("summary", &[], "What the phases mean");
    page.open("dl", &[]);
    for (phase, _) in exchange.phases.iter() {
        page.open("div", &[]);
        page.element("dt", &[], phase_title(phase));
        let text = format!(
            "{} {}",
            phase_meaning(phase),
            phase_references(page.trace(), exchange, phase).join(", ")
        );
        page.element("dd", &[], &text);
        page.close();
    }
    page.close();
    page.close();
}
