//! Robustness tests: for arbitrary events, every report is written and contains no control
//! characters.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::trace::event_round_trip::any_event;
use crate::units::{Moment, Nanos, Untrusted, WallTime, is_unsafe_for_terminal};

/// Every kind of rule.
const BUDGET: &str = "total<1ms,size<=1B,tls<1s,status=200,p95(wait)<1ms+-10%,\
    mean(total)>1s+-1s,wire_wait!=1ms,rtt<1ms,round_trips<2,extra_round_trips>1,sent_bytes>=9,\
    received_bytes<1,segments_sent<2,segments_received<2,retransmits<1,retransmits_received<1,\
    cert_days>=14,tls_version>=1.3,http>=2,failures<=0,response_decoded_bytes<1,\
    response_header_bytes<1,request_header_bytes<1,request_body_bytes<1";

fn any_options() -> impl Strategy<Value = ReportOptions> {
    (0..200_usize, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(width, ascii, with_secrets, budgeted)| {
            let budget = if budgeted { BUDGET.parse().ok() } else { None };
            ReportOptions {
                width,
                color: false,
                ascii,
                with_secrets,
                budget,
                ..ReportOptions::default()
            }
        },
    )
}

fn is_safe(text: &str) -> bool {
    !text.chars().any(|c| c != '\n' && is_unsafe_for_terminal(c))
}

/// A report without the carriage returns that end the records of CSV.
fn without_record_ends(format: Format, report: &str) -> String {
    if format == Format::Csv {
        report.replace("\r\n", "\n")
    } else {
        report.to_owned()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_report_is_written_and_safe_to_look_at(
        events in vec(any_event(), 0..80),
        options in any_options(),
    ) {
        let trace = Trace::from_events(events);
        for format in Format::ALL {
            let written = write_report(&trace, format, &options);
            let lines = without_record_ends(format, &written);
            prop_assert!(is_safe(&lines), "{:?}: {:?}", format, written);
        }
        let ids = OtlpIds { trace: u128::MAX, span: u64::MAX };
        let resource = OtlpResource::default();
        let documents = [json_report(&trace, &options), har_report(&trace, &options)]
            .into_iter()
            .chain(otlp_traces(&trace, &options, ids, &resource))
            .chain(otlp_metrics(&trace, &options, &resource));
        for document in documents {
            prop_assert!(is_safe(&document), "{:?}", document);
            let parsed = serde_json::from_str::<serde_json::Value>(&document);
            prop_assert!(parsed.is_ok(), "{}", document);
        }
        let format = "%{json}%{certs}%{header_json}%header{a}%{errormsg}%{url.host}";
        let written = write_out(format, &trace, &options);
        prop_assert!(is_safe(&written.stdout), "{:?}", written.stdout);
    }

    #[test]
    fn every_suites_report_is_written_and_safe_to_look_at(
        events in vec(any_event(), 0..80),
        options in any_options(),
        name in any::<String>(),
    ) {
        let name = Untrusted::new(name);
        let suite = SuiteResult {
            started_at: WallTime(u64::MAX),
            duration: Nanos(u64::MAX),
            parallel: 1,
            interrupted: true,
            endpoints: vec![
                SuiteEndpoint::new(&name, &Trace::from_events(events), &options),
                SuiteEndpoint::not_run(&name, &name, &options),
            ],
        };
        for format in SUITE_FORMATS {
            let written = write_suite(&suite, format, &options).unwrap_or_default();
            let lines = without_record_ends(format, &written);
            prop_assert!(!written.is_empty() && is_safe(&lines), "{:?}: {:?}", format, written);
        }
    }

    #[test]
    fn progress_is_one_safe_line(
        events in vec(any_event(), 0..80),
        options in any_options(),
        now in any::<i64>(),
    ) {
        for exchange in Trace::from_events(events).exchanges() {
            let line = progress_line(exchange, Moment(now), &options).unwrap_or_default();
            prop_assert!(!line.chars().any(is_unsafe_for_terminal), "{:?}", line);
        }
    }
}
