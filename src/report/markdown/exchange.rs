//! An exchange: its phases, what was slow, findings, and why it failed.

use super::escape::{code_span, escape_prose};
use super::table::MarkdownTable;
use crate::insight::ledger::ExchangeLedger;
use crate::insight::{
    ClockComparison, describe_connection_sizes, phase_annotations, round_trips, server_timing,
};
use crate::report::picture::{Heading, PictureContext};
use crate::trace::{EventKind, Exchange, Phase, PhaseSpan};
use crate::units::Nanos;

/// The parts of its section. If it is the only exchange, the run's title serves as its own.
pub(super) fn exchange_parts(context: &PictureContext<'_>, exchange: &Exchange) -> Vec<String> {
    let only = context.trace.exchanges().len() == 1;
    let heading = Heading::of_exchange(context, exchange);
    let outcome = [escape_prose(&heading.outcome), heading.total.clone()].join(", ");
    let title = if only {
        "Phases".to_owned()
    } else {
        format!("`#{}` {}", exchange.id.0, code_span(&heading.asked))
    };
    let mut parts = vec![format!("## {title}")];
    parts.extend((!only).then_some(outcome));
    parts.extend(failure_quote(context, exchange));
    parts.extend(phases_table(context, exchange));
    parts.extend((!only).then(|| escape_prose(&heading.verdict)));
    let found = finding_lines(context, exchange);
    parts.push(
        found
            .iter()
            .map(|finding| format!("- {finding}"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    parts
}

/// The failed phase, the reason, and what to try.
fn failure_quote(context: &PictureContext<'_>, exchange: &Exchange) -> Option<String> {
    let (phase, failure) = exchange.failure.as_ref()?;
    let after = exchange
        .phases
        .get(*phase)
        .and_then(PhaseSpan::duration)
        .map(|took| format!(" after {took}"))
        .unwrap_or_default();
    let message = escape_prose(&context.redactor.text(&failure.message).escaped());
    let hint = if failure.hint.is_empty() {
        String::new()
    } else {
        format!("\n>\n> What to try: {}", escape_prose(&failure.hint))
    };
    Some(format!(
        "> **{} failed**{after} ({}): {message}{hint}",
        phase.label(),
        code_span(&failure.code.to_string())
    ))
}

/// A table of the phases on both clocks. What was not measured is a dash.
fn phases_table(context: &PictureContext<'_>, exchange: &Exchange) -> Option<String> {
    exchange.phases.iter().next()?;
    let mut table = MarkdownTable::new(&[
        ("Phase", false),
        ("Application", true),
        ("Wire", true),
        ("This machine", true),
        ("What", false),
    ]);
    let shown = |time: Option<Nanos>| time.map_or_else(|| "—".to_owned(), |time| time.to_string());
    let ledger = ExchangeLedger::new(context.trace, exchange);
    for (phase, span) in exchange.phases.iter() {
        let clocks = ClockComparison::for_phase(context.trace, exchange, &ledger, phase);
        let failed = exchange
            .failure
            .as_ref()
            .is_some_and(|(failed, _)| *failed == phase);
        let what = phase_annotations(context.trace, exchange, phase, context.redactor)
            .into_iter()
            .next()
            .unwrap_or_default();
        table.row([
            if failed {
                format!("**{}: failed**", phase.label())
            } else {
                phase.label().to_owned()
            },
            shown(span.duration()),
            shown(clocks.as_ref().map(|clocks| clocks.wire.duration())),
            shown(clocks.as_ref().map(ClockComparison::local_overhead)),
            escape_prose(&what),
        ]);
    }
    let total = exchange
        .total()
        .map_or_else(|| "—".to_owned(), |total| format!("**{total}**"));
    table.row(["**Total**".to_owned(), total]);
    Some(table.as_str().to_owned())
}

/// Findings, one per line.
fn finding_lines(context: &PictureContext<'_>, exchange: &Exchange) -> Vec<String> {
    let trace = context.trace;
    let mut found = Vec::new();
    let ledger = ExchangeLedger::new(trace, exchange).whole;
    found.extend(
        ledger
            .cause_sentences()
            .iter()
            .map(|sentence| escape_prose(sentence)),
    );
    if exchange.failure.is_some() {
        found.extend(round_trips(trace, exchange, &ledger).map(|trips| {
            format!(
                "{:.1} round trips; at least {} needed.",
                trips.used, trips.minimum
            )
        }));
    }
    found.extend(server_timing_line(exchange));
    found.extend(
        describe_connection_sizes(trace, exchange)
            .map(|sentence| escape_prose(&format!("Payloads: {sentence}"))),
    );
    found.extend(redirect_line(context, exchange));
    found.extend(certificate_lines(context, exchange));
    found.extend(trace.log().iter().filter_map(|event| match &event.kind {
        EventKind::Note {
            exchange: Some(id),
            text,
        } if *id == exchange.id => Some(escape_prose(&context.redactor.text(text).escaped())),
        _ => None,
    }));
    found
}

/// Writes the times that the server reports about itself.
fn server_timing_line(exchange: &Exchange) -> Option<String> {
    let all = server_timing(exchange).into_iter().map(|metric| {
        let took = metric
            .duration
            .map(|took| format!(" {took}"))
            .unwrap_or_default();
        let described = metric.description.filter(|text| !text.raw().is_empty());
        let described = described
            .map(|text| format!(" ({})", escape_prose(&text.escaped())))
            .unwrap_or_default();
        format!("{}{took}{described}", code_span(&metric.name.escaped()))
    });
    let all: Vec<String> = all.collect();
    (!all.is_empty()).then(|| format!("Server-Timing: {}.", all.join(", ")))
}

fn redirect_line(context: &PictureContext<'_>, exchange: &Exchange) -> Option<String> {
    let (to, withheld) = exchange.redirected.as_ref()?;
    let names: Vec<String> = withheld
        .iter()
        .map(|name| code_span(&name.escaped()))
        .collect();
    let without = if names.is_empty() {
        String::new()
    } else {
        format!(", without {}", names.join(", "))
    };
    Some(format!(
        "Redirected to {}{without}.",
        code_span(&context.redactor.text(to).escaped())
    ))
}

/// The certificates, if the failure is in the TLS phase.
fn certificate_lines(context: &PictureContext<'_>, exchange: &Exchange) -> Vec<String> {
    let failed = exchange
        .failure
        .as_ref()
        .is_some_and(|(phase, _)| *phase == Phase::Tls);
    let tls = exchange
        .connection
        .filter(|_| failed)
        .and_then(|id| context.trace.connection(id))
        .and_then(|connection| connection.tls.as_ref());
    let certificates = tls.map_or(&[][..], |tls| &tls.certificates);
    let date = |seconds: i64| {
        jiff::Timestamp::from_second(seconds)
            .map_or_else(|_| "?".to_owned(), |time| time.strftime("%F").to_string())
    };
    let lines = certificates.iter().map(|certificate| {
        let valid = format!(
            "{} to {}",
            date(certificate.not_before),
            date(certificate.not_after)
        );
        format!(
            "Certificate {}, valid {valid}, issued by {}.",
            code_span(&certificate.subject.escaped()),
            code_span(&certificate.issuer.escaped())
        )
    });
    lines.collect()
}
