//! HAR files as written by each browser, and by none.

use std::io::Cursor;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::archive::{Archive, ArchiveError};
use crate::trace::{Event, EventKind, ExchangeCause, FailureCode, HttpVersion, Phase, Trace};
use crate::units::Nanos;

fn read(bytes: &[u8]) -> Result<Vec<Event>, ArchiveError> {
    let mut events = Vec::new();
    let kept =
        Archive::from_pipe(Cursor::new(bytes.to_vec()))?.read_events(|event| events.push(event));
    assert_eq!(kept.error, None);
    assert!(events.is_sorted_by_key(|event| event.at));
    Ok(events)
}

fn trace_of_entries(entries: &Value) -> Trace {
    let log = json!({ "log": { "version": "1.2", "creator": { "name": "WebInspector",
        "version": "537.36" }, "entries": entries } });
    Trace::from_events(read(log.to_string().as_bytes()).unwrap())
}

fn phase_times(trace: &Trace, exchange: usize) -> Vec<(&'static str, u64)> {
    let phases = trace.exchanges()[exchange].phases.iter();
    phases
        .map(|(phase, span)| (phase.name(), span.duration().unwrap().0 / 1_000))
        .collect()
}

fn note_texts(trace: &Trace) -> Vec<String> {
    let notes = trace.log().iter().filter_map(|event| match &event.kind {
        EventKind::Note { text, .. } => Some(text.raw().to_owned()),
        _ => None,
    });
    notes.collect()
}

/// Entries as Chromium writes them: `-1` for what did not happen, `ssl` within `connect`, no head
/// sizes over HTTP/2.
fn chromium_entries() -> Value {
    json!([
        { "_connectionId": "42", "_initiator": { "type": "other", "stack": { "callFrames": [1, 2,
            [3]] } }, "_priority": "VeryHigh", "_resourceType": "document",
          "cache": {}, "connection": "42", "pageref": "page_1", "serverIPAddress": "[2001:db8::1]",
          "startedDateTime": "2026-03-01T12:00:00.250Z", "time": 150.5,
          "request": { "method": "GET", "url": "https://h.test/a?q=1", "httpVersion": "http/2.0",
              "headers": [{ "name": ":path", "value": "/a?q=1" }],
            "queryString": [], "cookies": [], "headersSize": -1, "bodySize": 0 },
          "response": { "status": 200, "statusText": "", "httpVersion": "http/2.0",
              "headers": [{ "name": "content-encoding", "value": "br" }], "cookies": [],
            "content": { "size": 5000, "mimeType": "text/html", "compression": 4000,
                "text": "<!doctype html>" },
            "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": 1100,
                "_error": null },
          "timings": { "blocked": 2.5, "dns": 20, "connect": 80, "ssl": 40, "send": 0.5, "wait": 40,
              "receive": 7.5, "_blocked_queueing": 1.1 } },
        { "connection": "42", "serverIPAddress": "[2001:db8::1]",
            "startedDateTime": "2026-03-01T12:00:00.420Z", "time": 31,
          "_webSocketMessages": [{ "type": "send", "time": 1.5, "opcode": 1, "data": "x" },
              { "type": "receive", "time": 1.6, "opcode": 1, "data": "y" }],
          "request": { "method": "GET", "url": "https://h.test/b", "httpVersion": "h3",
              "headers": [], "headersSize": 30, "bodySize": 0 },
          "response": { "status": 304, "statusText": "", "httpVersion": "h3", "headers": [],
              "content": { "size": 0, "mimeType": "x-unknown" },
            "redirectURL": "", "headersSize": 20, "bodySize": 0 },
          "timings": { "blocked": 1, "dns": -1, "connect": -1, "ssl": -1, "send": 1, "wait": 28,
              "receive": 1 } },
        { "_fromCache": "disk", "startedDateTime": "2026-03-01T12:00:00.500Z", "time": 1.5,
          "request": { "method": "GET", "url": "https://h.test/c.css", "httpVersion": "",
              "headers": [], "headersSize": -1, "bodySize": 0 },
          "response": { "status": 200, "statusText": "OK", "httpVersion": "", "headers": [],
              "content": { "size": 9, "mimeType": "text/css" }, "bodySize": 0 },
          "timings": { "blocked": 1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0.25,
              "receive": 0.25 } },
        { "startedDateTime": "2026-03-01T12:00:00.600Z", "time": 3,
          "request": { "method": "GET", "url": "https://no.test/", "httpVersion": "", "headers": [],
              "headersSize": -1, "bodySize": 0 },
          "response": { "status": 0, "statusText": "", "httpVersion": "", "headers": [],
              "content": { "size": 0, "mimeType": "x-unknown" },
            "headersSize": -1, "bodySize": -1, "_error": "net::ERR_NAME_NOT_RESOLVED" },
          "timings": { "blocked": 3, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0,
              "receive": 0 } }
    ])
}

