//! Comma-separated values (RFC 4180): a row for each exchange, for spreadsheets and for notebooks.
//!
//! The first row names the columns, each with its unit. Names are a contract: added to at the end,
//! never renamed. What was not measured is empty. Text that a spreadsheet would take for a formula
//! begins with `'`.

mod cell;
mod columns;
mod suite;

pub(super) use suite::suite_csv;

use std::io::{self, BufWriter, Write};

use super::ReportOptions;
use super::exchange_source::ExchangeSource;
use crate::trace::Trace;
use columns::{COLUMNS, CsvRow};

/// A run as comma-separated values.
pub fn csv_report(trace: &Trace, options: &ReportOptions) -> String {
    let mut text = Vec::new();
    let written = write_csv(trace, options, &mut text);
    debug_assert!(written.is_ok(), "{written:?}");
    String::from_utf8(text).unwrap_or_default()
}

/// The same with all exchanges of the run, written as they come.
pub(super) fn write_csv(
    every: &dyn ExchangeSource,
    options: &ReportOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    let mut out = BufWriter::new(to);
    out.write_all(csv_record(COLUMNS.iter().map(|(name, _)| (*name).to_owned())).as_bytes())?;
    every.for_each_transfer(&mut |trace, number, transfer| {
        for exchange in transfer.hops() {
            let row = CsvRow::new(trace, number, exchange, options.redactor());
            out.write_all(csv_record(COLUMNS.iter().map(|(_, of)| of(&row).encode())).as_bytes())?;
        }
        Ok(())
    })?;
    out.flush()
}

/// A record with the line break that RFC 4180 asks for.
fn csv_record(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}
