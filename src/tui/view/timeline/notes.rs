//! A few words beside a bar: what the phase came to. Several ways to say it, the longest first.

use crate::insight::redact::Redactor;
use crate::insight::{TwoClocks, attempt_words, query_words, remarks, server_timing_words};
use crate::timeline::Lane;
use crate::trace::{BodyCount, Exchange, Phase};
use crate::tui::figures::Figures;
use crate::tui::run::Run;
use crate::tui::wording::{status_words, without_credentials};
use crate::units::{Bytes, Moment, Nanos};

/// From how much of a phase on this machine's own share is worth a word: a hundredth of the run.
const WORTH_A_WORD: u64 = 100;

pub(super) fn of(
    run: &Run,
    exchange: &Exchange,
    lane: Lane,
    figures: Figures,
    now: Moment,
) -> Vec<String> {
    match lane {
        Lane::Folded => folded(exchange),
        Lane::Phase(Phase::Wait) if exchange.response.is_some() => waited(exchange),
        Lane::Phase(phase) => remarks(&run.trace, exchange, phase, Redactor::new(true)),
        Lane::Wire(phase) => on_the_wire(run, exchange, phase, figures, now),
        Lane::Query(n) => exchange
            .resolution
            .as_ref()
            .and_then(|resolution| resolution.queries.get(n))
            .map(query_words)
            .unwrap_or_default(),
        Lane::Attempt(n) => exchange
            .attempts
            .get(n)
            .map(attempt_words)
            .unwrap_or_default(),
        Lane::ServerTiming => server_timing_words(exchange, |took| figures.bare(took)),
        // The gauge has its own words in it.
        Lane::Progress => Vec::new(),
    }
}

fn folded(exchange: &Exchange) -> Vec<String> {
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

fn waited(exchange: &Exchange) -> Vec<String> {
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

fn on_the_wire(
    run: &Run,
    exchange: &Exchange,
    phase: Phase,
    figures: Figures,
    now: Moment,
) -> Vec<String> {
    let Some(clocks) = TwoClocks::of(&run.trace, exchange, phase) else {
        return Vec::new();
    };
    let machine = clocks.machine();
    let total = exchange.ended.unwrap_or(now).since(exchange.started);
    if machine.0 < total.0 / WORTH_A_WORD {
        return Vec::new();
    }
    let figure = figures.bare(machine);
    vec![
        format!("\u{2591} {figure} this machine"),
        format!("\u{2591} {figure}"),
    ]
}

/// How far a body is: bytes, of how many, how fast, and how long it may still take.
pub(in crate::tui) fn progress(exchange: &Exchange, now: Moment) -> Vec<String> {
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

/// As long as the rest takes at the same speed: an estimate, and shown as one.
fn time_left(transferred: u64, expected: Option<u64>, speed: Option<Bytes>) -> Option<String> {
    let rest = expected?.saturating_sub(transferred);
    let seconds = rest.checked_div(speed?.0)?;
    Some(match seconds {
        0 => "less than 1 s".to_owned(),
        1..60 => format!("about {seconds} s"),
        _ => format!("about {}", Nanos(seconds.saturating_mul(1_000_000_000))),
    })
}