#[test]
fn chromiums_entries_become_exchanges() {
    let trace = trace_of_entries(&chromium_entries());
    let [first, second, cached, failed] = trace.exchanges() else {
        panic!("four entries")
    };
    let phases = [
        ("dns", 20_000),
        ("connect", 40_000),
        ("tls", 40_000),
        ("send", 500),
        ("wait", 40_000),
        ("receive", 7_500),
    ];
    assert_eq!(phase_times(&trace, 0), phases);
    assert_eq!(
        (first.total(), first.phases.get(Phase::Dns).unwrap().began.0),
        (Some(Nanos(150_500_000)), 2_500_000)
    );
    let response = first.response.as_ref().unwrap();
    assert_eq!(
        (
            response.version,
            first.response_body.transferred,
            first.response_body.decoded
        ),
        (HttpVersion::Http2, 1_000, 5_000)
    );
    assert_eq!(
        first.preview.as_ref().map(|(text, _)| text.raw()),
        Some("<!doctype html>")
    );
    assert_eq!(
        trace.connections()[0].remote.to_string(),
        "[2001:db8::1]:443"
    );
    assert_eq!(trace.connections()[0].local.if_specified(), None);
    assert_eq!(
        (
            second.connection,
            second.reused_connection,
            trace.connections().len()
        ),
        (first.connection, true, 1)
    );
    assert_eq!(
        second.response.as_ref().map(|response| response.version),
        Some(HttpVersion::Http3)
    );
    assert_eq!(second.started.0, 170_000_000);
    assert_eq!((cached.connection, cached.failure.is_none()), (None, true));
    assert_eq!(
        failed
            .failure
            .as_ref()
            .map(|(phase, failure)| (*phase, failure.code)),
        Some((Phase::Dns, FailureCode::DnsNoSuchName))
    );
    let said = note_texts(&trace);
    for words in [
        "a HAR, written by WebInspector 537.36",
        "disk",
        "2 WebSocket messages, 1 from the client",
        "estimated as in HTTP/1.1",
        "1 request without an HTTP version",
    ] {
        assert!(
            said.iter().any(|note| note.contains(words)),
            "{words}: {said:?}"
        );
    }
}

