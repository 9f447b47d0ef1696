//! Tests with traces built from events.

use super::*;
use crate::trace::{
    ConnectionId, Event, EventKind, ExchangeCause, ExchangeId, Failure, FailureCode, HttpHeader,
    HttpVersion, Phase,
};
use crate::units::Moment;

const HOPS: [(ExchangeCause, &str, u16, bool); 2] = [
    (
        ExchangeCause::Asked,
        "http://ada:pw@h.test:81/a?token=t",
        302,
        false,
    ),
    (ExchangeCause::Redirect, "http://h.test:81/b", 200, true),
];

/// A redirect whose second hop reuses the connection; times in milliseconds.
fn redirected_run() -> Trace {
    let mut events = vec![(
        0,
        EventKind::RunStarted {
            schema: crate::trace::EVENT_SCHEMA.into(),
            tool_version: "9.9".into(),
            started_at: crate::units::WallTime(0),
        },
    )];
    for (i, (cause, url, status, reused)) in (0..).zip(HOPS) {
        let exchange = ExchangeId(i);
        let t = i64::from(i) * 100;
        events.push((
            t,
            EventKind::ExchangeStarted {
                exchange,
                cause,
                method: "GET".into(),
                url: url.into(),
            },
        ));
        let ends = ["127.0.0.1:5000", "127.0.0.1:81"].map(|end| end.to_owned().into());
        let [local, remote] = ends;
        if !reused {
            events.extend(phase_events(exchange, Phase::Dns, t, t + 1));
            events.extend(phase_events(exchange, Phase::Connect, t + 1, t + 3));
        }
        events.push((
            t + 3,
            EventKind::Connected {
                exchange,
                connection: ConnectionId(0),
                local,
                remote,
                reused,
            },
        ));
        events.extend(phase_events(exchange, Phase::Send, t + 4, t + 5));
        let request = vec![
            HttpHeader::new("Host", "h.test"),
            HttpHeader::new("Referer", "http://r.test/?token=t"),
        ];
        events.push((
            t + 4,
            EventKind::RequestHead {
                exchange,
                version: HttpVersion::Http11,
                method: "GET".into(),
                target: "/".into(),
                headers: request,
                header_bytes: 70,
            },
        ));
        events.extend(phase_events(exchange, Phase::Wait, t + 5, t + 50));
        events.push((
            t + 50,
            EventKind::ResponseHead {
                exchange,
                version: HttpVersion::Http11,
                status,
                reason: "".into(),
                headers: sample_headers(),
                header_bytes: 120,
            },
        ));
        events.extend(phase_events(exchange, Phase::Receive, t + 50, t + 60));
        events.push((
            t + 60,
            EventKind::ResponseBody {
                exchange,
                received: 10,
                decoded: 10,
                expected: None,
            },
        ));
        if status == 302 {
            events.push((
                t + 60,
                EventKind::Redirected {
                    exchange,
                    to: "http://h.test:81/b".into(),
                    withheld: Vec::new(),
                },
            ));
        }
        events.push((t + 60, EventKind::ExchangeEnded { exchange }));
    }
    fold(events)
}

fn sample_headers() -> Vec<HttpHeader> {
    vec![
        HttpHeader::new("Content-Type", "text/plain\x1b[31m"),
        HttpHeader::new("X-Two", "1"),
        HttpHeader::new("x-two", "2\u{202e}"),
        HttpHeader::new("Location", "../b"),
        HttpHeader::new("Set-Cookie", "id=secret; Path=/"),
    ]
}

fn phase_events(exchange: ExchangeId, phase: Phase, from: i64, to: i64) -> [(i64, EventKind); 2] {
    [
        (
            from,
            EventKind::PhaseBegan {
                exchange,
                phase,
                position: None,
            },
        ),
        (
            to,
            EventKind::PhaseEnded {
                exchange,
                phase,
                position: None,
            },
        ),
    ]
}

fn fold(events: Vec<(i64, EventKind)>) -> Trace {
    Trace::from_events(events.into_iter().map(|(at, what)| Event {
        at: Moment(at * 1_000_000),
        kind: what,
    }))
}

fn refused_run() -> Trace {
    let exchange = ExchangeId(0);
    let failure = Failure {
        code: FailureCode::ConnectRefused,
        message: "nothing listens\u{7} on http://u:p@h/".into(),
        hint: String::new(),
    };
    fold(vec![
        (
            0,
            EventKind::ExchangeStarted {
                exchange,
                cause: ExchangeCause::Asked,
                method: "PUT".into(),
                url: "http://127.0.0.1:1/".into(),
            },
        ),
        (
            1,
            EventKind::PhaseBegan {
                exchange,
                phase: Phase::Connect,
                position: None,
            },
        ),
        (
            2,
            EventKind::Failed {
                exchange,
                phase: Phase::Connect,
                failure,
            },
        ),
        (3, EventKind::ExchangeEnded { exchange }),
    ])
}

fn written_stdout(format: &str, trace: &Trace) -> String {
    let out = write_out(format, trace, &ReportOptions::default());
    assert_eq!(
        (out.stderr.as_str(), out.warnings.as_slice()),
        ("", &[][..])
    );
    out.stdout
}

