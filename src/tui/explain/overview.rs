//! The run as a whole: where the time went, or what is going on.

use super::page::{Block, Page};
use super::{failure, phase};
use crate::insight::{Longest, TwoClocks, exchange_count, longest, round_trips, runs, segments};
use crate::trace::{CaptureState, Clock, Exchange, Phase};
use crate::tui::figures::{Figures, count, percent};
use crate::tui::run::Run;
use crate::tui::theme::Role;
use crate::tui::view::timeline_words::progress;
use crate::tui::wording::status_words;
use crate::units::{Bytes, Moment, Nanos, grouped};

pub(super) fn page(run: &Run, now: Moment) -> Page {
    let mut page = of_exchanges(run, now);
    if let Some(trouble) = &run.trouble {
        page.blocks.splice(
            0..0,
            [Block::Text(Role::Failure, trouble.clone()), Block::Gap],
        );
    }
    page
}

fn of_exchanges(run: &Run, now: Moment) -> Page {
    let Some(main) = run.main_exchange() else {
        if !run.trace.flows().is_empty() || run.trace.capture().packets > 0 {
            return super::capture::page(run);
        }
        let mut page = Page::new("Explain");
        page.say(if run.under_way {
            "The request is about to begin."
        } else {
            "Nothing has happened yet: r runs the request, e edits the URL."
        });
        return page;
    };
    let mut page = exchange(run, main, now);
    if run.trace.exchanges().len() > 1 {
        page.gap();
        let count = count(exchange_count(&run.trace), "exchange");
        let total = run.trace.latest().from_start();
        page.say(format!(
            "This run has {count}, {total} in all; select one to unfold it."
        ));
        statistics(run, &mut page);
    }
    if let Some(control) = run
        .trace
        .control()
        .filter(|control| control.error.is_none())
    {
        page.gap();
        page.say(format!(
            "An ordinary client took {} for the same request: the inspector's own \
            cost is the difference.",
            control.total
        ));
    }
    capture(run, &mut page);
    page
}

/// One exchange: what came of it, and its phases.
pub(super) fn exchange(run: &Run, exchange: &Exchange, now: Moment) -> Page {
    if exchange.failure.is_some() {
        let mut page = failure::page(run, exchange);
        shares(exchange, now, &mut page);
        return page;
    }
    if exchange.ended.is_none() {
        return under_way(run, exchange, now);
    }
    let mut page = Page::new("Where did the time go?");
    page.say(verdict(run, exchange));
    shares(exchange, now, &mut page);
    page.gap();
    trips(run, exchange, &mut page);
    machine(run, exchange, &mut page);
    packets(run, exchange, &mut page);
    page
}

/// What is going on, and what it is.
fn under_way(run: &Run, exchange: &Exchange, now: Moment) -> Page {
    let Some(open) = exchange.phases.open() else {
        let mut page = Page::new("Explain");
        page.say("Between two phases: this program's own work.");
        return page;
    };
    let mut page = phase::page(run, exchange, open, now);
    if open == Phase::Receive
        && let Some(said) = progress(exchange, now).into_iter().next()
    {
        page.blocks.insert(0, Block::Text(Role::Strong, said));
        page.blocks.insert(1, Block::Gap);
    }
    page
}

/// What came, how long it took, and which phase took most of it.
fn verdict(run: &Run, exchange: &Exchange) -> String {
    let status = exchange.response.as_ref().map_or_else(
        || "Done".to_owned(),
        |response| status_words(response.status, &response.reason),
    );
    let size = Bytes(exchange.response_body.transferred);
    let total = exchange.total().unwrap_or_default();
    let Some(Longest { phase, took, whose }) = longest(&run.trace, exchange) else {
        return format!("{status}: {size} in {total}.");
    };
    let share = percent(took, total).unwrap_or_default();
    format!(
        "{status}: {size} in {total}. {} took most of it, {took} or {share}: {whose}.",
        phase.label()
    )
}

