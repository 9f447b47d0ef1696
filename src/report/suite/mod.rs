//! Many endpoints and what came of each: what a suite's reports are written from.
//!
//! A run's trace is folded into an [`Endpoint`] and can be dropped then, so that a suite takes no
//! more memory than its reports. Reports come in the order of the suite's file, whatever ended
//! first.

mod endpoint;
mod status;

pub use endpoint::{EndpointResult, RequestFigures, SuiteEndpoint};
pub use status::EndpointStatus;

use super::{Format, ReportOptions, csv, json, junit, markdown, prometheus, text};
use crate::units::{Nanos, WallTime, group_digits};

/// A suite that was run.
#[derive(Debug)]
pub struct SuiteResult {
    /// When it began.
    pub started_at: WallTime,
    /// How long it took.
    pub duration: Nanos,
    /// How many runs there were at a time, at most.
    pub parallel: usize,
    /// Whether it was called off before its end.
    pub interrupted: bool,
    /// Its endpoints, in the order of the file.
    pub endpoints: Vec<SuiteEndpoint>,
}

impl SuiteResult {
    /// How many endpoints stand so.
    pub fn count(&self, standing: EndpointStatus) -> usize {
        self.endpoints
            .iter()
            .filter(|endpoint| endpoint.status() == standing)
            .count()
    }

    /// How the suite stands: as its worst endpoint. What was not run is worse than any warning, but
    /// says nothing of the endpoint.
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

/// The formats that a suite can be written in.
pub const SUITE_FORMATS: [Format; 6] = [
    Format::Text,
    Format::Json,
    Format::Junit,
    Format::Markdown,
    Format::Csv,
    Format::Prometheus,
];

/// A suite as a report of one format; `None` where the format is one for a single run.
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
