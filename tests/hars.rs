//! A HAR that a browser wrote, as the run that it was.
//!
//! `hars/chromium.har` is what the developer tools of Chromium 156 made of a page on loopback: a
//! redirect, a slow answer, a missing page, a port that it does not connect to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use serde_json::Value;
use tapline::archive::Archive;
use tapline::report::{self, ReportOptions};
use tapline::trace::{FailureCode, Phase, Trace};

fn chromium() -> (Value, Trace) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hars/chromium.har");
    let mut trace = Trace::default();
    let kept = Archive::open(&path)
        .unwrap()
        .read_events(|event| trace.apply(event));
    assert_eq!(kept.error, None);
    (
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap(),
        trace,
    )
}

#[test]
fn what_a_browser_measured_is_what_is_reported() {
    let (written, trace) = chromium();
    let again: Value =
        serde_json::from_str(&report::har_report(&trace, &ReportOptions::default())).unwrap();
    let entries = |document: &Value| document["log"]["entries"].as_array().unwrap().clone();
    let (written, again) = (entries(&written), entries(&again));
    assert_eq!(written.len(), again.len());
    // The phase in which something failed is told, of which the browser has no time.
    let came = |(was, _): &(&Value, &Value)| was["response"]["status"] != 0;
    for (was, is) in written.iter().zip(&again).filter(came) {
        for what in ["dns", "connect", "ssl", "send", "wait", "receive"] {
            let [was, is] = [was, is].map(|entry| entry["timings"][what].as_f64().unwrap());
            assert!((was - is).abs() < 1e-6, "{what}: {was} and {is}");
        }
        let [time, told] = [was, is].map(|entry| entry["time"].as_f64().unwrap());
        // The browser's sum misses what it did between the phases, and dates are to the
        // millisecond.
        assert!((time - told).abs() < 0.01, "{time} and {told}");
        for path in [
            "/request/url",
            "/request/method",
            "/response/status",
            "/response/bodySize",
            "/response/content/size",
        ] {
            let [was, is] = [was, is].map(|entry| entry.pointer(path).unwrap());
            assert_eq!(was, is, "{path}");
        }
    }
}

#[test]
fn connections_failures_and_pages_are_those_of_the_browser() {
    let (_, trace) = chromium();
    assert_eq!(trace.connections().len(), 3);
    let used: Vec<_> = trace
        .exchanges()
        .iter()
        .map(|exchange| exchange.connection.map(|id| id.0))
        .collect();
    assert_eq!(
        used,
        [
            Some(0),
            Some(0),
            Some(0),
            Some(1),
            Some(1),
            None,
            Some(2),
            Some(2)
        ]
    );
    let failed: Vec<_> = trace
        .exchanges()
        .iter()
        .filter_map(|exchange| exchange.failure.as_ref())
        .collect();
    assert_eq!(
        failed
            .iter()
            .map(|(phase, failure)| (*phase, failure.code))
            .collect::<Vec<_>>(),
        [(Phase::Connect, FailureCode::ConnectForbidden)]
    );
    let redirect = trace
        .exchanges()
        .iter()
        .find_map(|exchange| exchange.redirected.as_ref())
        .unwrap();
    assert_eq!(redirect.0.raw(), "/img.svg");
    let events = report::event_lines(trace.log(), &ReportOptions::default());
    assert!(
        events.contains(
            "page http://127.0.0.1:8765/, content loaded after 64.5 ms, everything \
        loaded after 64.6 ms"
        ),
        "{events}"
    );
}