fn shares(exchange: &Exchange, now: Moment, page: &mut Page) {
    page.gap();
    let end = exchange.ended.unwrap_or(now);
    let total = end.since(exchange.started);
    let figures = Figures::reaching(total);
    for (phase, span) in exchange.phases.iter() {
        let took = span.ended.unwrap_or(now).since(span.began);
        let share = percent(took, total).unwrap_or_default();
        page.blocks.push(Block::Figure(
            phase,
            format!("{:>9} {}", figures.bare(took), figures.unit.symbol()),
            format!("  {share:>6}"),
        ));
    }
}

fn trips(run: &Run, exchange: &Exchange, page: &mut Page) {
    let Some(found) = round_trips(&run.trace, exchange) else {
        return;
    };
    let clock = found.rtt.clock.name();
    if found.rtt.duration.0 < 1_000_000 {
        page.say(format!(
            "A round trip took {} (clock: {clock}): the server is so near that this machine's own \
                work weighs more than the way.",
            found.rtt.duration
        ));
        return;
    }
    page.say(format!(
        "Without name resolution that is {:.1} round trips of {} (clock: {clock}); these \
            protocols could do it in {}.",
        found.used, found.rtt.duration, found.least
    ));
}

/// What lies between the two clocks.
fn machine(run: &Run, exchange: &Exchange, page: &mut Page) {
    let own: Vec<(Phase, Nanos)> = exchange
        .phases
        .iter()
        .filter_map(|(phase, _)| {
            Some((phase, TwoClocks::of(&run.trace, exchange, phase)?.machine()))
        })
        .collect();
    if own.is_empty() {
        return;
    }
    let sum: Nanos = own.iter().map(|(_, own)| *own).sum();
    let most = own
        .iter()
        .max_by_key(|(_, own)| *own)
        .map(|(phase, _)| format!(", most of it in {}", phase.label()))
        .unwrap_or_default();
    page.say(format!(
        "{sum} of it passed on this machine and not on the wire{most}."
    ));
}

fn packets(run: &Run, exchange: &Exchange, page: &mut Page) {
    let Some(found) = segments(&run.trace, exchange) else {
        return;
    };
    let largest = found.sent.max_payload.max(found.received.max_payload);
    let again = found.sent.retransmitted + found.received.retransmitted;
    let mss = found
        .mss
        .map(|mss| format!(" of at most {mss} (MSS)"))
        .unwrap_or_default();
    page.say(format!(
        "{} packets out, {} in; the largest payload is {largest} B{mss}; {}.",
        found.sent.packets,
        found.received.packets,
        if again == 0 {
            "none was sent again".to_owned()
        } else {
            format!("{again} sent again")
        }
    ));
    if let Some(on_wire) = found.on_wire {
        page.say(format!(
            "Payloads larger than the MSS are aggregates: the network card or the kernel cuts or \
                glues them. On the wire they are {} segments out and {} in, of at most {} B.",
            on_wire.sent, on_wire.received, on_wire.largest
        ));
    } else if found.offloaded {
        page.say(
            "Payloads larger than the MSS are aggregates: the network card or the kernel \
            cuts or glues them, and the wire's segments are smaller.",
        );
    }
}

/// How long the requests of a run took, where some of them are told of in no other way.
fn statistics(run: &Run, page: &mut Page) {
    let retired = run.trace.retired().exchanges;
    if retired == 0 {
        return;
    }
    page.gap();
    page.say(format!(
        "Held are the first exchanges, the latest, those that failed, the fastest and the \
            slowest; {} earlier ones are in these figures only.",
        grouped(retired)
    ));
    let runs = runs(&run.trace);
    page.fact("requests", grouped(runs.count as u64));
    page.fact("failed", grouped(runs.failed as u64));
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

fn capture(run: &Run, page: &mut Page) {
    match &run.trace.capture().state {
        CaptureState::Unavailable { reason, remedy } => {
            page.gap();
            page.say_as(
                Role::Dim,
                format!(
                    "No packets: {reason}. What stands in comes from the {}. To see packets: \
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
        page.say_as(
            Role::Warning,
            format!("{lost} events are missing from the list: there were too many."),
        );
    }
}
