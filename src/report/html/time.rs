//! Where the time went: the picture, the phases on two clocks, and what was waited for.

use super::page::{Cell, Page, Row};
use crate::insight::{TwoClocks, meaning, phase_title, references, remarks, round_trips, silence};
use crate::report::picture::{Heading, Scene, sentence};
use crate::report::text::status;
use crate::trace::{Exchange, Phase, PhaseSpan};
use crate::units::{Nanos, percent};

/// An exchange's picture, table and waits.
pub(super) fn write(page: &mut Page<'_>, exchange: &Exchange, level: u8) {
    page.section(
        &format!("time-{}", exchange.id.0),
        level,
        "Where did the time go?",
    );
    let heading = Heading::of_exchange(&page.scene, exchange);
    let description = sentence(&page.scene, &heading);
    page.picture(
        "timeline",
        "Timeline: the program's clock above the wire's",
        &description,
        |scene, sheet, legend| {
            scene.draw_unfolded(sheet, exchange, legend);
        },
    );
    table(page, exchange);
    page.list(&costs(page, exchange));
    explanations(page, exchange);
    page.close();
}

/// All exchanges in one picture.
pub(super) fn overview(page: &mut Page<'_>, heading: &Heading) {
    page.section("time", 2, "Where did the time go?");
    let description = sentence(&page.scene, heading);
    page.picture(
        "timeline",
        "Timeline of all exchanges",
        &description,
        Scene::draw_folded,
    );
    page.close();
}

fn table(page: &mut Page<'_>, exchange: &Exchange) {
    let trace = page.trace();
    let total = exchange.total();
    let mut rows: Vec<Row> = exchange
        .phases
        .iter()
        .map(|(phase, span)| {
            let clocks = TwoClocks::of(trace, exchange, phase);
            let key = format!("x{}-{}", exchange.id.0, phase.name());
            let took = PhaseSpan::duration(span);
            Row::about(
                format!("thing phase {}", phase.name()),
                key,
                vec![
                    Cell::words(phase.label()),
                    Cell::time(took),
                    Cell::time(clocks.map(|clocks| clocks.wire.duration())),
                    Cell::time(clocks.map(|clocks| clocks.machine())),
                    Cell::figure(share(took, total), None),
                    Cell::words(came_to(page, exchange, phase)),
                ],
            )
        })
        .collect();
    let blank = || Cell::words(String::new());
    rows.push(Row::about(
        "total",
        "",
        vec![
            Cell::words("Total"),
            Cell::time(total),
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
        "What it came to",
    ];
    page.table("phases", "Phases on two clocks", &head, &rows);
}

fn share(part: Option<Nanos>, whole: Option<Nanos>) -> String {
    part.zip(whole)
        .and_then(|(part, whole)| percent(part, whole))
        .unwrap_or_else(|| "\u{2014}".to_owned())
}

fn came_to(page: &Page<'_>, exchange: &Exchange, phase: Phase) -> String {
    if exchange
        .failure
        .as_ref()
        .is_some_and(|(at, _)| *at == phase)
    {
        return "failed here".to_owned();
    }
    match (&exchange.response, phase) {
        (Some(response), Phase::Wait) => status(response),
        _ => remarks(page.trace(), exchange, phase, page.redactor())
            .into_iter()
            .next()
            .unwrap_or_default(),
    }
}

/// Round trips, this machine's share, and what nothing passed for.
fn costs(page: &Page<'_>, exchange: &Exchange) -> Vec<String> {
    let trace = page.trace();
    let mut said = Vec::new();
    said.extend(round_trips(trace, exchange).filter(|trips| trips.used < 1_000.0).map(|trips| {
        format!(
            "Without name resolution it took {:.1} round trips of {} (clock: {}); these protocols \
                could do it in {}.",
            trips.used,
            trips.rtt.duration,
            trips.rtt.clock.name(),
            trips.least
        )
    }));
    let own: Vec<Nanos> = exchange
        .phases
        .iter()
        .filter_map(|(phase, _)| Some(TwoClocks::of(trace, exchange, phase)?.machine()))
        .collect();
    if !own.is_empty() {
        let sum: Nanos = own.into_iter().sum();
        said.push(format!(
            "{sum} of it passed on this machine and not on the wire: the difference \
            of the two clocks."
        ));
    }
    for (phase, _) in exchange
        .phases
        .iter()
        .filter(|(phase, _)| !matches!(phase, Phase::Dns | Phase::Connect))
    {
        said.extend(
            silence(trace, exchange, phase)
                .into_iter()
                .map(|sentence| format!("{}: {sentence}", phase.label())),
        );
    }
    said
}

/// What each phase is, and why it is there: for who wants to know.
fn explanations(page: &mut Page<'_>, exchange: &Exchange) {
    page.open("details", &[("class", &"aside")]);
    page.element("summary", &[], "What these phases are");
    page.open("dl", &[]);
    for (phase, _) in exchange.phases.iter() {
        page.open("div", &[]);
        page.element("dt", &[], phase_title(phase));
        let text = format!(
            "{} {}",
            meaning(phase),
            references(page.trace(), exchange, phase).join(", ")
        );
        page.element("dd", &[], &text);
        page.close();
    }
    page.close();
    page.close();
}
