//! Comma-separated values (RFC 4180) with one row per exchange, for spreadsheets and notebooks.
//!
//! The first row has the column names, including units. Names are a contract: new ones are added at
//! the end, none are renamed. What was not measured is empty. Text that a spreadsheet would
//! evaluate as a formula begins with `'`.

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

/// Writes all exchanges of a run, one at a time.
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

/// A record with its line break, which is CR LF in RFC 4180.
fn csv_record(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}
