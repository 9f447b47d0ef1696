//! Reports on a trace: as text, JSON, events, a picture, the output of curl's `-w`, and more. They
//! are pure functions; the caller does the writing.
//!
//! | format | for | function |
//! |---|---|---|
//! | `text` | people, on a terminal or in a file | [`text_report`] |
//! | `json` | programs: schema `tapline/summary/1` | [`json_report`] |
//! | `events` | programs, live: schema `tapline/events/1` | [`event_lines`], [`event_line`] |
//! | `html` | people, in a browser: the whole run on one page | [`html_report`] |
//! | `svg` | slides, READMEs, tickets: the timeline as an image | [`svg_report`] |
//! | `markdown` | issues, pull requests, job summaries; with a diagram | [`markdown_report`] |
//! | `har` | developer tools and other readers of HAR 1.2 | [`har_report`] |
//! | `csv` | spreadsheets and notebooks | [`csv_report`] |
//! | `prometheus` | monitoring, through a textfile collector | [`prometheus_report`] |
//! | `junit` | build servers, as test results | [`junit_report`] |
//! | `--otlp` | OpenTelemetry collectors | [`otlp_traces`], [`otlp_metrics`] |
//! | `--write-out` | scripts written for curl | [`write_out`] |
//! | progress | people who wait for a transfer | [`progress_line`] |
//! | `diff` | people, programs (schema `tapline/diff/1`), pull requests | [`DiffFormat::write`] |
//!
//! Some of these formats also exist for a suite of many endpoints: [`write_suite`], schema
//! `tapline/suite/1`.
//!
//! Text from outside is escaped, and secrets are masked unless [`ReportOptions::with_secrets`]
//! is set.

mod csv;
mod diff;
mod exchange_source;
mod format;
mod har;
mod html;
mod json;
mod json_layout;
mod json_text;
mod junit;
mod markdown;
mod markup;
mod options;
mod otlp;
mod outcome;
mod picture;
mod progress;
mod prometheus;
mod styling;
mod suite;
mod svg;
mod text;
mod timestamps;
mod wrapping;
mod write_out;

pub use csv::csv_report;
pub use diff::{Comparison, DiffFormat, UnknownDiffFormat};
pub use exchange_source::{ExchangeSource, TransferVisitor};
pub use format::{Format, UnknownFormat};
pub use har::har_report;
pub use html::html_report;
pub use json::json_report;
pub use json_text::{event_line, event_lines};
pub use junit::junit_report;
pub use markdown::markdown_report;
pub use options::ReportOptions;
pub use otlp::{OtlpIds, OtlpResource, otlp_metrics, otlp_traces};
pub use outcome::{EndpointStatus, RunOutcome, run_outcome};
pub use progress::progress_line;
pub use prometheus::prometheus_report;
pub use suite::{
    EndpointResult, RequestFigures, SUITE_FORMATS, SuiteEndpoint, SuiteResult, write_suite,
};
pub use svg::svg_report;
pub use text::text_report;
pub use write_out::{WriteOutText, write_each_out, write_out};

use std::io::{self, Write};

use crate::trace::Trace;

#[cfg(test)]
mod robustness;

/// Writes a report of a run. It ends with a line break.
pub fn write_report_to(
    trace: &Trace,
    format: Format,
    options: &ReportOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    write_full_report_to(trace, trace, format, options, to)
}

/// Like [`write_report_to`], for a trace that no longer holds all exchanges. Formats that list
/// every exchange get them from `every`; the others show a selection and statistics.
pub fn write_full_report_to(
    trace: &Trace,
    every: &dyn ExchangeSource,
    format: Format,
    options: &ReportOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Json => json::write_json(trace, every, options, to),
        Format::Har => har::write_har(trace, every, options, to),
        Format::Csv => csv::write_csv(every, options, to),
        _ => to.write_all(write_report(trace, format, options).as_bytes()),
    }
}

/// A report of a run. It ends with a line break.
pub fn write_report(trace: &Trace, format: Format, options: &ReportOptions) -> String {
    match format {
        Format::Text => text_report(trace, options),
        Format::Json => json_report(trace, options),
        Format::Events => event_lines(trace.log(), options),
        Format::Svg => svg_report(trace, options),
        Format::Html => html_report(trace, options),
        Format::Markdown => markdown_report(trace, options),
        Format::Har => har_report(trace, options),
        Format::Csv => csv_report(trace, options),
        Format::Prometheus => prometheus_report(trace, options),
        Format::Junit => junit_report(trace, options),
    }
}
