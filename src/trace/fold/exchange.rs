//! Folding of events into an exchange.

use crate::trace::{
    Attempt, AttemptId, AttemptOutcome, BodyCount, DnsQuery, EventKind, Exchange, ExchangeCause,
    ExchangeId, ExchangeRelease, InformationalResponse, Phases, QueryOutcome, Request, Resolution,
    Response,
};
use crate::units::{Moment, Untrusted};

/// Returns an exchange that has just begun.
pub(super) fn new_exchange(
    at: Moment,
    id: ExchangeId,
    cause: ExchangeCause,
    method: &str,
    url: &Untrusted,
) -> Exchange {
    Exchange {
        id,
        cause,
        method: method.to_owned(),
        url: url.clone(),
        started: at,
        release: ExchangeRelease::default(),
        ended: None,
        phases: Phases::default(),
        resolution: None,
        attempts: Vec::new(),
        connection: None,
        reused_connection: false,
        proxy: Vec::new(),
        request: None,
        request_body: BodyCount::default(),
        informational: Vec::new(),
        response: None,
        response_body: BodyCount::default(),
        preview: None,
        redirected: None,
        failure: None,
    }
}

pub(super) fn fold_exchange(exchange: &mut Exchange, at: Moment, kind: &EventKind) {
    match kind {
        EventKind::PhaseBegan {
            phase, position, ..
        } => exchange.phases.begin(*phase, at, *position),
        EventKind::PhaseEnded {
            phase, position, ..
        } => exchange.phases.end(*phase, at, *position),
        EventKind::Failed { phase, failure, .. } => {
            exchange.phases.begin(*phase, at, None);
            exchange.phases.end(*phase, at, None);
            exchange.failure.get_or_insert((*phase, failure.clone()));
        }
        EventKind::ExchangeEnded { .. } => {
            exchange.ended.get_or_insert(at);
        }
        EventKind::DnsQueried { .. }
        | EventKind::DnsAnswered { .. }
        | EventKind::DnsFailed { .. }
        | EventKind::Resolved { .. } => {
            fold_resolution(exchange.resolution.get_or_insert_default(), at, kind);
        }
        EventKind::AttemptStarted {
            attempt,
            remote,
            local,
            ..
        } => exchange.attempts.push(Attempt {
            id: *attempt,
            remote: remote.clone(),
            local: local.clone(),
            started: at,
            ended: None,
            outcome: None,
        }),
        EventKind::AttemptEnded {
            attempt, outcome, ..
        } => end_attempt(exchange, at, *attempt, outcome),
        EventKind::ProxyTalked { step, .. } => exchange.proxy.push((at, step.clone())),
        _ => fold_message(exchange, at, kind),
    }
}

fn end_attempt(exchange: &mut Exchange, at: Moment, id: AttemptId, outcome: &AttemptOutcome) {
    if let Some(attempt) = exchange
        .attempts
        .iter_mut()
        .find(|attempt| attempt.id == id && attempt.outcome.is_none())
    {
        attempt.ended = Some(at);
        attempt.outcome = Some(outcome.clone());
    }
}

fn fold_resolution(resolution: &mut Resolution, at: Moment, kind: &EventKind) {
    let (id, outcome) = match kind {
        EventKind::DnsQueried {
            query,
            name,
            kind,
            server,
            ..
        } => {
            resolution.queries.push(DnsQuery {
                id: *query,
                name: name.clone(),
                kind: kind.clone(),
                server: *server,
                asked: at,
                ended: None,
                outcome: QueryOutcome::Pending,
            });
            return;
        }
        EventKind::Resolved {
            source, addresses, ..
        } => {
            resolution.source = Some(*source);
            resolution.addresses.clone_from(addresses);
            return;
        }
        EventKind::DnsAnswered { query, answer, .. } => {
            (*query, QueryOutcome::Answered(answer.clone()))
        }
        EventKind::DnsFailed { query, reason, .. } => {
            (*query, QueryOutcome::Failed(reason.clone()))
        }
        _ => return,
    };
    if let Some(query) = resolution
        .queries
        .iter_mut()
        .find(|query| query.id == id && query.ended.is_none())
    {
        query.ended = Some(at);
        query.outcome = outcome;
    }
}

fn fold_message(exchange: &mut Exchange, at: Moment, kind: &EventKind) {
    match kind {
        EventKind::RequestHead {
            version,
            method,
            target,
            headers,
            header_bytes,
            ..
        } => {
            exchange.request = Some(Request {
                at,
                version: *version,
                method: method.clone(),
                target: target.clone(),
                headers: headers.clone(),
                header_bytes: *header_bytes,
            });
        }
        EventKind::RequestBody { sent, expected, .. } => {
            exchange.request_body = BodyCount {
                transferred: *sent,
                decoded: *sent,
                expected: *expected,
                at: Some(at),
            };
        }
        EventKind::Informational {
            status, headers, ..
        } => {
            exchange.informational.push(InformationalResponse {
                at,
                status: *status,
                headers: headers.clone(),
            });
        }
        EventKind::ResponseHead {
            version,
            status,
            reason,
            headers,
            header_bytes,
            ..
        } => {
            exchange.response = Some(Response {
                at,
                version: *version,
                status: *status,
                reason: reason.clone(),
                headers: headers.clone(),
                header_bytes: *header_bytes,
                trailers: Vec::new(),
            });
        }
        EventKind::ResponseBody {
            received,
            decoded,
            expected,
            ..
        } => {
            exchange.response_body = BodyCount {
                transferred: *received,
                decoded: *decoded,
                expected: *expected,
                at: Some(at),
            };
        }
        EventKind::Trailers { headers, .. } => {
            if let Some(response) = &mut exchange.response {
                response.trailers.clone_from(headers);
            }
        }
        EventKind::BodyPreview {
            text, truncated, ..
        } => exchange.preview = Some((text.clone(), *truncated)),
        EventKind::Redirected { to, withheld, .. } => {
            exchange.redirected = Some((to.clone(), withheld.clone()));
        }
        _ => {}
    }
}
