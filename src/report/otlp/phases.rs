//! Spans of phases, named as in .NET.

use super::attributes::Attributes;
use super::spans::{OtlpSpan, SpanBuilder, SpanId};
use crate::insight::wire_phase;
use crate::trace::{AttemptOutcome, Certificate, Endpoint, Exchange, Phase, PhaseSpan, Tls};
use crate::units::Moment;

/// Phases that set up a connection.
const SETUP_PHASES: [Phase; 4] = [Phase::Dns, Phase::Connect, Phase::Proxy, Phase::Tls];
/// Phases of a message, which .NET does not distinguish.
const MESSAGE_PHASES: [(Phase, &str); 3] = [
    (Phase::Send, "HTTP request send"),
    (Phase::Wait, "HTTP response wait"),
    (Phase::Receive, "HTTP response receive"),
];

/// Adds the phases of an exchange as children of its span.
pub(super) fn add_phase_spans(spans: &mut SpanBuilder, exchange: &Exchange, parent: SpanId) {
    let host = url::Url::parse(exchange.url.raw()).ok();
    let host = host
        .as_ref()
        .and_then(url::Url::host_str)
        .unwrap_or_default();
    if let Some(setup) = add_setup_span(spans, exchange, host, parent) {
        add_dns_span(spans, exchange, host, setup);
        add_connect_spans(spans, exchange, setup);
        add_phase_span(
            spans,
            exchange,
            Phase::Proxy,
            "HTTP proxy tunnel".to_owned(),
            Attributes::default(),
            setup,
        );
        let connection = exchange
            .connection
            .and_then(|id| spans.trace.connection(id));
        let agreed = connection
            .and_then(|connection| connection.tls.as_ref())
            .map(tls_attributes)
            .unwrap_or_default();
        add_phase_span(
            spans,
            exchange,
            Phase::Tls,
            format!("TLS client handshake {host}"),
            agreed,
            setup,
        );
    }
    for (phase, name) in MESSAGE_PHASES {
        add_phase_span(
            spans,
            exchange,
            phase,
            name.to_owned(),
            Attributes::default(),
            parent,
        );
    }
}

/// Adds a span for the whole connection setup; `None` if the connection was reused.
fn add_setup_span(
    spans: &mut SpanBuilder,
    exchange: &Exchange,
    host: &str,
    parent: SpanId,
) -> Option<SpanId> {
    let all: Vec<&PhaseSpan> = SETUP_PHASES
        .iter()
        .filter_map(|phase| exchange.phases.get(*phase))
        .collect();
    let began = all.iter().map(|span| span.began).min()?;
    let last = all.last()?;
    let failed = exchange
        .failure
        .as_ref()
        .filter(|(phase, _)| SETUP_PHASES.contains(phase));
    let error = failed.map(|(_, failure)| (failure.code.to_string(), String::new()));
    let name = format!("HTTP connection_setup {host}");
    Some(spans.add_internal(
        OtlpSpan {
            name,
            began,
            ended: last.ended,
            attributes: Attributes::default(),
            error,
        },
        parent,
    ))
}

/// Adds a phase as a span, with its duration on the wire.
fn add_phase_span(
    spans: &mut SpanBuilder,
    exchange: &Exchange,
    phase: Phase,
    name: String,
    mut attributes: Attributes,
    parent: SpanId,
) {
    let Some(span) = exchange.phases.get(phase) else {
        return;
    };
    if let Some(wire) = wire_phase(spans.trace, exchange, phase) {
        attributes.seconds("tapline.wire.duration", wire.duration());
    }
    let error = exchange
        .failure
        .as_ref()
        .filter(|(failed, _)| *failed == phase)
        .map(|(_, failure)| failure.code.to_string());
    attributes.optional_text("error.type", error.as_deref());
    let error = error.map(|kind| (kind, String::new()));
    spans.add_internal(
        OtlpSpan {
            name,
            began: span.began,
            ended: span.ended,
            attributes,
            error,
        },
        parent,
    );
}

