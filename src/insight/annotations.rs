//! Annotations beside the bars of a timeline: the result of a phase, a query, an attempt. Each is
//! offered in several lengths, longest first.

use super::redact::Redactor;
use super::{server_timing, wire_phase};
use crate::trace::{
    Attempt, AttemptOutcome, DnsQuery, Exchange, Phase, PhaseSpan, QueryOutcome, ResolutionSource,
    Trace,
};
use crate::units::{Bytes, Nanos, Untrusted, format_count};

/// The result of a phase. For *wait*, whose result is a status, only informational responses.
pub fn phase_annotations(
    trace: &Trace,
    exchange: &Exchange,
    phase: Phase,
    redactor: Redactor,
) -> Vec<String> {
    match phase {
        Phase::Dns => dns_annotations(exchange),
        Phase::Connect => connect_annotations(trace, exchange),
        Phase::Proxy => exchange
            .proxy
            .last()
            .map(|(_, step)| redactor.text(&step.text).escaped().into_owned())
            .into_iter()
            .collect(),
        Phase::Tls => tls_annotations(trace, exchange),
        Phase::Send => send_annotations(exchange, redactor),
        Phase::Wait if exchange.response.is_some() => Vec::new(),
        Phase::Wait => exchange
            .informational
            .last()
            .map(|hint| format!("{} received, no response yet", hint.status))
            .into_iter()
            .collect(),
        Phase::Receive => receive_annotations(trace, exchange),
    }
}

fn dns_annotations(exchange: &Exchange) -> Vec<String> {
    let Some(resolution) = &exchange.resolution else {
        return Vec::new();
    };
    let Some(first) = resolution.addresses.first() else {
        return Vec::new();
    };
    let more = match resolution.addresses.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let source = match resolution.source {
        Some(ResolutionSource::HostsFile) => " from the hosts file",
        Some(ResolutionSource::System) => " from the system's resolver",
        Some(ResolutionSource::Given) => " as given",
        Some(ResolutionSource::Dns) | None => "",
    };
    vec![
        format!("{first}{more}{source}"),
        format!("{first}{more}"),
        first.to_string(),
    ]
}

fn connect_annotations(trace: &Trace, exchange: &Exchange) -> Vec<String> {
    let connection = exchange.connection.and_then(|id| trace.connection(id));
    let Some(connection) = connection else {
        return Vec::new();
    };
    let whole = connection
        .local
        .if_specified()
        .map(|local| format!("{local} \u{2192} {}", connection.remote));
    whole
        .into_iter()
        .chain([connection.remote.to_string()])
        .collect()
}

fn tls_annotations(trace: &Trace, exchange: &Exchange) -> Vec<String> {
    let tls = exchange
        .connection
        .and_then(|id| trace.connection(id))
        .and_then(|connection| connection.tls.as_ref());
    let Some(handshake) = tls.and_then(|tls| tls.handshake.as_ref()) else {
        return Vec::new();
    };
    let version = tls_version_name(&handshake.version);
    let group = handshake.key_exchange.clone();
    let alpn = handshake
        .alpn
        .as_ref()
        .map(|alpn| alpn.escaped().into_owned());
    let parts = |parts: &[Option<&str>]| {
        parts
            .iter()
            .flatten()
            .copied()
            .collect::<Vec<_>>()
            .join(" \u{00b7} ")
    };
    let kind = (handshake.kind != "full").then_some(handshake.kind.as_str());
    vec![
        parts(&[Some(&version), kind, group.as_deref(), alpn.as_deref()]),
        parts(&[Some(&version), kind, alpn.as_deref()]),
        version,
    ]
}

/// The common name of a TLS version: `TLS 1.3` for `TLSv1.3`.
pub fn tls_version_name(version: &str) -> String {
    version.replacen("TLSv", "TLS ", 1)
}

fn send_annotations(exchange: &Exchange, redactor: Redactor) -> Vec<String> {
    let Some(request) = &exchange.request else {
        return Vec::new();
    };
    let body = match exchange.request_body.transferred {
        0 => String::new(),
        bytes => format!(" + body {}", Bytes(bytes)),
    };
    let size = format!("{}{body}", Bytes(request.header_bytes));
    let target = redactor.text(&request.target);
    vec![
        format!("{} {} \u{00b7} {size}", request.method, target.escaped()),
        format!("{} \u{00b7} {size}", request.method),
        size,
    ]
}

fn receive_annotations(trace: &Trace, exchange: &Exchange) -> Vec<String> {
    let body = &exchange.response_body;
    let Some(response) = &exchange.response else {
        return Vec::new();
    };
    let head = Bytes(response.header_bytes);
    let span = exchange.phases.get(Phase::Receive);
    if span.is_some_and(|span| span.ended.is_none()) {
        return vec![format!("head {head}, receiving the body")];
    }
    let bytes = Bytes(body.transferred);
    let decoded = if body.decoded == body.transferred {
        String::new()
    } else {
        format!(", {} decoded", Bytes(body.decoded))
    };
    let in_packets = segments_received(trace, exchange)
        .map(|n| format!(" in {}", format_count(n, "segment")))
        .unwrap_or_default();
    let took = span
        .and_then(PhaseSpan::duration)
        .filter(|_| body.transferred >= 1 << 20);
    let speed = took
        .and_then(|took| bytes.per_second(took))
        .map(|speed| format!(" at {speed}/s"))
        .unwrap_or_default();
    vec![
        format!("head {head}, body {bytes}{decoded}{in_packets}{speed}"),
        format!("{bytes}{decoded}{speed}"),
        format!("{bytes}"),
    ]
}