/// As Firefox writes them: zeros for what did not happen, a time zone, the port as the connection,
/// redirects followed.
#[test]
fn firefoxs_zeros_are_absent_and_its_redirects_are_hops() {
    let entry = |began: &str, url: &str, status: u16, to: &str, timings: Value| {
        json!({ "pageref": "page_1", "startedDateTime": began, "serverIPAddress": "192.0.2.7",
            "connection": "443", "time": 90, "_securityState": "secure",
            "request": { "bodySize": 3, "method": "POST", "url": url, "httpVersion": "HTTP/1.1",
                "headers": [{ "name": "Host", "value": "h.test" }], "headersSize": 400 },
            "response": { "status": status, "statusText": "X", "httpVersion": "HTTP/1.1",
                "headers": [], "content": { "mimeType": "text/plain", "size": 4,
                "encoding": "base64", "text": "Y2Fmw6kh" }, "redirectURL": to, "headersSize": 120,
                    "bodySize": 124 },
            "cache": {}, "timings": timings })
    };
    let made = json!({ "blocked": 0, "dns": 10, "connect": 20, "ssl": 30, "send": 0, "wait": 29,
        "receive": 1 });
    let reused = json!({ "blocked": 60, "dns": 0, "connect": 0, "ssl": 0, "send": 0, "wait": 29,
        "receive": 1 });
    let trace = trace_of_entries(&json!([
        entry(
            "2026-03-01T14:00:00.200+02:00",
            "https://h.test/new",
            200,
            "",
            reused
        ),
        entry(
            "2026-03-01T13:00:00.100+01:00",
            "https://h.test/old",
            302,
            "/new",
            made
        ),
    ]));
    let [old, new] = trace.exchanges() else {
        panic!("two entries")
    };
    assert_eq!(
        (old.cause, new.cause, new.started.0),
        (ExchangeCause::Asked, ExchangeCause::Redirect, 100_000_000)
    );
    assert_eq!(
        old.redirected.as_ref().map(|(to, _)| to.raw()),
        Some("/new")
    );
    assert_eq!(
        phase_times(&trace, 0),
        [
            ("dns", 10_000),
            ("connect", 20_000),
            ("tls", 30_000),
            ("send", 0),
            ("wait", 29_000),
            ("receive", 1_000)
        ]
    );
    assert_eq!(
        phase_times(&trace, 1),
        [("send", 0), ("wait", 29_000), ("receive", 1_000)]
    );
    assert_eq!(
        (new.connection, new.reused_connection),
        (old.connection, true)
    );
    assert_eq!(
        new.preview.as_ref().map(|(text, _)| text.raw()),
        Some("café!")
    );
    assert_eq!(old.request_body.transferred, 3);
}

/// As Safari writes them: no addresses, no connections, few timings.
#[test]
fn safaris_gaps_stay_gaps() {
    let trace = trace_of_entries(
        &json!([{ "startedDateTime": "2026-03-01T12:00:00.000Z", "time": 40.25,
        "request": { "method": "GET", "url": "http://h.test/", "httpVersion": "HTTP/1.1",
            "headers": [], "headersSize": -1, "bodySize": -1 },
        "response": { "status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": [],
            "content": { "size": 10, "mimeType": "text/html" },
            "redirectURL": "", "headersSize": -1, "bodySize": -1 },
        "cache": {}, "timings": { "blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0.25,
            "wait": 30, "receive": 10 } }]),
    );
    assert_eq!(
        phase_times(&trace, 0),
        [("send", 250), ("wait", 30_000), ("receive", 10_000)]
    );
    let only = &trace.exchanges()[0];
    assert_eq!(
        (
            only.connection,
            only.total(),
            only.response_body.transferred
        ),
        (None, Some(Nanos(40_250_000)), 10)
    );
    assert!(trace.connections().is_empty());
}

#[test]
fn invalid_values_are_absent_and_the_rest_is_read() {
    let trace = trace_of_entries(&json!([
        7, "x", null, [],
        { "startedDateTime": 5, "time": "12.5", "request": { "url": "http://h.test/",
            "headers": { "not": "a list" } }, "response": { "status": "200",
            "headers": [{ "name": null }, 3] },
          "timings": { "wait": "12.5", "dns": {}, "send": [1], "receive": null, "connect": 1e300 },
              "connection": 443, "serverIPAddress": 9 },
        { "startedDateTime": "yesterday" },
        { "startedDateTime": "2026-03-01T12:00:00Z", "request": "none", "response": 1,
            "timings": true, "_phases": "x", "_error": [1], "_cause": 9 },
        { "startedDateTime": "0001-01-01T00:00:00Z", "time": 1e300, "timings": { "wait": -5 } }
    ]));
    assert_eq!(trace.exchanges().len(), 4);
    let answered = trace
        .exchanges()
        .iter()
        .find(|exchange| exchange.response.is_some())
        .unwrap();
    assert_eq!(
        answered.phases.get(Phase::Wait).unwrap().duration(),
        Some(Nanos(12_500_000))
    );
    assert!(
        note_texts(&trace)
            .iter()
            .any(|note| note.starts_with("2 requests without a start time"))
    );
}

