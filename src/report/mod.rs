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
mod escaping;
mod events;
mod every;
mod flow;
mod format;
mod har;
mod html;
mod json;
mod junit;
mod layout;
mod markdown;
mod markup;
mod options;
mod otlp;
mod outcome;
mod pen;
mod picture;
mod progress;
mod prometheus;
mod suite;
mod svg;
mod text;
mod time;
mod write_out;

pub use csv::csv;
pub use diff::{Compared, DiffFormat, UnknownDiffFormat};
pub use events::{event_line, events};
pub use every::{EachTransfer, Every};
pub use format::{Format, UnknownFormat};
pub use har::har;
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use options::Options;
pub use otlp::{Identity, Resource, otlp_metrics, otlp_traces};
pub use outcome::{Outcome, outcome};
pub use progress::progress;
pub use prometheus::prometheus;
pub use suite::{Endpoint, Happened, Request, SUITE_FORMATS, Standing, Suite, write_suite};
pub use svg::svg;
pub use text::text;
pub use write_out::{WrittenOut, write_each_out, write_out};

use std::io::{self, Write};

use crate::trace::Trace;

#[cfg(test)]
mod whatever_happens;

/// Writes a run as a report of one format. It ends with a line break.
pub fn write_to(
    trace: &Trace,
    format: Format,
    options: &Options,
    to: &mut dyn Write,
) -> io::Result<()> {
    write_every_to(trace, trace, format, options, to)
}

/// The same where the trace no longer holds all exchanges. Of the formats that tell each of them
/// `every` has all; the others tell a selection, and what all come down to.
pub fn write_every_to(
    trace: &Trace,
    every: &dyn Every,
    format: Format,
    options: &Options,
    to: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Json => json::write_json(trace, every, options, to),
        Format::Har => har::write_har(trace, every, options, to),
        Format::Csv => csv::write_csv(every, options, to),
        _ => to.write_all(write(trace, format, options).as_bytes()),
    }
}

/// A run as a report of one format. It ends with a line break.
pub fn write(trace: &Trace, format: Format, options: &Options) -> String {
    match format {
        Format::Text => text(trace, options),
        Format::Json => json(trace, options),
        Format::Events => events(trace.log(), options),
        Format::Svg => svg(trace, options),
        Format::Html => html(trace, options),
        Format::Markdown => markdown(trace, options),
        Format::Har => har(trace, options),
        Format::Csv => csv(trace, options),
        Format::Prometheus => prometheus(trace, options),
        Format::Junit => junit(trace, options),
    }
}