fn add_dns_span(spans: &mut SpanBuilder, exchange: &Exchange, host: &str, parent: SpanId) {
    let mut attributes = Attributes::default();
    attributes.text("dns.question.name", host);
    if let Some(resolution) = &exchange.resolution {
        attributes.texts(
            "dns.answers",
            resolution.addresses.iter().map(ToString::to_string),
        );
    }
    add_phase_span(
        spans,
        exchange,
        Phase::Dns,
        format!("DNS lookup {host}"),
        attributes,
        parent,
    );
}

fn add_connect_spans(spans: &mut SpanBuilder, exchange: &Exchange, parent: SpanId) {
    for attempt in &exchange.attempts {
        let mut attributes = Attributes::default();
        add_peer(&attempt.remote, &mut attributes);
        let error = attempt
            .outcome
            .as_ref()
            .filter(|outcome| **outcome != AttemptOutcome::Connected)
            .map(AttemptOutcome::name);
        attributes.optional_text("error.type", error);
        let error = error.map(|kind| (kind.to_owned(), String::new()));
        let name = format!("socket connect {}", attempt.remote);
        spans.add_internal(
            OtlpSpan {
                name,
                began: attempt.started,
                ended: attempt_end(attempt.ended, exchange),
                attributes,
                error,
            },
            parent,
        );
    }
}

/// The end of an attempt. Without one of its own it ended with the connect phase or the exchange.
fn attempt_end(ended: Option<Moment>, exchange: &Exchange) -> Option<Moment> {
    ended
        .or_else(|| exchange.phases.get(Phase::Connect)?.ended)
        .or(exchange.ended)
}

/// Adds attributes for the remote end of a connection.
pub(super) fn add_peer(remote: &Endpoint, attributes: &mut Attributes) {
    match remote {
        Endpoint::Ip(address) => {
            attributes.text("network.peer.address", &address.ip().to_string());
            attributes.number("network.peer.port", address.port());
            attributes.text("network.transport", "tcp");
            attributes.text(
                "network.type",
                if address.is_ipv6() { "ipv6" } else { "ipv4" },
            );
        }
        Endpoint::Unix(path) => {
            attributes.text("network.peer.address", &path.escaped());
            attributes.text("network.transport", "unix");
        }
    }
}

fn tls_attributes(tls: &Tls) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.text("tls.protocol.name", "tls");
    attributes.boolean("tls.established", tls.handshake.is_some());
    if let Some(agreed) = &tls.handshake {
        attributes.text(
            "tls.protocol.version",
            agreed.version.trim_start_matches("TLSv"),
        );
        attributes.text("tls.cipher", &agreed.cipher_suite);
        attributes.optional_text("tls.curve", agreed.key_exchange.as_deref());
        attributes.optional_text(
            "tls.next_protocol",
            agreed
                .alpn
                .as_ref()
                .map(crate::units::Untrusted::escaped)
                .as_deref(),
        );
        attributes.boolean(
            "tls.resumed",
            matches!(agreed.kind.as_str(), "resumed" | "early_data"),
        );
    }
    if let Some(leaf) = tls.certificates.first() {
        add_certificate(leaf, &mut attributes);
    }
    attributes
}

fn add_certificate(leaf: &Certificate, attributes: &mut Attributes) {
    attributes.text("tls.server.subject", &leaf.subject.escaped());
    attributes.text("tls.server.issuer", &leaf.issuer.escaped());
    attributes.text("tls.server.hash.sha256", &leaf.sha256.to_ascii_uppercase());
    attributes.optional_text(
        "tls.server.not_before",
        crate::report::timestamps::rfc3339_seconds(leaf.not_before).as_deref(),
    );
    attributes.optional_text(
        "tls.server.not_after",
        crate::report::timestamps::rfc3339_seconds(leaf.not_after).as_deref(),
    );
}
