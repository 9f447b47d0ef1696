//! The messages of an exchange in the sequence diagram, layer by layer.

use super::diagram::SequenceDiagram;
use super::mermaid::Participant;
use crate::insight::{query_annotations, without_root_dot};
use crate::report::picture::PictureContext;
use crate::report::text::status_line;
use crate::trace::{
    AttemptOutcome, Connection, Endpoint, Exchange, Phase, QueryOutcome, TlsMessage,
};
use crate::units::{Bytes, Moment};
use crate::wire::Side;

/// Adds everything that is known of an exchange.
pub(super) fn add_exchange(
    context: &PictureContext<'_>,
    exchange: &Exchange,
    drawing: &mut SequenceDiagram,
) {
    let url = context.redactor.text(&exchange.url);
    drawing.note(
        exchange.started,
        &format!("{} {}", exchange.method, url.escaped()),
    );
    add_queries(exchange, drawing);
    add_attempts(exchange, drawing);
    let connection = exchange
        .connection
        .and_then(|id| context.trace.connection(id));
    if let Some(connection) = connection {
        let near = drawing.participant(&connection.remote.to_string());
        let server = if is_tunnelled(exchange) {
            origin_server(context, exchange, drawing)
        } else {
            near
        };
        add_proxy_steps(context, exchange, near, drawing);
        add_tls_flights(exchange, connection, server, drawing);
        add_http_messages(context, exchange, server, drawing);
    }
    if let Some((phase, failure)) = &exchange.failure {
        let at = exchange
            .phases
            .get(*phase)
            .and_then(|span| span.ended)
            .or(exchange.ended)
            .unwrap_or(exchange.started);
        drawing.note(at, &format!("{} failed: {}", phase.label(), failure.code));
    }
}

fn add_queries(exchange: &Exchange, drawing: &mut SequenceDiagram) {
    for query in exchange
        .resolution
        .iter()
        .flat_map(|resolution| &resolution.queries)
    {
        let server = drawing.participant(&format!("DNS {}", query.server.address));
        drawing.sent(
            query.asked,
            server,
            &format!("{} {}?", query.kind, without_root_dot(&query.name)),
        );
        let Some(ended) = query.ended else { continue };
        let words = query_annotations(query).pop().unwrap_or_default();
        match &query.outcome {
            QueryOutcome::Failed(_) => drawing.note(
                ended,
                &format!("no answer from {}: {words}", query.server.address),
            ),
            _ => drawing.received(ended, server, &words),
        }
    }
}

/// Adds TCP handshakes. The answer is placed at the time when this side saw it.
fn add_attempts(exchange: &Exchange, drawing: &mut SequenceDiagram) {
    for attempt in &exchange.attempts {
        let remote = drawing.participant(&attempt.remote.to_string());
        let tcp = matches!(attempt.remote, Endpoint::Ip(_));
        drawing.sent(attempt.started, remote, if tcp { "SYN" } else { "connect" });
        let (Some(ended), Some(outcome)) = (attempt.ended, &attempt.outcome) else {
            continue;
        };
        match outcome {
            AttemptOutcome::Connected => {
                drawing.received(ended, remote, if tcp { "SYN, ACK" } else { "accepted" });
            }
            AttemptOutcome::Refused => {
                drawing.refused(ended, remote, if tcp { "RST: refused" } else { "refused" });
            }
            other => drawing.note(
                ended,
                &format!(
                    "{}: {}",
                    attempt.remote,
                    crate::insight::describe_attempt_outcome(other)
                ),
            ),
        }
    }
}

/// Returns true if the exchange goes through a proxy to another server.
fn is_tunnelled(exchange: &Exchange) -> bool {
    !exchange.proxy.is_empty() || exchange.phases.get(Phase::Proxy).is_some()
}

/// The server behind a proxy, named as in the URL.
fn origin_server(
    context: &PictureContext<'_>,
    exchange: &Exchange,
    drawing: &mut SequenceDiagram,
) -> Option<Participant> {
    let shown = context.redactor.text(&exchange.url);
    let url = url::Url::parse(shown.raw()).ok()?;
    let port = url
        .port_or_known_default()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    drawing.participant(&format!("{}{port}", url.host_str()?))
}

/// Adds the steps of a proxy. Their texts say who sent what.
fn add_proxy_steps(
    context: &PictureContext<'_>,
    exchange: &Exchange,
    proxy: Option<Participant>,
    drawing: &mut SequenceDiagram,
) {
    for (place, (at, step)) in exchange.proxy.iter().enumerate() {
        let text = format!(
            "{}: {}",
            step.kind,
            context.redactor.text(&step.text).escaped()
        );
        if place + 1 == exchange.proxy.len() && place > 0 {
            drawing.received(*at, proxy, &text);
        } else {
            drawing.sent(*at, proxy, &text);
        }
    }
}

/// Adds the flights of the TLS handshake: what one side sends before the other responds.
fn add_tls_flights(
    exchange: &Exchange,
    connection: &Connection,
    server: Option<Participant>,
    drawing: &mut SequenceDiagram,
) {
    let tls = connection
        .tls
        .as_ref()
        .filter(|_| connection.opened_by == exchange.id);
    let messages = tls.map_or(&[][..], |tls| &tls.messages);
    for flight in messages.chunk_by(|(_, one), (_, next)| one.from == next.from) {
        let Some((at, first)) = flight.first() else {
            continue;
        };
        let text = flight_words(flight);
        match first.from {
            Side::Client => drawing.sent(*at, server, &text),
            Side::Server => drawing.received(*at, server, &text),
        }
    }
}

/// `ServerHello, encrypted, 2,208 B`.
fn flight_words(flight: &[(Moment, TlsMessage)]) -> String {
    let mut names: Vec<&str> = flight
        .iter()
        .map(|(_, message)| message.name.as_str())
        .collect();
    names.dedup();
    let bytes = flight
        .iter()
        .map(|(_, message)| message.bytes)
        .fold(0, u64::saturating_add);
    format!("{}, {}", names.join(", "), Bytes(bytes))
}

fn add_http_messages(
    context: &PictureContext<'_>,
    exchange: &Exchange,
    server: Option<Participant>,
    drawing: &mut SequenceDiagram,
) {
    if let Some(request) = &exchange.request {
        let body = exchange.request_body.transferred;
        let body = if body > 0 {
            format!(", body {}", Bytes(body))
        } else {
            String::new()
        };
        drawing.sent(
            request.at,
            server,
            &format!(
                "{} {}{body}",
                request.method,
                context.redactor.text(&request.target).escaped()
            ),
        );
    }
    for early in &exchange.informational {
        drawing.received(early.at, server, &early.status.to_string());
    }
    if let Some(response) = &exchange.response {
        drawing.received(response.at, server, &status_line(response));
        let ended = exchange
            .phases
            .get(Phase::Receive)
            .and_then(|span| span.ended);
        if let Some(ended) = ended.filter(|_| exchange.response_body.transferred > 0) {
            drawing.received(
                ended,
                server,
                &format!("body, {}", Bytes(exchange.response_body.transferred)),
            );
        }
    }
}
