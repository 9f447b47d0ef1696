//! Comma-separated values (RFC 4180): a row for each exchange, for spreadsheets and for notebooks.
//!
//! The first row names the columns, each with its unit. Names are a contract: added to at the end, never renamed. What was not measured is
//! empty. Text that a spreadsheet would take for a formula begins with `'`.

mod cell;
mod columns;
mod suite;

pub(super) use suite::suite;

use super::Options;
use crate::insight::transfers;
use crate::trace::Trace;
use columns::{COLUMNS, Row};

/// A run as comma-separated values.
pub fn csv(trace: &Trace, options: &Options) -> String {
    let mut out = line(COLUMNS.iter().map(|(name, _)| (*name).to_owned()));
    for (transfer, hops) in transfers(trace).enumerate() {
        for exchange in hops.hops() {
            let row = Row::of(trace, transfer, exchange, options.redactor());
            out.push_str(&line(COLUMNS.iter().map(|(_, of)| of(&row).written())));
        }
    }
    out
}

/// A record with the line break that RFC 4180 asks for.
fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}