#[test]
fn times_are_summed_over_redirects_as_curl_does() {
    let format = "%{time_namelookup} %{time_connect} %{time_appconnect} %{time_pretransfer} \
        %{time_posttransfer} %{time_starttransfer} %{time_redirect} %{time_total}";
    assert_eq!(
        written_stdout(format, &redirected_run()),
        "0.005000 0.003000 0.000000 0.008000 0.010000 0.100000 0.100000 0.160000"
    );
}

#[test]
fn facts_are_those_of_the_last_hop_and_counts_of_all() {
    let trace = redirected_run();
    for (format, written) in [
        (
            "%{http_code} %{response_code} %{http_connect} %{http_version} %{scheme} %{method}",
            "200 200 000 1.1 HTTP GET",
        ),
        (
            "%{num_connects} %{num_redirects} %{num_retries} %{num_headers} %{num_certs} %{urlnum}",
            "1 1 0 5 0 0",
        ),
        (
            "%{remote_ip}:%{remote_port} %{local_ip}:%{local_port} ",
            "127.0.0.1:81 127.0.0.1:5000 ",
        ),
        (
            "%{size_download} %{size_header} %{size_request} %{size_upload} %{speed_download} \
                %{speed_upload}",
            "10 240 140 0 62 0",
        ),
        (
            "%{url} %{url_effective}",
            "http://REDACTED@h.test:81/a?token=REDACTED http://h.test:81/b",
        ),
        (
            "%{url.host} %{url.port} %{url.query} %{urle.path} %{urle.user}",
            "h.test 81 token=REDACTED /b ",
        ),
        (
            "[%{redirect_url}] [%{referer}] [%{errormsg}] %{exitcode} %{ssl_verify_result}",
            "[] [http://r.test/?token=REDACTED] [] 0 0",
        ),
        (
            r"%{content_type}|%header{x-TWO}|%header{set-cookie}|%header{none}|%%\n",
            "text/plain\\x1b[31m|1|id=REDACTED; Path=/||%\n",
        ),
        ("a%{onerror}b", "a"),
    ] {
        assert_eq!(written_stdout(format, &trace), written, "{format}");
    }
}

#[test]
fn an_unfollowed_redirect_is_reported_in_full() {
    let mut trace = Trace::default();
    let exchange = ExchangeId(0);
    trace.apply(Event {
        at: Moment(0),
        kind: EventKind::ExchangeStarted {
            exchange,
            cause: ExchangeCause::Asked,
            method: "GET".into(),
            url: "http://h.test:81/x/y?q".into(),
        },
    });
    trace.apply(Event {
        at: Moment(1),
        kind: EventKind::ResponseHead {
            exchange,
            version: HttpVersion::Http11,
            status: 302,
            reason: "".into(),
            headers: sample_headers(),
            header_bytes: 1,
        },
    });
    assert_eq!(
        written_stdout("%{redirect_url}", &trace),
        "http://h.test:81/b"
    );
}

#[test]
fn a_failure_has_curls_number() {
    let format =
        "%{http_code} %{exitcode} %{errormsg} %{scheme}%{remote_ip}%{time_connect} %{onerror}x";
    assert_eq!(
        written_stdout(format, &refused_run()),
        r"000 7 nothing listens\x07 on http://REDACTED@h/ 0.000000 x"
    );
}

#[test]
fn streams_are_switched_and_unknown_variables_warned_about_once() {
    let written = write_out(
        "a%{stderr}b%{nosuch}%{nosuch}%output{f}%{stdout}c",
        &redirected_run(),
        &ReportOptions::default(),
    );
    assert_eq!(
        (written.stdout.as_str(), written.stderr.as_str()),
        ("ac", "b")
    );
    assert_eq!(
        written.warnings,
        [
            "unknown --write-out variable: 'nosuch'",
            "%output{} is not supported in --write-out: redirect the output instead"
        ]
    );
}

#[test]
fn json_holds_every_variable_in_order_and_nothing_that_acts_on_a_terminal() {
    let written = written_stdout("%{json}", &redirected_run());
    let read: serde_json::Value = serde_json::from_str(&written).expect("it is JSON");
    let members: Vec<&String> = read.as_object().expect("an object").keys().collect();
    assert_eq!(members.len(), 45);
    assert_eq!(read["time_total"], 0.16);
    assert_eq!(read["http_code"], 200);
    assert_eq!(read["redirect_url"], serde_json::Value::Null);
    assert_eq!(read["content_type"], "text/plain\u{1b}[31m");
    assert_eq!(read["curl_version"], "tapline/9.9");
    assert!(!written.chars().any(crate::units::is_unsafe_for_terminal));
    assert_eq!(
        written_stdout("%{header_json}", &redirected_run()),
        "{\"content-type\":[\"text/plain\\u001b[31m\"],\n\
         \"x-two\":[\"1\",\"2\\u202e\"],\n\
         \"location\":[\"../b\"],\n\
         \"set-cookie\":[\"id=REDACTED; Path=/\"]\n}"
    );
}
