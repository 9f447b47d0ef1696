//! Comma-separated values (RFC 4180): a row for each exchange, for spreadsheets and for notebooks.
//!
//! The first row names the columns, each with its unit. Names are a contract: added to at the end,
//! never renamed. What was not measured is empty. Text that a spreadsheet would take for a formula
//! begins with `'`.

mod cell;
mod columns;
mod suite;

pub(super) use suite::suite;

use std::io::{self, BufWriter, Write};

use super::Options;
use super::every::Every;
use crate::trace::Trace;
use columns::{COLUMNS, Row};

/// A run as comma-separated values.
pub fn csv(trace: &Trace, options: &Options) -> String {
    let mut text = Vec::new();
    let written = write_csv(trace, options, &mut text);
    debug_assert!(written.is_ok(), "{written:?}");
    String::from_utf8(text).unwrap_or_default()
}

/// The same with all exchanges of the run, written as they come.
pub(super) fn write_csv(
    every: &dyn Every,
    options: &Options,
    to: &mut dyn Write,
) -> io::Result<()> {
    let mut out = BufWriter::new(to);
    out.write_all(line(COLUMNS.iter().map(|(name, _)| (*name).to_owned())).as_bytes())?;
    every.each(&mut |trace, number, transfer| {
        for exchange in transfer.hops() {
            let row = Row::of(trace, number, exchange, options.redactor());
            out.write_all(line(COLUMNS.iter().map(|(_, of)| of(&row).written())).as_bytes())?;
        }
        Ok(())
    })?;
    out.flush()
}

/// A record with the line break that RFC 4180 asks for.
fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}
