//! HAR 1.2, the HTTP archive format of browser developer tools and many other programs.
//!
//! There is one entry per exchange. Times are in milliseconds on the app clock. The wire clock's
//! times, and everything that the format has no field for, are in fields that begin with `_`; most
//! of them have the same structure as in the JSON document. Bodies are left out unless secrets are
//! included, since secrets in a body cannot be recognized reliably.
//!
//! <http://www.softwareishard.com/blog/har-12-spec/>

mod cookies;
mod entry;
mod message;
mod timings;

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::exchange_source::{ExchangeFormat, ExchangeSource, StreamEnd, StreamedExchanges};
use super::{ReportOptions, json_text};
use crate::trace::{Exchange, Trace};

/// A run as a HAR document.
pub fn har_report(trace: &Trace, options: &ReportOptions) -> String {
    let mut text = Vec::new();
    let written = write_har(trace, trace, options, &mut text);
    debug_assert!(written.is_ok(), "{written:?}");
    String::from_utf8(text).unwrap_or_default()
}

/// Writes a HAR document with all exchanges of the run, incrementally.
pub(super) fn write_har(
    trace: &Trace,
    every: &dyn ExchangeSource,
    options: &ReportOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    let creator = Creator {
        name: "tapline",
        version: trace.tool_version().unwrap_or("unknown"),
    };
    let end = StreamEnd::default();
    let entries = StreamedExchanges {
        source: every,
        format: HarFormat(options),
        end: &end,
    };
    json_text::write_pretty_json(
        &Document {
            log: Log {
                version: "1.2",
                creator,
                entries,
                comment: Omitted(&end),
            },
        },
        to,
    )?;
    end.failed.into_inner().map_or(Ok(()), Err)
}

/// Serializes exchanges as HAR entries.
struct HarFormat<'a>(&'a ReportOptions);

impl ExchangeFormat for HarFormat<'_> {
    type Output<'t>
        = entry::HarReportEntry<'t>
    where
        Self: 't;

    fn convert<'t>(
        &'t self,
        trace: &'t Trace,
        exchange: &'t Exchange,
    ) -> entry::HarReportEntry<'t> {
        entry::HarReportEntry::new(trace, exchange, self.0)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    log: Log<'a>,
}

#[derive(Serialize)]
struct Log<'a> {
    version: &'static str,
    creator: Creator<'a>,
    entries: StreamedExchanges<'a, HarFormat<'a>>,
    #[serde(skip_serializing_if = "Omitted::is_none")]
    comment: Omitted<'a>,
}

/// A comment with the number of exchanges left out, known once the entries are written.
struct Omitted<'a>(&'a StreamEnd);

impl Omitted<'_> {
    const fn is_none(&self) -> bool {
        self.0.omits_none()
    }
}

impl Serialize for Omitted<'_> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let omitted = self.0.omitted.get();
        to.collect_str(&format_args!(
            "{omitted} exchanges of a long run are omitted"
        ))
    }
}

#[derive(Serialize)]
struct Creator<'a> {
    name: &'static str,
    version: &'a str,
}
