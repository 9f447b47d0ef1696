//! A suite of endpoints whose runs are the scenarios', and whose names are anybody's.

use tapline::report::{self, Format, ReportOptions, SuiteEndpoint, SuiteResult};
use tapline::units::{Nanos, WallTime};

use crate::scenario::Scenario;

/// What is in names that mean to be something else.
pub(crate) const HOSTILE: &str = "</td><script>x</script> [a](http://e.test) @you #1 \"} \
    1\nprobe_success{a=\"\\ =1+1 | \u{1b}[31m";

/// A report of a suite of all scenarios, and how many endpoints it tells of.
pub(crate) fn written(format: Format) -> (String, usize) {
    of(&Scenario::all(), format)
}

fn of(all: &[Scenario], format: Format) -> (String, usize) {
    let options = ReportOptions {
        budget: Some("total<1ms,total<1ms,tls<1s,status=200".parse().unwrap()),
        ..ReportOptions::default()
    };
    let mut endpoints: Vec<SuiteEndpoint> = all
        .iter()
        .map(|scenario| {
            SuiteEndpoint::new(&scenario.name.as_str().into(), &scenario.trace(), &options)
        })
        .collect();
    endpoints.push(SuiteEndpoint::new(
        &HOSTILE.into(),
        &all[0].trace(),
        &options,
    ));
    endpoints.push(SuiteEndpoint::not_run(
        &format!("not run {HOSTILE}").into(),
        &"http://h/".into(),
        &options,
    ));
    let count = endpoints.len();
    let started_at = WallTime(1_795_176_000_000_000_000);
    let suite = SuiteResult {
        started_at,
        duration: Nanos(1_000_000),
        parallel: 2,
        interrupted: true,
        endpoints,
    };
    (
        report::write_suite(&suite, format, &options).unwrap(),
        count,
    )
}

#[test]
fn a_suites_table_and_summary_read_well() {
    let some = ["https_http2", "nxdomain", "redirects", "repeated"].map(Scenario::named);
    insta::assert_snapshot!("suite_text", of(&some, Format::Text).0);
    insta::assert_snapshot!("suite_markdown", of(&some, Format::Markdown).0);
}
