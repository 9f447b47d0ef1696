//! A suite as comma-separated values: a row for each endpoint.

use super::cell::Cell;
use super::line;
use crate::report::suite::{Endpoint, Request, Suite};
use crate::trace::Phase;
use crate::units::Untrusted;

/// A column's name, and what is in it.
type Column = (&'static str, fn(&Endpoint) -> Cell);

/// All columns, in order. Names are a contract: added to at the end, never renamed.
const COLUMNS: [Column; 24] = [
    ("endpoint", |endpoint| {
        Cell::text(Some(endpoint.name.clone()))
    }),
    ("url", |endpoint| Cell::text(Some(endpoint.url.clone()))),
    ("outcome", |endpoint| {
        Cell::plain(Some(endpoint.standing().name()))
    }),
    ("failed_phase", |endpoint| {
        Cell::plain(
            endpoint
                .happened
                .as_ref()
                .and_then(|told| told.failure.as_ref())
                .map(|(phase, ..)| phase.name()),
        )
    }),
    ("error_code", |endpoint| {
        Cell::plain(
            endpoint
                .happened
                .as_ref()
                .and_then(|told| told.failure.as_ref())
                .map(|(_, code, ..)| *code),
        )
    }),
    ("error_message", |endpoint| {
        Cell::text(
            endpoint
                .happened
                .as_ref()
                .and_then(|told| told.failure.as_ref())
                .map(|(_, _, message, _)| message.clone()),
        )
    }),
    ("transfers", |endpoint| {
        Cell::plain(endpoint.happened.as_ref().map(|told| told.transfers))
    }),
    ("failures", |endpoint| {
        Cell::plain(endpoint.happened.as_ref().map(|told| told.failures))
    }),
    ("method", |endpoint| {
        Cell::text(
            endpoint
                .median()
                .map(|median| Untrusted::new(median.method.clone())),
        )
    }),
    ("status", |endpoint| {
        Cell::plain(endpoint.median().and_then(|median| median.status))
    }),
    ("http_version", |endpoint| {
        Cell::plain(endpoint.median().and_then(|median| median.version))
    }),
    ("total_ns", |endpoint| {
        Cell::time(endpoint.median().and_then(|median| median.total))
    }),
    ("ttfb_ns", |endpoint| {
        Cell::time(endpoint.median().and_then(|median| median.first_byte))
    }),
    ("dns_ns", |endpoint| time_in(endpoint, Phase::Dns)),
    ("connect_ns", |endpoint| time_in(endpoint, Phase::Connect)),
    ("proxy_ns", |endpoint| time_in(endpoint, Phase::Proxy)),
    ("tls_ns", |endpoint| time_in(endpoint, Phase::Tls)),
    ("send_ns", |endpoint| time_in(endpoint, Phase::Send)),
    ("wait_ns", |endpoint| time_in(endpoint, Phase::Wait)),
    ("receive_ns", |endpoint| time_in(endpoint, Phase::Receive)),
    ("response_body_bytes", |endpoint| {
        Cell::plain(endpoint.median().and_then(|median| median.body_bytes))
    }),
    ("rules", |endpoint| {
        Cell::plain(endpoint.happened.as_ref().map(|told| told.verdicts.len()))
    }),
    ("rules_missed", |endpoint| {
        Cell::plain(endpoint.happened.as_ref().map(|told| {
            told.verdicts
                .iter()
                .filter(|verdict| verdict.met() == Some(false))
                .count()
        }))
    }),
    ("worst_rule", |endpoint| {
        Cell::text(
            endpoint
                .worst()
                .map(|verdict| Untrusted::new(format!("{}: {}", verdict.rule, verdict.said()))),
        )
    }),
];

/// A suite as comma-separated values.
pub(in crate::report) fn suite(suite: &Suite) -> String {
    let names = line(COLUMNS.iter().map(|(name, _)| (*name).to_owned()));
    let rows = suite
        .endpoints
        .iter()
        .map(|endpoint| line(COLUMNS.iter().map(|(_, of)| of(endpoint).written())));
    std::iter::once(names).chain(rows).collect()
}

fn time_in(endpoint: &Endpoint, phase: Phase) -> Cell {
    let in_phase = |median: &Request| {
        median
            .phases
            .iter()
            .find(|(known, _)| *known == phase)
            .map(|(_, time)| *time)
    };
    Cell::time(endpoint.median().and_then(in_phase))
}
