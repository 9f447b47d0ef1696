//! The results of a suite of endpoints, which its reports are written from.
//!
//! The trace of a run is reduced to a [`SuiteEndpoint`] and can be dropped then, so a suite takes
//! no more memory than its reports. Endpoints are in file order, regardless of which ended first.

mod endpoint;

pub use endpoint::{EndpointResult, RequestFigures, SuiteEndpoint};

use super::{EndpointStatus, Format, ReportOptions, csv, json, junit, markdown, prometheus, text};
use crate::units::{Nanos, WallTime, group_digits};

/// The result of a suite.
#[derive(Debug)]
pub struct SuiteResult {
    /// When it began.
    pub started_at: WallTime,
    /// Its duration.
    pub duration: Nanos,
    /// Maximum number of concurrent runs.
    pub parallel: usize,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// The endpoints, in file order.
    pub endpoints: Vec<SuiteEndpoint>,
}

impl SuiteResult {
    /// The number of endpoints with a status.
    pub fn count(&self, standing: EndpointStatus) -> usize {
        self.endpoints
            .iter()
            .filter(|endpoint| endpoint.status() == standing)
            .count()
    }

    /// The status of the suite: that of its worst endpoint. An endpoint that was not run is worse
    /// than a warning, although nothing is known about it.
    pub fn status(&self) -> EndpointStatus {
        self.endpoints
            .iter()
            .map(SuiteEndpoint::status)
            .max()
            .unwrap_or(EndpointStatus::Ok)
    }

    /// `12 endpoints: 10 ok, 1 missed, 1 failed`.
    pub fn summary(&self) -> String {
        let parts = EndpointStatus::ALL
            .into_iter()
            .map(|standing| (self.count(standing), standing.label()));
        let parts: Vec<String> = parts
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{} {words}", group_digits(count as u64)))
            .collect();
        let all = crate::units::format_count(self.endpoints.len(), "endpoint");
        if parts.is_empty() {
            all
        } else {
            format!("{all}: {}", parts.join(", "))
        }
    }
}

/// The formats available for suites.
pub const SUITE_FORMATS: [Format; 6] = [
    Format::Text,
    Format::Json,
    Format::Junit,
    Format::Markdown,
    Format::Csv,
    Format::Prometheus,
];

/// Writes a suite in a format; `None` if the format is only for single runs.
pub fn write_suite(suite: &SuiteResult, format: Format, options: &ReportOptions) -> Option<String> {
    match format {
        Format::Text => Some(text::suite_text(suite, options)),
        Format::Json => Some(json::suite_json(suite)),
        Format::Junit => Some(junit::suite_junit(suite)),
        Format::Markdown => Some(markdown::suite_markdown(suite)),
        Format::Csv => Some(csv::suite_csv(suite)),
        Format::Prometheus => Some(prometheus::suite_prometheus(suite)),
        _ => None,
    }
}
