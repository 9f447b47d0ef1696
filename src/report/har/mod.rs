//! HAR 1.2: what browsers' developer tools and many other programs read.
//!
//! An entry for each exchange. Times are milliseconds of the app clock; what packets say of the
//! same phases, and what the format has no place for, is in fields that begin with `_`, most of
//! them with the shapes of the JSON document. Bodies are left out unless secrets were asked for:
//! what is secret in them nobody can know.
//!
//! <http://www.softwareishard.com/blog/har-12-spec/>

mod cookies;
mod entry;
mod message;
mod timings;

use std::cell::RefCell;
use std::io::{self, Write};

use serde::Serialize;

use super::every::{Every, Shape, Streamed};
use super::{Options, escaping};
use crate::trace::{Exchange, Trace};

/// A run as a HAR document.
pub fn har(trace: &Trace, options: &Options) -> String {
    let mut text = Vec::new();
    let written = write_har(trace, trace, options, &mut text);
    debug_assert!(written.is_ok(), "{written:?}");
    String::from_utf8(text).unwrap_or_default()
}

/// The same with all exchanges of the run, written as it comes to be.
pub(super) fn write_har(
    trace: &Trace,
    every: &dyn Every,
    options: &Options,
    to: &mut dyn Write,
) -> io::Result<()> {
    let creator = Creator {
        name: "tapline",
        version: trace.tool_version().unwrap_or("unknown"),
    };
    let failed = RefCell::default();
    let entries = Streamed {
        every,
        shape: InHar(options),
        failed: &failed,
    };
    escaping::write_lines(
        &Document {
            log: Log {
                version: "1.2",
                creator,
                entries,
            },
        },
        to,
    )?;
    failed.into_inner().map_or(Ok(()), Err)
}

/// How an exchange stands in the document.
struct InHar<'a>(&'a Options);

impl Shape for InHar<'_> {
    type Told<'t>
        = entry::Entry<'t>
    where
        Self: 't;

    fn tell<'t>(&'t self, trace: &'t Trace, exchange: &'t Exchange) -> entry::Entry<'t> {
        entry::Entry::of(trace, exchange, self.0)
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
    entries: Streamed<'a, InHar<'a>>,
}

#[derive(Serialize)]
struct Creator<'a> {
    name: &'static str,
    version: &'a str,
}