/// Segments with payload received during *receive*, by the wire clock.
fn segments_received(trace: &Trace, exchange: &Exchange) -> Option<usize> {
    /// Converting instants between clocks rounds to whole nanoseconds.
    const ROUNDING: Nanos = Nanos(2);
    let span = wire_phase(trace, exchange, Phase::Receive)?;
    let flow = trace.flow_of(trace.connection(exchange.connection?)?)?;
    let clock = trace.clock();
    let passed = flow.traffic_between(
        clock.wall_of(span.began - ROUNDING)?,
        clock.wall_of(span.ended + ROUNDING)?,
    );
    usize::try_from(passed.received.data_segments).ok()
}

/// The result of a DNS query.
pub fn query_annotations(query: &DnsQuery) -> Vec<String> {
    let server = format!(" from {}", query.server.address);
    match &query.outcome {
        QueryOutcome::Pending => vec![format!("queried {}", query.server.address)],
        QueryOutcome::Failed(why) => {
            vec![
                format!("{}{server}", why.escaped()),
                why.escaped().into_owned(),
            ]
        }
        QueryOutcome::Answered(answer) if answer.records.is_empty() => {
            vec![
                format!("{}, no record{server}", answer.rcode),
                answer.rcode.clone(),
            ]
        }
        QueryOutcome::Answered(answer) => {
            let data: Vec<_> = answer
                .records
                .iter()
                .take(4)
                .map(|record| without_root_dot(&record.data))
                .collect();
            let more = if answer.records.len() > 4 {
                " \u{2026}"
            } else {
                ""
            };
            let data = format!("{}{more}", data.join(", "));
            vec![format!("{data}{server}"), data]
        }
    }
}

/// A domain name for display, without the dot of the root.
pub fn without_root_dot(name: &Untrusted) -> String {
    let name = name.escaped();
    name.strip_suffix('.')
        .filter(|name| !name.is_empty())
        .unwrap_or(&name)
        .to_owned()
}

/// The result of a connection attempt.
pub fn attempt_annotations(attempt: &Attempt) -> Vec<String> {
    let outcome = match &attempt.outcome {
        None => "\u{2026}".to_owned(),
        Some(outcome) => describe_attempt_outcome(outcome),
    };
    vec![format!("{} {outcome}", attempt.remote), outcome]
}

/// Describes the outcome of a connection attempt.
pub fn describe_attempt_outcome(outcome: &AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Connected => "connected".to_owned(),
        AttemptOutcome::Refused => "refused".to_owned(),
        AttemptOutcome::Unreachable => "unreachable".to_owned(),
        AttemptOutcome::TimedOut => "timed out".to_owned(),
        AttemptOutcome::Abandoned => "abandoned: another was faster".to_owned(),
        AttemptOutcome::Failed(why) => why.escaped().into_owned(),
    }
}

/// The durations reported by the server, formatted by `figure`.
pub fn server_timing_annotations(
    exchange: &Exchange,
    figure: impl Fn(Nanos) -> String,
) -> Vec<String> {
    let metrics = server_timing(exchange);
    let durations: Vec<String> = metrics
        .iter()
        .filter_map(|metric| {
            metric
                .duration
                .map(|took| format!("{} {}", metric.name.escaped(), figure(took)))
        })
        .collect();
    vec![
        format!("Server-Timing: {}", durations.join(", ")),
        durations.join(", "),
    ]
}

/// The spans at which the server's durations are drawn. `Server-Timing` gives them no start, so
/// they are laid out one after another in the middle of the wait; if they do not fit, only the
/// longest is drawn.
pub fn server_timing_spans(
    exchange: &Exchange,
) -> Vec<(crate::units::Moment, crate::units::Moment)> {
    let Some((began, ended)) = exchange
        .phases
        .get(Phase::Wait)
        .and_then(|span| Some((span.began, span.ended?)))
    else {
        return Vec::new();
    };
    let wait = ended.since(began);
    let mut durations: Vec<Nanos> = server_timing(exchange)
        .iter()
        .filter_map(|metric| metric.duration)
        .collect();
    if durations.iter().copied().sum::<Nanos>() > wait {
        durations = durations.into_iter().max().into_iter().collect();
    }
    let all: Nanos = durations.iter().copied().sum();
    let mut from = began + Nanos(wait.saturating_sub(all).0 / 2);
    let spans = durations.into_iter().map(|took| {
        let span = (from, (from + took).min(ended));
        from = span.1;
        span
    });
    spans.collect()
}
