//! Many endpoints and what came of each: what a suite's reports are written from.
//!
//! A run's trace is folded into an [`Endpoint`] and can be dropped then, so that a suite takes no
//! more memory than its reports. Reports come in the order of the suite's file, whatever ended
//! first.

mod endpoint;
mod standing;

pub use endpoint::{Endpoint, Happened, Request};
pub use standing::Standing;

use super::{Format, Options, csv, json, junit, markdown, prometheus, text};
use crate::units::{Nanos, WallTime, grouped};

/// A suite that was run.
#[derive(Debug)]
pub struct Suite {
    /// When it began.
    pub started_at: WallTime,
    /// How long it took.
    pub duration: Nanos,
    /// How many runs there were at a time, at most.
    pub parallel: usize,
    /// Whether it was called off before its end.
    pub interrupted: bool,
    /// Its endpoints, in the order of the file.
    pub endpoints: Vec<Endpoint>,
}

impl Suite {
    /// How many endpoints stand so.
    pub fn count(&self, standing: Standing) -> usize {
        self.endpoints
            .iter()
            .filter(|endpoint| endpoint.standing() == standing)
            .count()
    }

    /// How the suite stands: as its worst endpoint. What was not run is worse than any warning, but
    /// says nothing of the endpoint.
    pub fn standing(&self) -> Standing {
        self.endpoints
            .iter()
            .map(Endpoint::standing)
            .max()
            .unwrap_or(Standing::Ok)
    }

    /// `12 endpoints: 10 ok, 1 missed, 1 failed`.
    pub fn summed_up(&self) -> String {
        let parts = Standing::ALL
            .into_iter()
            .map(|standing| (self.count(standing), standing.words()));
        let parts: Vec<String> = parts
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{} {words}", grouped(count as u64)))
            .collect();
        let all = crate::units::counted(self.endpoints.len(), "endpoint");
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
pub fn write_suite(suite: &Suite, format: Format, options: &Options) -> Option<String> {
    match format {
        Format::Text => Some(text::suite(suite, options)),
        Format::Json => Some(json::suite(suite)),
        Format::Junit => Some(junit::suite(suite)),
        Format::Markdown => Some(markdown::suite(suite)),
        Format::Csv => Some(csv::suite(suite)),
        Format::Prometheus => Some(prometheus::suite(suite)),
        _ => None,
    }
}
