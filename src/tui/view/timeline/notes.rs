//! Notes beside a bar: the result of the phase. Several wordings, the longest first.

use crate::insight::ledger::Owner;
use crate::insight::redact::Redactor;
use crate::insight::{
    attempt_annotations, phase_annotations, query_annotations, server_timing_annotations,
};
use crate::timeline::Lane;
use crate::trace::{BodyCount, Exchange, Phase};
use crate::tui::event_wording::{status_words, without_credentials};
use crate::tui::figures::DurationFormat;
use crate::tui::screen_run::ScreenRun;
use crate::units::{Bytes, Moment, Nanos};

/// Minimum share of this machine in a phase that is noted, as a divisor of the run: a hundredth.
const MIN_SHARE_DIVISOR: u64 = 100;

pub(super) fn lane_notes(
    run: &ScreenRun,
    exchange: &Exchange,
    lane: Lane,
    figures: DurationFormat,
    now: Moment,
) -> Vec<String> {
    match lane {
        Lane::Folded => folded_notes(exchange),
        Lane::Phase(Phase::Wait) if exchange.response.is_some() => response_notes(exchange),
        Lane::Phase(phase) => phase_annotations(&run.trace, exchange, phase, Redactor::new(true)),
        Lane::Wire(phase) => wire_notes(run, exchange, phase, figures, now),
        Lane::Query(n) => exchange
            .resolution
            .as_ref()
            .and_then(|resolution| resolution.queries.get(n))
            .map(query_annotations)
            .unwrap_or_default(),
        Lane::Attempt(n) => exchange
            .attempts
            .get(n)
            .map(attempt_annotations)
            .unwrap_or_default(),
        Lane::ServerTiming => server_timing_annotations(exchange, |took| figures.format(took)),
        // The gauge contains its own text.
        Lane::Progress => Vec::new(),
    }
}

fn folded_notes(exchange: &Exchange) -> Vec<String> {
    let url = without_credentials(&exchange.url);
    let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let status = exchange
        .response
        .as_ref()
        .map(|response| response.status.to_string());
    let status = status
        .or_else(|| exchange.failure.is_some().then(|| "failed".to_owned()))
        .unwrap_or_default();
    vec![
        format!("{status} {} {url}", exchange.method),
        format!("{status} {path}"),
        status,
    ]
}

fn response_notes(exchange: &Exchange) -> Vec<String> {
    let response = exchange.response.iter();
    response
        .flat_map(|response| {
            [
                status_words(response.status, &response.reason),
                response.status.to_string(),
            ]
        })
        .collect()
}

fn wire_notes(
    run: &ScreenRun,
    exchange: &Exchange,
    phase: Phase,
    figures: DurationFormat,
    now: Moment,
) -> Vec<String> {
    let ledger = run.ledger(exchange);
    let Some(ledger) = ledger.phase(phase) else {
        return Vec::new();
    };
    let machine = ledger.owned_by(Owner::Client);
    let total = exchange.ended.unwrap_or(now).since(exchange.started);
    if machine.0 < total.0 / MIN_SHARE_DIVISOR {
        return Vec::new();
    }
    let figure = figures.format(machine);
    vec![
        format!("\u{2591} {figure} this machine"),
        format!("\u{2591} {figure}"),
    ]
}

/// Returns wordings of a body's progress: bytes, of how many, how fast, and the time left.
pub(in crate::tui) fn body_progress_texts(exchange: &Exchange, now: Moment) -> Vec<String> {
    let Some(span) = exchange.phases.get(Phase::Receive) else {
        return Vec::new();
    };
    let BodyCount {
        transferred,
        expected,
        at,
        ..
    } = exchange.response_body;
    let took = at.unwrap_or(now).max(span.began).since(span.began);
    let speed = Bytes(transferred).per_second(took);
    let of = expected
        .map(|all| format!(" of {}", Bytes(all)))
        .unwrap_or_default();
    let per_second = speed
        .map(|speed| format!(" \u{00b7} {speed}/s"))
        .unwrap_or_default();
    let left = time_left(transferred, expected, speed)
        .map(|left| format!(" \u{00b7} {left} left"))
        .unwrap_or_default();
    vec![
        format!("{}{of}{per_second}{left}", Bytes(transferred)),
        format!("{}{of}{left}", Bytes(transferred)),
        Bytes(transferred).to_string(),
    ]
}

/// Returns an estimate of the time left, at the same speed.
fn time_left(transferred: u64, expected: Option<u64>, speed: Option<Bytes>) -> Option<String> {
    let rest = expected?.saturating_sub(transferred);
    let seconds = rest.checked_div(speed?.0)?;
    Some(match seconds {
        0 => "less than 1 s".to_owned(),
        1..60 => format!("about {seconds} s"),
        _ => format!("about {}", Nanos(seconds.saturating_mul(1_000_000_000))),
    })
}