#[test]
fn a_byte_order_mark_and_white_space_are_skipped_and_other_json_is_recognized() {
    let har = b"\xef\xbb\xbf \r\n\t{\"log\":{\"entries\":[]}}";
    assert_eq!(read(har).unwrap().len(), 3);
    let refused = |text: &str| {
        read(text.as_bytes())
            .err()
            .map(|error| error.to_string())
            .unwrap()
    };
    assert_eq!(
        refused("{\"schema\": \"other/1\"}"),
        "JSON, but neither a HAR (it has no \"log\") nor a summary written by tapline: its \
            schema is \"other/1\""
    );
    assert_eq!(
        refused("{\"schema\": \"tapline/summary/1\", \"exchanges\": []}"),
        "a summary of a run, which contains no events; 'tapline diff' compares summaries"
    );
    let broken = refused("{\"log\": {\"entries\": [{}, ");
    assert_eq!(
        broken,
        "neither a readable HAR nor a readable summary: EOF while parsing a value at line \
            1 column 25"
    );
    let deep = refused(&format!("{{\"log\": {}", "[".repeat(100_000)));
    assert!(deep.contains("EOF while parsing a list"), "{deep}");
}

#[test]
fn a_huge_body_is_cut_before_it_is_held() {
    let text = "<p>\u{1f980}\\n</p>".repeat(200_000);
    let mut entries = chromium_entries();
    entries[0]["response"]["content"]["text"] = json!(text);
    let trace = trace_of_entries(&entries);
    let (shown, truncated) = trace.exchanges()[0].preview.as_ref().unwrap();
    assert!(shown.raw().len() <= 4096 && text.starts_with(shown.raw()) && *truncated);
    assert_eq!(trace.exchanges().len(), 4);
}

#[test]
fn ssl_beside_connect_is_seen_by_the_sum() {
    let entry = |time: f64, connect: f64, ssl: f64| {
        let timings = json!({ "blocked": 0, "dns": -1, "connect": connect, "ssl": ssl, "send": 1,
            "wait": 9, "receive": 0 });
        let trace = trace_of_entries(
            &json!([{ "startedDateTime": "2026-03-01T12:00:00Z", "time": time, "timings": timings,
            "request": { "url": "https://h.test/", "httpVersion": "h2" },
                "response": { "status": 200, "httpVersion": "h2" } }]),
        );
        phase_times(&trace, 0)
            .into_iter()
            .take(2)
            .map(|(_, took)| took / 1_000)
            .collect::<Vec<_>>()
    };
    assert_eq!(entry(50.0, 40.0, 15.0), [25, 15]);
    assert_eq!(entry(65.0, 40.0, 15.0), [40, 15]);
    assert_eq!(entry(50.0, 10.0, 30.0), [10, 30]);
}

/// An entry that begins `began` milliseconds after noon and takes `took` milliseconds.
fn timed_entry(began: u32, took: u32, more: &str) -> String {
    let second = began / 1_000;
    let milli = began % 1_000;
    format!(
        r#"{{"startedDateTime":"2026-03-01T12:{:02}:{:02}.{milli:03}Z","time":{took},
            "request":{{"url":"http://h.test/{began}"}},"response":{{"status":200}},
            "timings":{{"wait":{took}}}{more}}}"#,
        second / 60,
        second % 60
    )
}

