//! A few words beside a bar: what the phase came to. Several ways to say it, the longest first.

use crate::insight::{server_timing, wire_phase};
use crate::timeline::Lane;
use crate::trace::{Attempt, AttemptOutcome, BodyCount, DnsQuery, Exchange, Phase, PhaseSpan, QueryOutcome, ResolutionSource};
use crate::tui::clocks::TwoClocks;
use crate::tui::figures::{Figures, count, rate};
use crate::tui::run::Run;
use crate::tui::wording::{bare, status_words, without_credentials};
use crate::units::{Bytes, Moment, Nanos};

/// From how much of a phase on this machine's own share is worth a word: a hundredth of the run.
const WORTH_A_WORD: u64 = 100;

pub(super) fn of(run: &Run, exchange: &Exchange, lane: Lane, figures: Figures, now: Moment) -> Vec<String> {
    match lane {
        Lane::Folded => folded(exchange),
        Lane::Phase(Phase::Dns) => resolved(exchange),
        Lane::Phase(Phase::Connect) => connected(run, exchange),
        Lane::Phase(Phase::Proxy) => exchange.proxy.last().map(|(_, step)| step.text.escaped().into_owned()).into_iter().collect(),
        Lane::Phase(Phase::Tls) => secured(run, exchange),
        Lane::Phase(Phase::Send) => sent(exchange),
        Lane::Phase(Phase::Wait) => waited(exchange),
        Lane::Phase(Phase::Receive) => received(run, exchange),
        Lane::Wire(phase) => on_the_wire(run, exchange, phase, figures, now),
        Lane::Query(n) => exchange.resolution.as_ref().and_then(|resolution| resolution.queries.get(n)).map(asked).unwrap_or_default(),
        Lane::Attempt(n) => exchange.attempts.get(n).map(tried).unwrap_or_default(),
        Lane::ServerTiming => done_by_the_server(exchange, figures),
        // The gauge has its own words in it.
        Lane::Progress => Vec::new(),
    }
}

fn folded(exchange: &Exchange) -> Vec<String> {
    let url = without_credentials(&exchange.url);
    let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let status = exchange.response.as_ref().map(|response| response.status.to_string());
    let status = status.or_else(|| exchange.failure.is_some().then(|| "failed".to_owned())).unwrap_or_default();
    vec![format!("{status} {} {url}", exchange.method), format!("{status} {path}"), status]
}

fn resolved(exchange: &Exchange) -> Vec<String> {
    let Some(resolution) = &exchange.resolution else { return Vec::new() };
    let Some(first) = resolution.addresses.first() else { return Vec::new() };
    let more = match resolution.addresses.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let source = match resolution.source {
        Some(ResolutionSource::HostsFile) => " from the hosts file",
        Some(ResolutionSource::System) => " from the system's resolver",
        Some(ResolutionSource::Given) => " as you said",
        Some(ResolutionSource::Dns) | None => "",
    };
    vec![format!("{first}{more}{source}"), format!("{first}{more}"), first.to_string()]
}

fn connected(run: &Run, exchange: &Exchange) -> Vec<String> {
    let connection = exchange.connection.and_then(|id| run.trace.connection(id));
    let Some(connection) = connection else { return Vec::new() };
    vec![format!("{} \u{2192} {}", connection.local, connection.remote), connection.remote.to_string()]
}

fn secured(run: &Run, exchange: &Exchange) -> Vec<String> {
    let tls = exchange.connection.and_then(|id| run.trace.connection(id)).and_then(|connection| connection.tls.as_ref());
    let Some(handshake) = tls.and_then(|tls| tls.handshake.as_ref()) else { return Vec::new() };
    let version = version_name(&handshake.version);
    let group = handshake.key_exchange.clone();
    let alpn = handshake.alpn.as_ref().map(|alpn| alpn.escaped().into_owned());
    let parts = |parts: &[Option<&str>]| parts.iter().flatten().copied().collect::<Vec<_>>().join(" \u{00b7} ");
    let kind = (handshake.kind != "full").then_some(handshake.kind.as_str());
    vec![parts(&[Some(&version), kind, group.as_deref(), alpn.as_deref()]), parts(&[Some(&version), kind, alpn.as_deref()]), version]
}

/// `TLSv1.3` as people write it: `TLS 1.3`.
pub(in crate::tui) fn version_name(version: &str) -> String {
    version.replacen("TLSv", "TLS ", 1)
}

fn sent(exchange: &Exchange) -> Vec<String> {
    let Some(request) = &exchange.request else { return Vec::new() };
    let body = match exchange.request_body.transferred {
        0 => String::new(),
        bytes => format!(" + body {}", Bytes(bytes)),
    };
    let size = format!("{}{body}", Bytes(request.header_bytes));
    vec![format!("{} {} \u{00b7} {size}", request.method, request.target.escaped()), format!("{} \u{00b7} {size}", request.method), size]
}

fn waited(exchange: &Exchange) -> Vec<String> {
    let Some(response) = &exchange.response else {
        let last = exchange.informational.last().map(|hint| format!("{} came, the response not yet", hint.status));
        return last.into_iter().collect();
    };
    vec![status_words(response.status, &response.reason), response.status.to_string()]
}

