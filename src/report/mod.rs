//! Reports: a trace as text for people, as one JSON document, as events one a line, as a picture,
//! as what curl's `-w` would write. Pure: the caller writes.
//!
//! | format | for | function |
//! |---|---|---|
//! | `text` | people, on a terminal or in a file | [`text`] |
//! | `json` | programs: schema `tapline/summary/1` | [`json`] |
//! | `events` | programs and other taplines, live: schema `tapline/events/1` | [`events`], [`event_line`] |
//! | `html` | people, in a browser: the whole run on one page | [`html`] |
//! | `svg` | slides, READMEs, tickets: the timeline as a picture | [`svg`] |
//! | `markdown` | issues, pull requests, summaries of jobs, with a diagram in Mermaid | [`markdown`] |
//! | `har` | developer tools and whatever else reads HAR 1.2 | [`har`] |
//! | `csv` | spreadsheets and notebooks | [`csv`] |
//! | `prometheus` | monitoring, by a textfile collector | [`prometheus`] |
//! | `junit` | build servers, as test results | [`junit`] |
//! | `--otlp` | collectors of OpenTelemetry | [`otlp_traces`], [`otlp_metrics`] |
//! | `--write-out` | scripts that know curl | [`write_out`] |
//! | progress | people who wait for a body | [`progress`] |
//! | a comparison | people, programs (schema `tapline/diff/1`) and pull requests | [`DiffFormat::write`] |
//!
//! A suite of many endpoints has reports of its own in some of these formats: [`write_suite`],
//! schema `tapline/suite/1`.
//!
//! Text that came from elsewhere leaves escaped, and secrets leave masked unless
//! [`Options::with_secrets`] says otherwise.

mod csv;
mod diff;
mod events;
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
pub use events::{event_line, event_lines};
pub use exchange_source::{ExchangeSource, TransferVisitor};
pub use format::{Format, UnknownFormat};
pub use har::har_report;
pub use html::html_report;
pub use json::json_report;
pub use junit::junit_report;
pub use markdown::markdown_report;
pub use options::ReportOptions;
pub use otlp::{OtlpIds, OtlpResource, otlp_metrics, otlp_traces};
pub use outcome::{RunOutcome, run_outcome};
pub use progress::progress_line;
pub use prometheus::prometheus_report;
pub use suite::{
    EndpointResult, EndpointStatus, RequestFigures, SUITE_FORMATS, SuiteEndpoint, SuiteResult,
    write_suite,
};
pub use svg::svg_report;
pub use text::text_report;
pub use write_out::{WriteOutText, write_each_out, write_out};

use std::io::{self, Write};

use crate::trace::Trace;

#[cfg(test)]
mod robustness;

/// Writes a run as a report of one format. It ends with a line break.
pub fn write_report_to(
    trace: &Trace,
    format: Format,
    options: &ReportOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    write_full_report_to(trace, trace, format, options, to)
}

/// The same where the trace no longer holds all exchanges. Of the formats that tell each of them
/// `every` has all; the others tell a selection, and what all come down to.
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

/// A run as a report of one format. It ends with a line break.
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