fn har_of_entries(entries: &[String]) -> String {
    format!(r#"{{"log":{{"entries":[{}]}}}}"#, entries.join(","))
}

#[test]
fn entries_in_any_order_are_read_in_chronological_order() {
    let mut seed = 1_u32;
    let mut number = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    let entries: Vec<String> = (0..3_000)
        .map(|_| timed_entry(number(60_000), number(2_000), ""))
        .collect();
    let events = read(har_of_entries(&entries).as_bytes()).unwrap();
    let trace = Trace::from_events(events);
    assert_eq!(trace.exchanges().len(), 3_000);
    assert!(
        trace
            .exchanges()
            .iter()
            .all(|exchange| exchange.ended.is_some() && exchange.response.is_some())
    );
    assert!(
        trace
            .exchanges()
            .is_sorted_by_key(|exchange| exchange.started)
    );
}

#[test]
fn a_very_long_redirect_chain_is_split() {
    let hop = |number: u32| {
        timed_entry(number, 1, "").replace(
            r#""status":200"#,
            &format!(r#""status":302,"redirectURL":"/{}""#, number + 1),
        )
    };
    let trace = Trace::from_events(
        read(har_of_entries(&(0..2_500).map(hop).collect::<Vec<_>>()).as_bytes()).unwrap(),
    );
    let asked: Vec<_> = trace
        .exchanges()
        .iter()
        .enumerate()
        .filter(|(_, it)| it.cause == ExchangeCause::Asked)
        .map(|(place, _)| place)
        .collect();
    assert_eq!(asked, [0, 1_001, 2_002]);
}

#[test]
fn very_many_simultaneous_entries_are_all_read() {
    let entries: Vec<String> = (0..5_000)
        .map(|number| timed_entry(0, 10 + number, ""))
        .collect();
    let mut trace = Trace::default();
    Archive::from_pipe(Cursor::new(har_of_entries(&entries)))
        .unwrap()
        .read_events(|event| trace.apply(event));
    assert_eq!(trace.exchanges().len(), 5_000);
    let took = trace
        .exchanges()
        .iter()
        .enumerate()
        .all(|(number, exchange)| exchange.total() == Some(Nanos::from_millis(10 + number as u64)));
    assert!(took, "each entry's times are its own");
}

/// An entry of more than 64 KiB is read from the store, and one of more than a mebibyte is
/// streamed.
#[test]
fn entries_of_any_size_are_read() {
    for (fields, kept) in [(10, 10), (900, 900), (40_000, 1_000)] {
        let field = format!(r#"{{"name":"x","value":"{}"}}"#, "v".repeat(100));
        let large = timed_entry(1, 1, "").replace(
            r#""status":200"#,
            &format!(
                r#""status":200,"headers":[{}]"#,
                vec![field; fields].join(",")
            ),
        );
        let trace = Trace::from_events(
            read(har_of_entries(&[timed_entry(5, 1, ""), large, timed_entry(0, 1, "")]).as_bytes())
                .unwrap(),
        );
        let of = |place: usize| {
            trace.exchanges()[place]
                .response
                .as_ref()
                .unwrap()
                .headers
                .len()
        };
        assert_eq!([of(0), of(1), of(2)], [0, kept, 0], "{fields}");
    }
}

#[test]
fn invalid_json_is_refused_with_its_position() {
    let second = "{\n \"time\": tru }";
    for (json, place) in [
        (
            format!(r#"{{"log":{{"entries":[{{}},{second}]}}}}"#),
            "expected ident at line 2 column 13",
        ),
        (
            r#"{"log":{"entries":[{},{}}]}}"#.to_owned(),
            "line 1 column 25",
        ),
        (
            r#"{"log":{"entries":[{},]}}"#.to_owned(),
            "line 1 column 23",
        ),
        (
            r#"{"log":{"entries":[{} {}]}}"#.to_owned(),
            "line 1 column 23",
        ),
        (
            r#"{"log":{"entries":[{"a":[}]}}"#.to_owned(),
            "line 1 column 26",
        ),
        (
            r#"{"log":{"entries":[{"time":1,"time":2}]}}"#.to_owned(),
            "duplicate field `time` at line 1 column 35",
        ),
        (
            format!(
                "{{\"log\":{{\"entries\":[{}{}",
                "\n{},".repeat(1_000),
                "\n{\"a\":\"b"
            ),
            "EOF while parsing a string at line 1002 column 7",
        ),
        (
            format!(
                "{{\"log\":{{\"entries\":[{}],\n\"pages\":[}}}}",
                "{},".repeat(1_000) + "{}"
            ),
            "expected value at line 2 column 10",
        ),
    ] {
        let error = read(json.as_bytes()).unwrap_err().to_string();
        assert!(error.ends_with(place), "{error}, and not {place}");
    }
}

#[test]
fn escaped_names_are_recognized_and_other_lists_are_not_entries() {
    let escaped = har_of_entries(&[timed_entry(0, 1, "")])
        .replace("log", "\\u006cog")
        .replace("entries", "entr\\u0069es");
    assert_eq!(
        Trace::from_events(read(escaped.as_bytes()).unwrap())
            .exchanges()
            .len(),
        1
    );
    let elsewhere = format!(
        r#"{{"entries":[1,{{}}],"log":{{"x":{{"entries":[{{}}]}},"entries":[{}],
            "y":[["entries",[{{}}]]]}}}}"#,
        timed_entry(0, 1, "")
    );
    assert_eq!(
        Trace::from_events(read(elsewhere.as_bytes()).unwrap())
            .exchanges()
            .len(),
        1
    );
    let twice = read(br#"{"log":{"entries":[{}],"entries":[{}]}}"#)
        .unwrap_err()
        .to_string();
    assert!(twice.contains("duplicate field `entries`"), "{twice}");
}

#[test]
fn a_pipe_is_read_as_far_as_it_is_kept() {
    let json = har_of_entries(
        &(0..1_000)
            .map(|number| timed_entry(number, 5, ""))
            .collect::<Vec<_>>(),
    );
    let piped = |limit: u64| Archive::from_pipe_with_limit(Cursor::new(json.clone()), limit);
    let mut events = 0;
    assert_eq!(
        piped(json.len() as u64)
            .unwrap()
            .read_events(|_| events += 1)
            .error,
        None
    );
    assert!(events > 5_000);
    assert!(matches!(
        piped(json.len() as u64 - 1).err(),
        Some(ArchiveError::Overwritten { .. })
    ));
}

#[test]
fn a_long_file_can_be_limited_to_its_first_entries() {
    let json = har_of_entries(&[
        timed_entry(3, 1, ""),
        timed_entry(1, 1, ""),
        timed_entry(2, 1, ""),
    ]);
    let mut archive = Archive::from_pipe(Cursor::new(json)).unwrap();
    archive.limit_entries(2);
    let mut trace = Trace::default();
    archive.read_events(|event| trace.apply(event));
    let urls: Vec<_> = trace
        .exchanges()
        .iter()
        .map(|exchange| exchange.url.raw())
        .collect();
    assert_eq!(urls, ["http://h.test/1", "http://h.test/2"]);
    assert!(
        note_texts(&trace)
            .iter()
            .any(|note| note.starts_with("left out 1 request to save memory"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_with_some_bytes_changed_is_read_to_an_end(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let document = json!({ "log": { "entries": chromium_entries() } });
        let mut bytes = document.to_string().into_bytes();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        bytes.truncate(bytes.len() / 2 + cut.index(bytes.len()));
        if let Ok(archive) = Archive::from_pipe(Cursor::new(bytes)) {
            let mut trace = Trace::default();
            archive.read_events(|event| trace.apply(event));
            prop_assert!(trace.exchanges().len() <= 8);
        }
    }
}
