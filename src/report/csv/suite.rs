//! A suite as comma-separated values, with one row per endpoint.

use super::cell::CsvCell;
use super::csv_record;
use crate::report::suite::{RequestFigures, SuiteEndpoint, SuiteResult};
use crate::trace::Phase;
use crate::units::Untrusted;

/// A column's name and its value in a row.
type SuiteCsvColumn = (&'static str, fn(&SuiteEndpoint) -> CsvCell);

/// All columns, in order. Names are a contract: new ones are added at the end, none are renamed.
const COLUMNS: [SuiteCsvColumn; 24] = [
    ("endpoint", |endpoint| {
        CsvCell::text(Some(endpoint.name.clone()))
    }),
    ("url", |endpoint| CsvCell::text(Some(endpoint.url.clone()))),
    ("outcome", |endpoint| {
        CsvCell::plain(Some(endpoint.status().name()))
    }),
    ("failed_phase", |endpoint| {
        CsvCell::plain(
            endpoint
                .result
                .as_ref()
                .and_then(|told| told.failure.as_ref())
                .map(|(phase, ..)| phase.name()),
        )
    }),
    ("error_code", |endpoint| {
        CsvCell::plain(
            endpoint
                .result
                .as_ref()
                .and_then(|told| told.failure.as_ref())
                .map(|(_, code, ..)| *code),
        )
    }),
    ("error_message", |endpoint| {
        CsvCell::text(
            endpoint
                .result
                .as_ref()
                .and_then(|told| told.failure.as_ref())
                .map(|(_, _, message, _)| message.clone()),
        )
    }),
    ("transfers", |endpoint| {
        CsvCell::plain(endpoint.result.as_ref().map(|told| told.transfers))
    }),
    ("failures", |endpoint| {
        CsvCell::plain(endpoint.result.as_ref().map(|told| told.failures))
    }),
    ("method", |endpoint| {
        CsvCell::text(
            endpoint
                .median()
                .map(|median| Untrusted::new(median.method.clone())),
        )
    }),
    ("status", |endpoint| {
        CsvCell::plain(endpoint.median().and_then(|median| median.status))
    }),
    ("http_version", |endpoint| {
        CsvCell::plain(endpoint.median().and_then(|median| median.version))
    }),
    ("total_ns", |endpoint| {
        CsvCell::time(endpoint.median().and_then(|median| median.total))
    }),
    ("ttfb_ns", |endpoint| {
        CsvCell::time(endpoint.median().and_then(|median| median.first_byte))
    }),
    ("dns_ns", |endpoint| phase_time(endpoint, Phase::Dns)),
    ("connect_ns", |endpoint| {
        phase_time(endpoint, Phase::Connect)
    }),
    ("proxy_ns", |endpoint| phase_time(endpoint, Phase::Proxy)),
    ("tls_ns", |endpoint| phase_time(endpoint, Phase::Tls)),
    ("send_ns", |endpoint| phase_time(endpoint, Phase::Send)),
    ("wait_ns", |endpoint| phase_time(endpoint, Phase::Wait)),
    ("receive_ns", |endpoint| {
        phase_time(endpoint, Phase::Receive)
    }),
    ("response_body_bytes", |endpoint| {
        CsvCell::plain(endpoint.median().and_then(|median| median.body_bytes))
    }),
    ("rules", |endpoint| {
        CsvCell::plain(endpoint.result.as_ref().map(|told| told.verdicts.len()))
    }),
    ("rules_missed", |endpoint| {
        CsvCell::plain(endpoint.result.as_ref().map(|told| {
            told.verdicts
                .iter()
                .filter(|verdict| verdict.met() == Some(false))
                .count()
        }))
    }),
    ("worst_rule", |endpoint| {
        CsvCell::text(endpoint.worst_verdict().map(|verdict| {
            Untrusted::new(format!("{}: {}", verdict.rule, verdict.describe_outcome()))
        }))
    }),
];

/// A suite as comma-separated values.
pub(in crate::report) fn suite_csv(suite: &SuiteResult) -> String {
    let names = csv_record(COLUMNS.iter().map(|(name, _)| (*name).to_owned()));
    let rows = suite
        .endpoints
        .iter()
        .map(|endpoint| csv_record(COLUMNS.iter().map(|(_, of)| of(endpoint).encode())));
    std::iter::once(names).chain(rows).collect()
}

fn phase_time(endpoint: &SuiteEndpoint, phase: Phase) -> CsvCell {
    let in_phase = |median: &RequestFigures| {
        median
            .phases
            .iter()
            .find(|(known, _)| *known == phase)
            .map(|(_, time)| *time)
    };
    CsvCell::time(endpoint.median().and_then(in_phase))
}