fn received(run: &Run, exchange: &Exchange) -> Vec<String> {
    let body = &exchange.response_body;
    let Some(response) = &exchange.response else { return Vec::new() };
    let head = Bytes(response.header_bytes);
    let span = exchange.phases.get(Phase::Receive);
    if span.is_some_and(|span| span.ended.is_none()) {
        return vec![format!("head {head}, body under way")];
    }
    let bytes = Bytes(body.transferred);
    let decoded = if body.decoded == body.transferred { String::new() } else { format!(", {} decoded", Bytes(body.decoded)) };
    let in_packets = segments_of(run, exchange).map(|n| format!(" in {}", count(n, "segment"))).unwrap_or_default();
    let speed = span.and_then(PhaseSpan::duration).filter(|_| body.transferred >= 1 << 20).and_then(|took| rate(body.transferred, took));
    let speed = speed.map(|speed| format!(" at {speed}/s")).unwrap_or_default();
    vec![format!("head {head}, body {bytes}{decoded}{in_packets}{speed}"), format!("{bytes}{decoded}{speed}"), format!("{bytes}")]
}

/// Segments with payload that came while the response was received, by the wire clock.
fn segments_of(run: &Run, exchange: &Exchange) -> Option<usize> {
    /// Instants go from clock to clock and back by whole nanoseconds.
    const ROUNDING: Nanos = Nanos(2);
    let span = wire_phase(&run.trace, exchange, Phase::Receive)?;
    let flow = run.trace.flow_of(run.trace.connection(exchange.connection?)?)?;
    let clock = run.trace.clock();
    let passed = flow.passed(clock.wall_of(span.began - ROUNDING)?, clock.wall_of(span.ended + ROUNDING)?);
    usize::try_from(passed.received.data_segments).ok()
}

fn on_the_wire(run: &Run, exchange: &Exchange, phase: Phase, figures: Figures, now: Moment) -> Vec<String> {
    let Some(clocks) = TwoClocks::of(run, exchange, phase) else { return Vec::new() };
    let machine = clocks.machine();
    let total = exchange.ended.unwrap_or(now).since(exchange.started);
    if machine.0 < total.0 / WORTH_A_WORD {
        return Vec::new();
    }
    let figure = figures.bare(machine);
    vec![format!("\u{2591} {figure} this machine"), format!("\u{2591} {figure}")]
}

fn asked(query: &DnsQuery) -> Vec<String> {
    let server = format!(" from {}", query.server.address);
    match &query.outcome {
        QueryOutcome::Pending => vec![format!("asked {}", query.server.address)],
        QueryOutcome::Failed(why) => vec![format!("{}{server}", why.escaped()), why.escaped().into_owned()],
        QueryOutcome::Answered(answer) if answer.records.is_empty() => {
            vec![format!("{}, no record{server}", answer.rcode), answer.rcode.clone()]
        }
        QueryOutcome::Answered(answer) => {
            let data: Vec<_> = answer.records.iter().take(4).map(|record| bare(&record.data)).collect();
            let more = if answer.records.len() > 4 { " \u{2026}" } else { "" };
            let data = format!("{}{more}", data.join(", "));
            vec![format!("{data}{server}"), data]
        }
    }
}

fn tried(attempt: &Attempt) -> Vec<String> {
    let outcome = match &attempt.outcome {
        None => "\u{2026}".to_owned(),
        Some(outcome) => outcome_words(outcome),
    };
    vec![format!("{} {outcome}", attempt.remote), outcome]
}

/// How an attempt ended, in words.
pub(in crate::tui) fn outcome_words(outcome: &AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Connected => "connected".to_owned(),
        AttemptOutcome::Refused => "refused".to_owned(),
        AttemptOutcome::Unreachable => "unreachable".to_owned(),
        AttemptOutcome::TimedOut => "no answer in time".to_owned(),
        AttemptOutcome::Abandoned => "given up: another was faster".to_owned(),
        AttemptOutcome::Failed(why) => why.escaped().into_owned(),
    }
}

fn done_by_the_server(exchange: &Exchange, figures: Figures) -> Vec<String> {
    let metrics = server_timing(exchange);
    let said: Vec<String> = metrics
        .iter()
        .filter_map(|metric| metric.duration.map(|took| format!("{} {}", metric.name.escaped(), figures.bare(took))))
        .collect();
    vec![format!("Server-Timing: {}", said.join(", ")), said.join(", ")]
}

/// How far a body is: bytes, of how many, how fast, and how long it may still take.
pub(in crate::tui) fn progress(exchange: &Exchange, now: Moment) -> Vec<String> {
    let Some(span) = exchange.phases.get(Phase::Receive) else { return Vec::new() };
    let BodyCount { transferred, expected, at, .. } = exchange.response_body;
    let took = at.unwrap_or(now).max(span.began).since(span.began);
    let speed = rate(transferred, took);
    let of = expected.map(|all| format!(" of {}", Bytes(all))).unwrap_or_default();
    let per_second = speed.map(|speed| format!(" \u{00b7} {speed}/s")).unwrap_or_default();
    let left = time_left(transferred, expected, speed).map(|left| format!(" \u{00b7} {left} left")).unwrap_or_default();
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
