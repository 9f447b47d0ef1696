//! HAR 1.2: what browsers' developer tools and many other programs read.
//!
//! An entry for each exchange. Times are milliseconds of the app clock; what packets say of the same phases, and what the format has no
//! place for, is in fields that begin with `_`, most of them with the shapes of the JSON document. Bodies are left out unless secrets were
//! asked for: what is secret in them nobody can know.
//!
//! <http://www.softwareishard.com/blog/har-12-spec/>

mod cookies;
mod entry;
mod message;
mod timings;

use serde::Serialize;

use super::{Options, escaping};
use crate::trace::Trace;

/// A run as a HAR document.
pub fn har(trace: &Trace, options: &Options) -> String {
    let entries = trace.exchanges().iter().map(|exchange| entry::Entry::of(trace, exchange, options)).collect();
    let creator = Creator { name: "tapline", version: trace.tool_version().unwrap_or("unknown") };
    escaping::lines(&Document { log: Log { version: "1.2", creator, entries } })
}

#[derive(Serialize)]
struct Document<'a> {
    log: Log<'a>,
}

#[derive(Serialize)]
struct Log<'a> {
    version: &'static str,
    creator: Creator<'a>,
    entries: Vec<entry::Entry<'a>>,
}

#[derive(Serialize)]
struct Creator<'a> {
    name: &'static str,
    version: &'a str,
}
